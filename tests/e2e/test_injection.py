"""What people and hosts type reaches no shell, no SQL and no page: a corpus through a real agent and real pages."""

import json

import pytest
from customer import Customer
from support import OdooServer, start_endpoint
from test_another_customer import Customer as PortalCustomer

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)><b>fet</b>&amp;{{7*7}}${7*7}"
CORPUS = [
    "; touch MARK", "| touch MARK", "& touch MARK &", "&& touch MARK", "$(touch MARK)", "`touch MARK`", "\n touch MARK",
    "\r\ntouch MARK\r\n", "'; touch MARK; '", '"; touch MARK; "', "--config=MARK", "-oProxyCommand=touch MARK",
    "../../../../MARK", "/etc/passwd", "..\\..\\MARK", "%0atouch%20MARK", "{{7*7}}", "${IFS}touch${IFS}MARK",
    "'; DROP TABLE linserv_contract; --", '" OR 1=1 --', "1); DELETE FROM linserv_run; --", "%s%s%(x)s",
    "\\'; SELECT 1",
    MARKUP, "'\"><svg onload=alert(1)>", "javascript:alert(1)", "{\"verb\": \"hello\"}", "\u202eabc",
    "åäö 你好 🙂", "A" * 5000,
]  # fmt: skip

# A host that answers every request with an error of its own making, as an intruder on it could.
LYING_HOST = """
import json, sys
request = json.loads(sys.stdin.readline())
message = %r
print(json.dumps({"run": request["run"], "agent": request.get("agent"),
                  "error": {"code": "disk_full", "message": message, "retryable": False}}))
"""

