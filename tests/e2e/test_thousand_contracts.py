"""A thousand contracts, seven of them broken in seven ways: 993 are billed, seven are explained, nothing is doubled."""

import pytest
from support import SUITE

CONTRACTS = 1000
BROKEN = 7
FEE = 900

SCRIPT = """
import sys, time
sys.path.insert(0, {tests!r})
import thousand
begun = time.monotonic()
made = thousand.make_contracts(env, {contracts}, {fee})
broken = thousand.break_seven(env, made)
env.cr.commit()
built = time.monotonic()
run = env["linserv.billing.run"].create({{"date": "2026-01-01", "mode": "post"}})
env.cr.commit()
thousand.work_off(env, run)
done = time.monotonic()
told = {{"lines": thousand.told(run, broken), "billed": run.billed_count, "todos": thousand.todos(env),
         "seconds": [round(built - begun), round(done - built)]}}
thousand.put_right(env, broken)
env.cr.commit()
thousand.work_off(env, run)
told["after"] = {{"billed": run.billed_count, "todos": thousand.todos(env), "wrong": run.failed_count + run.held_count}}
env.cr.commit()
answer(told)
_os._exit(0)
"""


@pytest.fixture(scope="module")
def told(database):
    values = {"tests": str(SUITE / "tests" / "e2e"), "contracts": CONTRACTS, "fee": FEE}
    return database.shell(SCRIPT.format(**values), timeout=580)


def test_993_are_billed_and_seven_say_why_in_words_of_their_own(told):
    assert told["billed"] == CONTRACTS - BROKEN
    lines = told["lines"]
    assert sorted(lines) == sorted(
        ["no price", "no reading", "old reading", "closed receivable", "closed income", "tax included", "below zero"]
    )
    assert all(line["state"] in ("failed", "held") and line["reason"] for line in lines.values())
    assert len({line["reason"] for line in lines.values()}) == BROKEN


def test_each_of_the_seven_has_a_person_to_act(told):
    assert told["todos"] == BROKEN


def test_put_right_and_run_again_bills_exactly_what_was_missing(told):
    assert told["after"] == {"billed": CONTRACTS, "todos": 0, "wrong": 0}


def test_nothing_is_doubled_and_nothing_is_missing(told, database):
    query = database.query
    assert query("SELECT count(*), count(DISTINCT linserv_contract_id) FROM account_move") == [[str(CONTRACTS)] * 2]
    assert query("SELECT DISTINCT state FROM account_move") == [["posted"]]
    rows = "SELECT count(*), count(DISTINCT subscription_id) FROM linserv_billed_period WHERE active"
    assert query(rows) == [[str(CONTRACTS)] * 2]
    gaps = "SELECT max(sequence_number) - min(sequence_number) + 1 - count(*) FROM account_move"
    assert query(gaps) == [["0"]]
