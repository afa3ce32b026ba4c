"""Odoo is killed in mid-billing, at ten points and around commits; what its scheduled actions make of it is whole.

Every point is a month: the same contracts are billed for a month, the process is killed, its lease lapses, and either
the scheduled actions go on or a person presses the button again. All is looked at by SQL from outside.
"""

import pytest
from support import SUITE

CONTRACTS = 24
METERED = 5
BATCH = 6
MONTHS = 14  # one whole, thirteen killed
LINES = 12345
FEE = 124 * 175

SCRIPT = """
import datetime, sys
sys.path.insert(0, {tests!r})
import killing
from odoo.addons.linserv_contract.models import linserv_billing_run

linserv_billing_run.BATCH_SIZE = {batch}  # several batches without a thousand contracts


def prove(self, move, period):
    return [{{"name": "proof-%s.txt" % period.id, "mimetype": "text/plain", "datas_bytes": b"counted"}}]


type(env["res.partner"])._linserv_evidence_attachments = prove

service = lambda code: env.ref("linserv_contract.linserv_service_" + code)
for number in range({contracts}):
    customer = env["res.partner"].create({{"name": "Customer %02d" % number, "is_company": True, "lang": "sv_SE"}})
    instance = env["linserv.instance"].create(
        {{"name": "prod%02d" % number, "partner_id": customer.id, "database": "prod%02d" % number}}
    )
    contract = env["linserv.contract"].create({{"partner_id": customer.id, "date_start": "2026-01-01"}})
    sold = [("bas", 900.0 + number)] + [("maintenance", 175.0)] * (number % 5 == 0)
    for code, price in sold:
        env["linserv.subscription"].create({{
            "contract_id": contract.id, "service_id": service(code).id, "instance_id": instance.id, "price_unit": price,
        }})
    contract.action_activate()
    for month in range({months}) if len(sold) > 1 else ():
        proof = env["res.partner"].create({{"name": "Proof %d of %s" % (month, customer.name)}})
        day = datetime.date(2025, 12, 20) + datetime.timedelta(days=30 * month)
        env["linserv.meter.reading"].create({{
            "instance_id": instance.id, "meter": "loc", "date": day, "quantity": {lines},
            "evidence_model": "res.partner", "evidence_res_id": proof.id,
        }})
dates = [datetime.date(2026 + month // 12, month % 12 + 1, 1) for month in range({months})]
runs = [env["linserv.billing.run"].create({{"date": day, "mode": "post"}}).id for day in dates]
odoo = killing.Forks(env)


def press(run_id):
    return lambda env: env["linserv.billing.run"].browse(run_id).action_bill()


def wait_for_nothing(env):
    env.ref("linserv_contract.linserv_billing_run_cron_resume").method_direct_trigger()


def attach(env):
    env.ref("linserv_contract.account_move_cron_linserv_evidence").method_direct_trigger()


def look(env, run_id):
    env.cr.execute("SELECT state FROM linserv_billing_run WHERE id = %s", [run_id])
    state = env.cr.fetchone()[0]
    env.cr.execute("SELECT count(*) FROM account_move WHERE linserv_billing_run_id = %s", [run_id])
    return {{"state": state, "invoices": env.cr.fetchone()[0]}}


whole = odoo.run(press(runs[0]))
points = killing.choose_points(whole)
interrupted = []
for number, (run_id, point) in enumerate(zip(runs[1:], points)):
    odoo.run(press(run_id), kill_at=point)
    with odoo.open() as env:
        interrupted.append(dict(look(env, run_id), point=point))
        lapsed = "now() at time zone 'UTC' - interval '1 second'"
        env.cr.execute("UPDATE linserv_billing_run SET lease_until = " + lapsed + " WHERE id = %s", [run_id])
    if number % 2 or interrupted[-1]["state"] == "draft":
        odoo.run(press(run_id))
    else:
        odoo.run(wait_for_nothing)
    odoo.run(attach)
answer({{"steps": len(whole), "interrupted": interrupted, "runs": runs}})
_os._exit(0)
"""


@pytest.fixture(scope="module")
def killed(database):
    values = {
        "tests": str(SUITE / "tests" / "e2e"),
        "batch": BATCH,
        "contracts": CONTRACTS,
        "lines": LINES,
        "months": MONTHS,
    }
    return database.shell(SCRIPT.format(**values))


def count(database, sql):
    return int(database.query("SELECT count(*) FROM " + sql)[0][0])


def test_the_kills_came_before_within_and_after_the_batches(killed):
    made = {each["invoices"] for each in killed["interrupted"]}
    assert len(killed["interrupted"]) == MONTHS - 1
    assert len(made) >= 4, "the points were not spread over the batches"
    assert max(made) == CONTRACTS


def test_no_run_is_left_and_every_line_of_a_run_is_billed(killed, database):
    assert database.query("SELECT DISTINCT state, lease_until IS NULL FROM linserv_billing_run") == [["done", "t"]]
    states = database.query("SELECT state, count(*) FROM linserv_billing_run_line GROUP BY 1")
    assert states == [["billed", str(CONTRACTS * MONTHS)]]


def test_every_contract_has_one_invoice_a_month_and_all_are_posted(killed, database):
    assert count(database, "account_move WHERE linserv_contract_id IS NOT NULL") == CONTRACTS * MONTHS
    doubled = "(SELECT 1 FROM account_move GROUP BY linserv_contract_id, invoice_date HAVING count(*) <> 1) AS doubled"
    assert count(database, doubled) == 0
    assert database.query("SELECT DISTINCT state FROM account_move") == [["posted"]]


def test_every_service_period_is_in_the_ledger_once_with_a_line_of_its_own(killed, database):
    expected = (CONTRACTS + METERED) * MONTHS
    assert count(database, "linserv_billed_period WHERE active") == expected
    assert count(database, "linserv_billed_period") == expected
    assert (
        count(database, "(SELECT DISTINCT subscription_id, date_from FROM linserv_billed_period) AS period") == expected
    )
    assert count(database, "(SELECT DISTINCT move_line_id FROM linserv_billed_period) AS line") == expected
    lines = "account_move_line WHERE product_id IS NOT NULL AND NOT exclude_from_invoice_tab"
    assert count(database, lines) == expected


def test_the_amounts_are_those_of_the_plan(killed, database):
    month = sum(900 + number for number in range(CONTRACTS)) + METERED * FEE
    sums = (
        "SELECT invoice_date, sum(amount_untaxed)::int, sum(amount_total)::numeric(16,2) FROM account_move GROUP BY 1"
    )
    for _day, untaxed, total in database.query(sums):
        assert (int(untaxed), float(total)) == (month, month * 1.25)
    assert float(database.query("SELECT sum(amount) FROM linserv_billed_period")[0][0]) == month * MONTHS


def test_the_numbers_of_the_invoices_have_no_gap(killed, database):
    gaps = """SELECT sequence_prefix, max(sequence_number) - min(sequence_number) + 1, count(*)
              FROM account_move GROUP BY 1"""
    for _prefix, span, made in database.query(gaps):
        assert span == made


def test_the_evidence_is_attached_once_where_it_is_due(killed, database):
    states = database.query("SELECT linserv_evidence_state, count(*) FROM account_move GROUP BY 1 ORDER BY 1")
    assert states == [["done", str(METERED * MONTHS)], ["", str((CONTRACTS - METERED) * MONTHS)]]
    assert count(database, "ir_attachment WHERE res_model = 'account.move' AND name LIKE 'proof-%'") == METERED * MONTHS
