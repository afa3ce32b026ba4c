"""A test copy in an Odoo with workers and cron workers, beside a real mail sink, a real mailbox and due actions.

Nothing is sent, nothing fetched, no action run: not while it is made, not when it is visible, not when people work in
it. A copy that was not made harmless, in the same Odoo, does all of it: the test would see it.
"""

import os
import subprocess
import time
import urllib.error
import urllib.request
import xmlrpc.client

import pytest
from pop_server import PopServer
from restore_world import Dump, RestoreHost, exists, get_customer_template, sql
from shared_odoo import SharedOdoo
from smtp_sink import Sink
from support import STATE, Database
from webclient import take_picture

PICTURES = STATE / "out" / "pictures"
COPY, CONTROL = "norrvik-copy-%d" % os.getpid(), "e2e_control_%d" % os.getpid()
# What is open in production, and must not be in a copy: (what, the rows that are open).
OPEN = {
    "scheduled actions": "SELECT count(*) FROM ir_cron WHERE active",
    "mail in the queue": "SELECT count(*) FROM mail_mail WHERE state = 'outgoing'",
    "mailboxes": "SELECT count(*) FROM fetchmail_server WHERE active OR state = 'done' OR password <> ''",
    "payments": "SELECT count(*) FROM payment_acquirer WHERE state <> 'disabled' OR stripe_secret_key <> ''",
    "API keys": "SELECT count(*) FROM res_users_apikeys",
    "log in elsewhere": "SELECT count(*) FROM auth_oauth_provider WHERE enabled",
    "calendars": "SELECT count(*) FROM res_users WHERE google_calendar_rtoken <> ''",
    "automation": "SELECT count(*) FROM base_automation WHERE active",
    "secrets": "SELECT count(*) FROM ir_config_parameter WHERE key ~ 'client_secret|acme.api_key'",
    "licence": "SELECT count(*) FROM ir_config_parameter WHERE key = 'database.enterprise_code'",
    "address": "SELECT count(*) FROM ir_config_parameter WHERE value LIKE '%production.example.com%'",
}
IDENTITY = "SELECT value FROM ir_config_parameter WHERE key IN ('database.uuid', 'database.secret') ORDER BY key"
DOORS = """
UPDATE ir_mail_server SET smtp_port = %d WHERE name = 'Production';
UPDATE fetchmail_server SET port = %d WHERE name = 'Info'
"""


@pytest.fixture(scope="module")
def sink():
    made = Sink()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def mailbox():
    made = PopServer()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def customer(sink, mailbox):
    """Production: due actions, a queue of mail, a mail server and a mailbox."""
    made = Database("e2e_production_%d" % os.getpid(), get_customer_template())
    made.query(DOORS % (sink.port, mailbox.port))
    yield made
    made.drop()


@pytest.fixture(scope="module")
def odoo(tmp_path_factory, sink):
    with SharedOdoo(tmp_path_factory.mktemp("shared"), sink.port) as made:
        yield made


@pytest.fixture(scope="module")
def host(tmp_path_factory, odoo):
    with RestoreHost(tmp_path_factory.mktemp("target"), odoo.config) as made:
        yield made


@pytest.fixture(scope="module")
def dump(customer, tmp_path_factory):
    return Dump(customer, tmp_path_factory.mktemp("dump"))


@pytest.fixture(scope="module")
def restore(host, dump):
    return host.prepare(COPY, dump)


class Outside:
    """What the outside has noticed so far."""

    def __init__(self, sink, mailbox):
        self.sink, self.mailbox = sink, mailbox
        self.before = self.now()

    def now(self):
        return len(self.sink.mails), len(self.mailbox.connections), len(self.mailbox.fetched)

    def has_noticed_all(self):
        """Whether mail has come, and has been fetched, since the test began."""
        sent, _connected, fetched = self.now()
        return sent > self.before[0] and fetched > self.before[2]

    def check_silence(self):
        """Nobody outside has noticed anything since the test began."""
        assert self.now() == self.before


@pytest.fixture
def outside(sink, mailbox):
    return Outside(sink, mailbox)


def witness(database):
    """How often the due action has run in a database."""
    return int(sql("SELECT count(*) FROM res_partner WHERE name = 'The witness ran'", database)[0][0])


def count_open(database):
    """{what: how many doors are open}"""
    return {what: int(sql(query, database)[0][0]) for what, query in OPEN.items()}


def log_in_by_key(odoo, database):
    """Whether a program of the customer's still gets in with its key."""
    key = sql("SELECT value FROM ir_config_parameter WHERE key = 'norrvik.key'", database)[0][0]
    try:
        return odoo.call(database, "res.users", "search_count", [], password=key) > 0
    except xmlrpc.client.Fault:
        return False


