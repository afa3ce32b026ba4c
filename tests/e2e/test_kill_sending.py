"""Odoo is killed while it bills, posts and sends: every invoice is mailed, and none as two e-mails.

Every point is a month. The mail server is a real SMTP server of this process. The PDF is a stand-in, as is the point
here who sends what how often; tests in the addon send the real one.
"""

import pytest
from smtp_sink import Sink
from support import SUITE

CONTRACTS = 4
BATCH = 2
MONTHS = 14  # one whole, thirteen killed
FEE = 900

SCRIPT = """
import datetime, sys
sys.path.insert(0, {tests!r})
import killing
from odoo.addons.linserv_contract.models import linserv_billing_run

linserv_billing_run.BATCH_SIZE = {batch}
type(env["account.move"])._linserv_render_pdf = lambda move: (move.name.replace("/", "_") + ".pdf", b"%PDF-1.4 paper")
env["ir.mail_server"].search([]).unlink()
env["ir.mail_server"].create({{"name": "sink", "smtp_host": "127.0.0.1", "smtp_port": {port}}})
service = env.ref("linserv_contract.linserv_service_bas")
for number in range({contracts}):
    name = "customer%02d" % number
    customer = env["res.partner"].create(
        {{"name": name, "is_company": True, "lang": "sv_SE", "email": name + "@example.com"}}
    )
    instance = env["linserv.instance"].create({{"name": name, "partner_id": customer.id}})
    contract = env["linserv.contract"].create({{"partner_id": customer.id, "date_start": "2026-01-01"}})
    env["linserv.subscription"].create({{
        "contract_id": contract.id, "service_id": service.id, "instance_id": instance.id, "price_unit": {fee},
    }})
    contract.action_activate()
dates = [datetime.date(2026 + month // 12, month % 12 + 1, 1) for month in range({months})]
runs = [env["linserv.billing.run"].create({{"date": day, "mode": "post_send"}}).id for day in dates]
odoo = killing.Forks(env)


def press(run_id):
    return lambda env: env["linserv.billing.run"].browse(run_id).action_bill()


def wait_for_nothing(env):
    env.ref("linserv_contract.linserv_billing_run_cron_resume").method_direct_trigger()
    env.ref("linserv_contract.account_move_cron_linserv_send").method_direct_trigger()
    env.ref("mail.ir_cron_mail_scheduler_action").method_direct_trigger()


def look(env, run_id):
    env.cr.execute("SELECT count(*) FROM account_move WHERE linserv_billing_run_id = %s "
                   "AND linserv_send_state = 'done'", [run_id])
    sent = env.cr.fetchone()[0]
    env.cr.execute("SELECT count(*) FROM account_move WHERE linserv_billing_run_id = %s", [run_id])
    return {{"sent": sent, "invoices": env.cr.fetchone()[0]}}


whole = odoo.run(press(runs[0]))
interrupted = []
for number, (run_id, point) in enumerate(zip(runs[1:], killing.choose_points(whole))):
    odoo.run(press(run_id), kill_at=point, sure=False)
    with odoo.open() as env:
        interrupted.append(look(env, run_id))
        lapsed = "now() at time zone 'UTC' - interval '1 second'"
        env.cr.execute("UPDATE linserv_billing_run SET lease_until = " + lapsed + " WHERE id = %s", [run_id])
        env.cr.execute("SELECT state FROM linserv_billing_run WHERE id = %s", [run_id])
        state = env.cr.fetchone()[0]
    if number % 2 or state == "draft":
        odoo.run(press(run_id))
    odoo.run(wait_for_nothing)
answer({{"interrupted": interrupted, "steps": len(whole)}})
_os._exit(0)
"""


@pytest.fixture(scope="module")
def sink():
    made = Sink()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def killed(database, sink):
    values = {
        "tests": str(SUITE / "tests" / "e2e"),
        "batch": BATCH,
        "contracts": CONTRACTS,
        "months": MONTHS,
        "fee": FEE,
        "port": sink.port,
    }
    return database.shell(SCRIPT.format(**values))


def test_the_kills_came_before_within_and_after_the_sending(killed):
    sent = {each["sent"] for each in killed["interrupted"]}
    assert len(killed["interrupted"]) == MONTHS - 1
    assert len(sent) >= 4, killed["interrupted"]
    assert any(each["invoices"] < CONTRACTS for each in killed["interrupted"]), "no kill in the billing"
    assert any(0 < each["sent"] < CONTRACTS for each in killed["interrupted"]), "no kill in the sending"


def test_every_contract_has_one_posted_invoice_a_month(killed, database):
    moves = database.query("SELECT count(*), count(DISTINCT (linserv_contract_id, invoice_date)) FROM account_move")
    assert moves == [[str(CONTRACTS * MONTHS)] * 2]
    assert database.query("SELECT DISTINCT state, linserv_send_state FROM account_move") == [["posted", "done"]]
    assert database.query("SELECT DISTINCT state FROM linserv_billing_run") == [["done"]]


def test_every_invoice_has_exactly_one_e_mail_with_its_paper(killed, database):
    mails = """SELECT count(*), count(DISTINCT message.res_id) FROM mail_message message
               JOIN message_attachment_rel rel ON rel.message_id = message.id
               WHERE message.model = 'account.move' AND message.message_type = 'comment'"""
    assert database.query(mails) == [[str(CONTRACTS * MONTHS)] * 2]


def test_every_e_mail_arrived_and_none_under_a_second_name(killed, sink):
    names = {name for name, _recipient, _subject in sink.taken}
    assert len(names) == CONTRACTS * MONTHS
    assert len({(recipient, subject) for _name, recipient, subject in sink.taken}) == CONTRACTS * MONTHS
    # Odoo's own queue gives a mail again, under the same name, when it dies between the server's answer and its note.
    assert len(sink.taken) <= CONTRACTS * MONTHS + MONTHS - 1
