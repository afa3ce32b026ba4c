"""Two Odoo processes bill at once, one run is pressed twice, someone writes past Odoo: no period twice."""

import psycopg2
import pytest
from support import SUITE

CONTRACTS = 24
BATCH = 4
FEE = 900

SCRIPT = """
import datetime, sys
sys.path.insert(0, {tests!r})
import killing
from odoo.addons.linserv_contract.models import linserv_billing_run
from odoo.exceptions import UserError
from odoo.service.model import execute_kw

linserv_billing_run.BATCH_SIZE = {batch}
service, dbname = env.ref("linserv_contract.linserv_service_bas"), env.cr.dbname
for number in range({contracts}):
    customer = env["res.partner"].create({{"name": "Customer %02d" % number, "is_company": True, "lang": "sv_SE"}})
    instance = env["linserv.instance"].create({{"name": "prod%02d" % number, "partner_id": customer.id}})
    contract = env["linserv.contract"].create({{"partner_id": customer.id, "date_start": "2026-01-01"}})
    env["linserv.subscription"].create({{
        "contract_id": contract.id, "service_id": service.id, "instance_id": instance.id, "price_unit": {fee},
    }})
    contract.action_activate()


def make_run(month):
    return env["linserv.billing.run"].create({{"date": datetime.date(2026, month, 1), "mode": "post"}}).id


rivals = [make_run(1), make_run(1)]
pressed_by_two, pressed_again = make_run(2), make_run(3)
admin, english = env.ref("base.user_admin").id, {{"context": {{"lang": "en_US"}}}}
odoo = killing.Forks(env)


def press(run_id):
    # As the web client does: in a transaction of the call's own, again when another transaction got in the way.
    def work(env):
        env.cr.commit()
        try:
            execute_kw(dbname, admin, "linserv.billing.run", "action_bill", [[run_id]], english)
        except UserError as error:
            return str(error.args[0])
        return "billed"
    return work


told = {{
    "rivals": odoo.run_together([press(run_id) for run_id in rivals]),
    "pressed by two": odoo.run_together([press(pressed_by_two)] * 2),
    "pressed again": [odoo.run_together([press(pressed_again)])[0] for _time in range(2)],
}}
answer(told)
_os._exit(0)
"""


@pytest.fixture(scope="module")
def billed(database):
    values = {"tests": str(SUITE / "tests" / "e2e"), "batch": BATCH, "contracts": CONTRACTS, "fee": FEE}
    return database.shell(SCRIPT.format(**values))


def invoices_of(database, month):
    return database.query("SELECT linserv_contract_id FROM account_move WHERE invoice_date = '2026-%02d-01'" % month)


def assert_billed_once(database, month):
    contracts = [row[0] for row in invoices_of(database, month)]
    assert (len(contracts), len(set(contracts))) == (CONTRACTS, CONTRACTS)
    ledger = (
        "SELECT count(*), count(DISTINCT subscription_id), sum(amount)::int FROM linserv_billed_period WHERE active"
    )
    rows = database.query(ledger + " AND date_from = '2026-%02d-01'" % month)
    assert rows == [[str(CONTRACTS), str(CONTRACTS), str(CONTRACTS * FEE)]]


def test_two_runs_at_once_share_the_contracts(billed, database):
    assert billed["rivals"] == ["billed", "billed"]
    assert_billed_once(database, 1)
    lines = "SELECT l.state, count(*) FROM linserv_billing_run_line l JOIN linserv_billing_run r ON r.id = l.run_id"
    assert database.query(lines + " WHERE r.date = '2026-01-01' GROUP BY 1") == [["billed", str(CONTRACTS)]]


def test_of_two_who_press_one_run_one_bills_and_the_other_waits_or_finds_it_done(billed, database):
    said = set(billed["pressed by two"])
    assert "billed" in said
    assert all(text.endswith("being billed right now. Wait until it is done.") for text in said - {"billed"})
    assert_billed_once(database, 2)


def test_one_run_twice_bills_once(billed, database):
    assert billed["pressed again"] == ["billed", "billed"]
    assert_billed_once(database, 3)


def test_no_run_is_left_open(billed, database):
    assert database.query("SELECT DISTINCT state FROM linserv_billing_run") == [["done"]]
    assert database.query("SELECT DISTINCT state FROM account_move") == [["posted"]]


INSERT = """INSERT INTO linserv_billed_period (subscription_id, date_from, date_to, active)
            SELECT min(id), %s, %s, true FROM linserv_subscription"""


def test_the_database_refuses_an_overlap_to_whoever_asks(billed, database):
    overlaps = [("2026-01-31", "2026-01-31"), ("2025-12-01", "2026-01-01"), ("2026-02-10", "2026-02-20")]
    for dates in overlaps:
        with psycopg2.connect(dbname=database.name) as line, pytest.raises(psycopg2.errors.ExclusionViolation):
            line.cursor().execute(INSERT, dates)


def test_of_two_connections_the_second_waits_and_is_refused(billed, database):
    april = ("2026-04-01", "2026-04-30")
    first, second = psycopg2.connect(dbname=database.name), psycopg2.connect(dbname=database.name)
    first.cursor().execute(INSERT, april)
    cursor = second.cursor()
    cursor.execute("SET lock_timeout = '300ms'")
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        cursor.execute(INSERT, april)
    second.rollback()
    first.commit()
    with pytest.raises(psycopg2.errors.ExclusionViolation):
        second.cursor().execute(INSERT, april)
    first.close()
    second.close()