SCRIPT = """
import base64
import json
from odoo.exceptions import UserError, ValidationError

told = json.loads({told!r})
corpus, markup = told["corpus"], told["markup"]

def host(name, each):
    secret = env["linserv.secret"].create([{{"name": name, "kind": "ssh_key", "company_id": False}}])
    secret._set_value(each["pem"].encode())
    algorithm, key = each["key"].split()
    made = env["linserv.host"].create([{{
        "name": markup, "address": "127.0.0.1", "port": each["port"], "user": each["user"],
        "ssh_secret_id": secret.id, "key_ids": [(0, 0, {{"algorithm": algorithm, "public_key": key}})]}}])
    made._apply_event("pin")
    return made

def refused(model, vals):
    try:
        with env.cr.savepoint():
            env[model].create([vals]).flush()
    except (UserError, ValidationError):
        return True
    return False

honest, lying = host("honest", told["honest"]), host("lying", told["lying"])
person = env["res.partner"].create([{{"name": markup, "is_company": True, "lang": "sv_SE"}}])
env["res.users"].with_context(no_reset_password=True).create([{{
    "name": markup, "login": "injected", "password": "injected-word", "parent_id": person.id, "lang": "sv_SE",
    "groups_id": [(6, 0, [env.ref("base.group_portal").id])]}}])
base = {{"name": markup, "partner_id": person.id, "database": "x", "kind": "production", "series": "14.0"}}
agreed = dict(base, host_id=honest.id, technical_name="target", code_agreed_lines=told["lines"])
good = env["linserv.instance"].create([agreed])
bad = env["linserv.instance"].create([dict(base, host_id=lying.id, technical_name="other")])
contract = env["linserv.contract"].create([{{
    "partner_id": person.id, "date_start": "2026-10-01", "licence_number": markup, "note": markup}}])
for code in ("bas", "maintenance"):
    env["linserv.subscription"].create([{{
        "contract_id": contract.id, "instance_id": good.id, "date_start": "2026-10-01", "price_unit": 175.0,
        "service_id": env.ref("linserv_contract.linserv_service_" + code).id}}])
contract.action_activate()

accepted = []
for text in corpus:
    if not refused("linserv.instance", dict(base, host_id=honest.id, technical_name=text)):
        accepted.append(["technical_name", text])
    if not refused("linserv.host", {{"name": text, "address": text}}):
        accepted.append(["address", text])
    if not refused("linserv.host", {{"name": text, "address": "a.example", "user": text}}):
        accepted.append(["user", text])
    env["res.partner"].create([{{"name": text}}])
    for model in ("linserv.host", "linserv.instance", "linserv.contract", "linserv.run", "linserv.code.snapshot"):
        env[model].name_search(text)

runs = env["linserv.run"]
for text in corpus:
    calls = {{"hello": {{"word": text}}, "run.status": {{"run": text}}, "code.audit": {{"files": [[text, text]]}},
             "code.count": {{"profile": text, "known_root": text}}}}
    for verb, args in calls.items():
        runs |= honest._queue_run(verb, args, instance=good)
snapshots = (good | bad)
snapshots.action_count_code()
snapshots = snapshots.code_snapshot_ids
(runs | snapshots.run_id).write({{"max_attempts": 1}})
env.cr.commit()
for _slice in range(10):
    env["linserv.run"]._work_off(seconds=30)
    env.clear()
    if not (runs | snapshots.run_id).filtered(lambda run: run.state in ("queued", "sending", "running")):
        break
billing = env["linserv.billing.run"].create([{{"date": "2026-12-01", "mode": "post"}}])
waiting = snapshots.filtered(lambda one: one.state == "draft")
waiting._reject(markup) if waiting else None
billing.action_bill()
env.cr.commit()
training = env["linserv.work.type"]._get("training")
env["linserv.coverage.deviation"].create([{{"contract_id": contract.id, "work_type_id": training.id, "note": markup}}])
user = env["res.users"].search([("login", "=", "injected")])
person.email = user.partner_id.email = "injected@example.com"
asked = {{"kind": "other", "subscription": contract.subscription_ids[:1], "date": False, "text": markup}}
contract._portal_request_change(user.partner_id, asked)
env["linserv.service"].search([("pack_hours", "=", 25)]).price_unit = 25000.0
contract._portal_buy_pack(user.partner_id, 25, markup)
cells = [text.replace('"', '""') for text in corpus]
rows = ['"%s"' % '","'.join([cell] * 4 + ["2026-01-01", "monthly", "advance", cell, cell]) for cell in cells]
head = "contract,line,customer,service,date_start,interval,timing,quantity,price"
content = base64.b64encode("\\n".join([head, *rows]).encode())
imported = env["linserv.contract.import"].create([{{"name": markup, "file": content}}])
imported.action_check()
prices = env["linserv.price.run"].create([{{
    "date_effective": "2028-01-01", "percent": 3.0, "min_months": 0, "letter_text": markup}}])
prices.action_preview()
prices._make_letters()
papers = env.ref("linserv_contract.report_price_letter")._render_qweb_html(prices.letter_ids.ids)[0].decode()
papers += str(contract.coverage_html, "utf-8") if isinstance(contract.coverage_html, bytes) else contract.coverage_html
contract._portal_give_notice(user.partner_id, markup)
env.cr.commit()
told_of = env["mail.message"].search([("model", "=like", "linserv.%")])
bodies = told_of.mapped("body") + env["mail.mail"].search([]).mapped("body_html")
bodies += env["mail.activity"].search([]).mapped("note") + [papers]
answer({{
    "accepted": accepted, "bodies": [body or "" for body in bodies],
    "states": [[run.verb, run.state, run.error_code or ""] for run in runs],
    "snapshots": [[one.state, one.error_code or "", one.code_lines, one.error or ""] for one in snapshots.sorted("id")],
    "problems": imported.problem_count, "letters": len(prices.letter_ids),
    "invoices": len(billing.move_ids), "contract": contract.id, "instance": good.id,
    "runs": env["linserv.run"].search_count([]), "contracts": env["linserv.contract"].search_count([])}})
"""