def test_an_ordinary_copy_would_send_fetch_and_run(customer, odoo, dump, outside):
    try:
        subprocess.run(["createdb", "-U", odoo.role, "-T", "template0", "-E", "UTF8", CONTROL], check=True)
        words = ["pg_restore", "-U", odoo.role, "-d", CONTROL, "--no-owner", "--no-privileges", dump.path]
        subprocess.run(words, check=False, capture_output=True)
        odoo.filestore.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", dump.filestore, odoo.filestore / CONTROL], check=True)
        opened, key_works = count_open(customer.name), log_in_by_key(odoo, CONTROL)
        limit = time.monotonic() + 90
        while not (outside.has_noticed_all() and witness(CONTROL)) and time.monotonic() < limit:
            time.sleep(0.2)
        assert outside.has_noticed_all() and witness(CONTROL), odoo.read_log()[-4000:]
    finally:
        subprocess.run(["dropdb", "-U", "postgres", "--if-exists", "--force", CONTROL], check=True)
    assert [what for what, rows in opened.items() if not rows] == []
    assert key_works


def test_while_it_is_made_nobody_sees_it(odoo, host, dump, restore, outside):
    host.deliver(restore, dump)
    host.work("restore.load", {"restore": restore})
    hidden = "linserv_restore_" + restore
    odoo.let_cron_look()
    assert odoo.databases() == []
    assert hidden not in {name for look in odoo.looks() for name in look}
    assert witness(hidden) == 0
    for address in ("/web/login?db=", "/web?db="):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(odoo.url + address + hidden, timeout=60)
    with pytest.raises(xmlrpc.client.Fault):
        xmlrpc.client.ServerProxy(odoo.url + "/xmlrpc/2/common").authenticate(hidden, "admin", "admin", {})
    outside.check_silence()


def test_with_one_channel_open_it_is_not_shown(host, restore, odoo):
    assert host.neutralise(restore, url=odoo.url)["closed"]["scheduled_action"] > 10
    hidden = "linserv_restore_" + restore
    sql("UPDATE ir_cron SET active = true WHERE cron_name = 'Witness'", hidden)
    with pytest.raises(Exception, match="could still reach somebody: scheduled_action"):
        host.work("restore.publish", {"restore": restore})
    assert odoo.databases() == []
    assert not exists(COPY)


def test_when_it_is_visible_it_sends_nothing_fetches_nothing_and_runs_nothing(customer, host, restore, odoo, outside):
    assert host.neutralise(restore, url=odoo.url)["closed"]["scheduled_action"] == 1
    assert host.ask("restore.check_live", {"restore": restore})["live"] == []
    host.work("restore.publish", {"restore": restore})
    assert odoo.databases() == [COPY]
    odoo.let_cron_look(10)
    assert COPY in odoo.looks()[-1]
    assert witness(COPY) == 0
    assert [what for what, rows in count_open(COPY).items() if rows] == []
    copied, own = ({row[0] for row in sql(IDENTITY, name)} for name in (COPY, customer.name))
    assert (len(copied), len(own), copied & own) == (2, 2, set())
    assert not log_in_by_key(odoo, COPY)
    assert sql("SELECT count(*) FROM ir_cron WHERE lastcall > '2021-01-01'", COPY) == [["0"]]
    assert sql("SELECT DISTINCT state FROM mail_mail", COPY) == [["cancel"]]
    outside.check_silence()


def test_people_who_work_in_it_reach_nobody(odoo, outside):
    def call(model, method, *words):
        return odoo.call(COPY, model, method, *words)

    mail = call("mail.mail", "create", {"subject": "By hand", "body_html": "x", "email_to": "kund@example.com"})
    call("mail.mail", "send", [mail])
    assert call("mail.mail", "read", [mail], ["state"])[0]["state"] == "exception"
    partner = call("res.partner", "create", {"name": "Kund", "email": "kund@example.com"})
    call("res.partner", "message_subscribe", [partner], [partner])
    call("res.partner", "message_post", [partner])
    servers = call("fetchmail.server", "search", [["active", "in", [True, False]]])
    with pytest.raises(xmlrpc.client.Fault):
        call("fetchmail.server", "button_confirm_login", servers)
    every = call("ir.mail_server", "search", [["active", "in", [True, False]]])
    for server in every:
        with pytest.raises(xmlrpc.client.Fault):
            call("ir.mail_server", "test_smtp_connection", [server])
    with pytest.raises(xmlrpc.client.Fault):
        call("res.users", "action_reset_password", [2])
    odoo.let_cron_look(2)
    outside.check_silence()


def test_every_page_says_that_it_is_a_copy(odoo, browser):
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(odoo.url + "/web/login?db=" + COPY)
    assert page.locator(".o_linserv_copy").inner_text() == "Testkopia & <b>inget</b>"
    take_picture(page, PICTURES, "copy-login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar", timeout=90000)
    page.goto(odoo.url + "/web#action=contacts.action_contacts")
    page.wait_for_selector(".o_kanban_record", timeout=90000)
    assert page.locator(".o_linserv_copy").is_visible()
    ribbon, content = (page.locator(each).bounding_box() for each in (".o_linserv_copy", ".o_action_manager"))
    assert content["y"] + content["height"] <= ribbon["y"] + 1, "the ribbon lies on what people work in"
    take_picture(page, PICTURES, "copy-backend")
    assert odoo.call(COPY, "ir.config_parameter", "get_param", "web.base.url") == odoo.url


def test_it_is_gone_when_it_is_dropped(host, restore, odoo):
    host.work("restore.drop", {"restore": restore})
    host.work("restore.drop", {"restore": restore})
    assert odoo.databases() == []
    assert sorted(path.name for path in odoo.filestore.iterdir() if path.name != CONTROL) == []
