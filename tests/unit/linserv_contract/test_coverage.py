"""Rules 70-73: what an agreement includes."""

from datetime import date
from decimal import Decimal

import pytest

from odoo.addons.linserv_contract.domain import coverage
from odoo.addons.linserv_contract.domain.coverage import Cell, Decision, Question, decide

START = date(2026, 10, 1)
DAY = date(2026, 12, 1)
BAS = Cell(1, "covered", START, production_only=True)
DRIFT = Cell(2, "covered", START)
COPIES = Cell(3, "quota", START, limit=12, used=3)
UPGRADE = Cell(4, "quota", START, limit=1, fee=Decimal(9900), waiting_months=12)
EXTRA = Cell(5, "agreement", START)


def ask(*cells, **values):
    return decide(Question(values.pop("day", DAY), cells=cells, **values))


@pytest.mark.parametrize(
    ("cells", "values", "outcome", "reason"),
    [
        ((), {"default": "free"}, "covered", "is_free"),
        ((), {}, "charged", "not_bought"),
        ((), {"default": "separate"}, "charged", "is_separate"),
        ((), {"has_contract": False}, "charged", "not_in_force"),
        ((), {"default": "separate", "has_contract": False}, "charged", "is_separate"),
        ((), {"has_elsewhere": True}, "charged", "other_instance"),
        ((DRIFT,), {}, "covered", "in_service"),
        ((DRIFT,), {"default": "separate"}, "covered", "in_service"),
        ((BAS,), {}, "covered", "in_service"),
        ((BAS,), {"is_production": False}, "charged", "not_production"),
        ((COPIES,), {}, "quota", "in_quota"),
        ((COPIES, DRIFT), {}, "covered", "in_service"),
        ((EXTRA,), {}, "charged", "by_agreement"),
        ((EXTRA, DRIFT), {}, "covered", "in_service"),
        ((BAS, EXTRA), {"is_production": False}, "charged", "by_agreement"),
    ],
)
def test_rule_70_the_services_in_force_decide(cells, values, outcome, reason):
    answer = ask(*cells, **values)
    assert (answer.outcome, answer.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("used", "outcome", "needs_approval"),
    [(0, "quota", False), (11, "quota", False), (12, "charged", True), (13, "charged", True)],
)
def test_rule_74_the_thirteenth_copy_is_charged_and_asked_first(used, outcome, needs_approval):
    answer = ask(Cell(3, "quota", START, limit=12, used=used))
    assert (answer.outcome, answer.needs_approval) == (outcome, needs_approval)
    assert answer.reason == ("quota_used" if used >= 12 else "in_quota")


@pytest.mark.parametrize(
    ("day", "is_agreed", "outcome", "reason"),
    [
        (date(2026, 10, 1), False, "charged", "too_early"),
        (date(2027, 9, 30), False, "charged", "too_early"),
        (date(2027, 9, 30), True, "quota", "in_quota"),
        (date(2027, 10, 1), False, "quota", "in_quota"),
    ],
)
def test_rule_72_an_upgrade_in_the_first_year_needs_linservs_agreement(day, is_agreed, outcome, reason):
    answer = ask(UPGRADE, day=day, is_agreed=is_agreed)
    assert (answer.outcome, answer.reason) == (outcome, reason)
    assert answer.fee == (9900 if outcome == "quota" else 0)
    assert answer.date_earliest == (date(2027, 10, 1) if reason == "too_early" else None)
    assert answer.needs_approval


@pytest.mark.parametrize("default", ["free", "charged", "separate"])
def test_rule_71_the_contracts_own_word_goes_before_everything(default):
    charged = Cell(9, "charged", START, is_deviation=True)
    given = Cell(9, "covered", START, is_deviation=True)
    assert ask(DRIFT, charged, default=default) == Decision("charged", "deviation_charged", charged)
    assert ask(given, default=default, has_contract=True) == Decision("covered", "deviation_covered", given)


def test_rule_71_a_quota_of_the_contracts_own_replaces_the_services():
    own = Cell(9, "quota", START, limit=24, used=12, is_deviation=True)
    answer = ask(Cell(3, "quota", START, limit=12, used=12), own)
    assert (answer.outcome, answer.cell) == ("quota", own)


def test_of_two_quotas_the_cheaper_and_then_the_fuller_is_used():
    dear, low = Cell(1, "quota", START, limit=9, fee=Decimal(5)), Cell(2, "quota", START, limit=2, used=1)
    full = Cell(3, "quota", START, limit=5, used=1)
    assert ask(dear, low, full).cell == full
    assert ask(dear, low).cell == low


def test_the_instances_deviation_speaks_before_the_contracts():
    rows = [(1, False, date(2026, 12, 1)), (2, True, date(2026, 10, 1)), (3, False, date(2026, 11, 1))]
    assert coverage.latest_deviation(rows) == 2
    assert coverage.latest_deviation([rows[0], rows[2]]) == 1
    assert coverage.latest_deviation([]) is None


def test_rule_73_a_ticket_authorises_four_hours():
    assert [coverage.needs_approval(minutes, 240) for minutes in (30, 240, 241)] == [False, False, True]