@pytest.fixture(scope="module")
def mark(tmp_path_factory):
    """The file that a shell would make if a value reached one."""
    return tmp_path_factory.mktemp("mark") / "reached"


@pytest.fixture(scope="module")
def outcome(database, mark, tmp_path_factory):
    """Everything typed, sent, answered, billed."""
    customer = Customer("e2e_injected_customer", tmp_path_factory.mktemp("customer"), modules=2, files=2, lines=20)
    liar = tmp_path_factory.mktemp("liar") / "host.py"
    liar.write_text(LYING_HOST % MARKUP)
    options = {"forced_command": "/usr/bin/python3 -I %s" % liar}
    instances = {"target": customer.instance(), "other": customer.instance()}
    with (
        start_endpoint(tmp_path_factory.mktemp("honest"), instances=instances) as honest,
        start_endpoint(tmp_path_factory.mktemp("lying"), instances=instances, **options) as lying,
    ):
        hosts = {"honest": honest, "lying": lying}
        told = {
            name: {"port": host.port, "user": host.user, "pem": host.private_key, "key": host.host_public_key}
            for name, host in hosts.items()
        }
        told["corpus"] = [text.replace("MARK", str(mark)) for text in CORPUS]
        told.update(markup=MARKUP, lines=customer.lines)
        yield database.shell(SCRIPT.format(told=json.dumps(told)))
    customer.database.drop()


def test_no_value_reached_a_shell(outcome, mark):
    assert not mark.exists()


def test_names_that_end_in_a_command_or_a_file_have_a_narrow_form(outcome):
    assert outcome["accepted"] == []


def test_the_agent_refuses_each_or_answers_for_what_it_is(outcome):
    assert {verb for verb, state, _code in outcome["states"] if state == "done"} <= {"code.audit"}
    assert all(code for _verb, state, code in outcome["states"] if state == "failed")
    assert {state for _verb, state, _code in outcome["states"]} <= {"done", "failed"}


def test_no_value_reached_sql(outcome, database):
    assert outcome["contracts"] == 1
    assert outcome["runs"] >= 4 * len(CORPUS)
    assert database.query("SELECT count(*) FROM linserv_contract") == [["1"]]


def test_the_honest_count_is_whole_and_the_lying_host_is_never_billed(outcome):
    (good, bad) = outcome["snapshots"]
    assert good[0] == "approved"
    assert (bad[0], bad[1], bad[2]) == ("failed", "disk_full", 0)
    assert outcome["invoices"] == 1


def test_what_people_and_hosts_say_is_text_in_the_history(outcome):
    assert len([body for body in outcome["bodies"] if "alert(1)" in body]) >= 6
    tags = ("<script>", "<img src=x", '<img src="x', "<svg onload", "<b>fet")
    assert [body for body in outcome["bodies"] if any(tag in body for tag in tags)] == []


def test_a_file_of_nonsense_imports_nothing_and_says_so_on_each_line(outcome):
    assert outcome["problems"] == len(CORPUS)
    assert outcome["letters"] == 1


def test_the_customers_pages_show_it_as_text(outcome, database):
    server = OdooServer(database)
    try:
        person = PortalCustomer(server, database, "injected")
        pages = ["/my", "/my/contracts", "/my/contracts/%d" % outcome["contract"], "/my/instances"]
        pages += ["/my/instances/%d/code" % outcome["instance"]]
        parts = ("coverage", "invoices", "change", "packs")
        pages += ["/my/contracts/%d/%s" % (outcome["contract"], part) for part in parts]
        texts = {}
        for page in pages:
            status, texts[page] = person.get(page)
            assert status == 200, page
    finally:
        server.stop()
    for page, text in texts.items():
        assert "<script>alert" not in text and "<img src=x" not in text and "<b>fet" not in text, page
    assert "&lt;script&gt;alert" in texts["/my/instances"]
    assert "49" not in texts["/my/instances"].split("onerror=alert(1)")[1][:60]
