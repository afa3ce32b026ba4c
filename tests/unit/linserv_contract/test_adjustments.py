"""Rules 30-36: what was billed and now costs something else. The tables are those of docs/billing-rules.md."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from odoo.addons.linserv_contract.domain.adjustments import missing_steps
from odoo.addons.linserv_contract.domain.agreement import ADJUSTMENT, Billed, Meter, Reading, Terms
from odoo.addons.linserv_contract.domain.charges import plan
from odoo.addons.linserv_contract.domain.periods import FOREVER, Rhythm, Span
from odoo.addons.linserv_contract.domain.prices import Discount, PriceVersion

OCTOBER = Span(date(2026, 10, 1), date(2026, 10, 31))
SECOND_HALF = Span(date(2026, 10, 16), date(2026, 10, 31))
FIRST = PriceVersion(OCTOBER.date_from, Decimal(900))


def number(text):
    return Decimal(text)


def terms(*rows, **changes):
    """900 kr a month from 1 October, billed at that, with ``changes``."""
    values = {"versions": (FIRST,), "billed": rows or (Billed(OCTOBER, 0, number("900")),)}
    return Terms(1, Rhythm(OCTOBER.date_from), OCTOBER.date_from, **{**values, **changes})


def adjustments(given, on=date(2026, 10, 20)):
    return [(str(one.served.date_from), str(one.amount)) for one in plan(given, on).charges if one.kind == ADJUSTMENT]


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        ({"versions": (FIRST, PriceVersion(SECOND_HALF.date_from, number("1000")))}, "51.61"),
        ({"versions": (FIRST, PriceVersion(SECOND_HALF.date_from, number("800")))}, "-51.62"),
        ({"discounts": (Discount(Span(SECOND_HALF.date_from, FOREVER), number("10")),)}, "-46.46"),
        ({"date_end": date(2026, 10, 15)}, "-464.52"),
        ({"pauses": (SECOND_HALF,)}, "-464.52"),
        ({"pauses": (Span(SECOND_HALF.date_from, FOREVER),)}, "-464.52"),
    ],
)
def test_rule_30_the_difference_of_exactly_those_days(changes, amount):
    assert adjustments(terms(**changes)) == [("2026-10-16", amount)]


def test_rule_30_a_version_of_the_same_price_changes_nothing():
    assert adjustments(terms(versions=(FIRST, replace(FIRST, date_from=SECOND_HALF.date_from)))) == []


def test_rule_30_a_metered_month_keeps_the_quantity_that_it_was_billed_at():
    metered = terms(
        Billed(OCTOBER, 0, number("1750"), quantity=number("10")),
        versions=(PriceVersion(OCTOBER.date_from, number("175")),),
        meter=Meter(number("100")),
        readings=(Reading(1, date(2026, 10, 18), number("9999")),),
    )
    assert adjustments(metered) == []
    dearer = replace(metered, versions=(*metered.versions, PriceVersion(SECOND_HALF.date_from, number("200"))))
    assert adjustments(dearer) == [("2026-10-16", "129.03")]


def test_rule_30_without_a_reading_what_is_billed_is_adjusted_all_the_same():
    metered = terms(
        Billed(OCTOBER, 0, number("1750"), quantity=number("10")),
        versions=(PriceVersion(OCTOBER.date_from, number("175")),),
        meter=Meter(number("100")),
        date_end=date(2026, 10, 15),
    )
    assert adjustments(metered) == [("2026-10-16", "-903.23")]


def test_rule_30_a_service_that_starts_later_after_all_gets_its_first_days_back():
    assert adjustments(replace(terms(), date_start=date(2026, 10, 11))) == [("2026-10-01", "-290.32")]


def test_rule_32_an_end_that_is_taken_back():
    ended = Billed(SECOND_HALF, 1, number("0"), number("900"))
    assert adjustments(terms(Billed(OCTOBER, 0, number("900")), ended)) == [("2026-10-16", "464.52")]


def test_rule_33_an_adjustment_whose_charge_was_credited_in_full_is_taken_back():
    orphan = Billed(SECOND_HALF, 1, number("0"), number("900"))
    planned = plan(terms(orphan, date_end=date(2026, 10, 15)), date(2026, 10, 20))
    assert [(one.layer, str(one.amount)) for one in planned.charges] == [(0, "435.48"), (2, "464.52")]


@pytest.mark.parametrize(
    ("rows", "target", "steps"),
    [
        ([(0, "0", "900")], "900", []),
        ([(0, "0", "900")], "800", [("900", "800")]),
        ([(0, "0", "900"), (1, "900", "800")], "900", [("800", "900")]),
        ([(1, "900", "800")], "0", [("800", "900")]),
        ([(1, "900", "800"), (3, "700", "0")], "0", [("0", "700"), ("800", "900")]),
        ([], "0", []),
    ],
)
def test_rule_34_the_steps_that_are_missing(rows, target, steps):
    billed = [Billed(OCTOBER, layer, number(value), number(before)) for layer, before, value in rows]
    total = sum((number(value) - number(before) for before, value in missing_steps(billed, number(target))), 0)
    assert len(missing_steps(billed, number(target))) == len(steps)
    assert total == sum((number(value) - number(before) for before, value in steps), 0)


def by_hand(*more, **changes):
    return terms(Billed(OCTOBER, 0, number("900"), credited=number("400")), *more, **changes)


def test_rule_35_credited_by_hand():
    absorbed = Billed(SECOND_HALF, 1, number("0"), number("900"), absorbed=number("400"))
    assert adjustments(by_hand()) == []
    assert adjustments(by_hand(date_end=date(2026, 10, 15))) == [("2026-10-16", "-64.52")]
    assert adjustments(by_hand(absorbed, date_end=date(2026, 10, 15))) == []
    assert adjustments(by_hand(absorbed)) == [("2026-10-16", "64.52")]


def test_rule_35_more_by_hand_than_is_owed():
    assert adjustments(by_hand(date_end=date(2026, 10, 25))) == []


def test_rule_37_due_at_once_when_something_is_to_correct_else_when_the_next_period_is():
    planned = plan(terms(), date(2026, 10, 20))
    assert (planned.charges, planned.next_due) == ((), {1: date(2026, 11, 1)})
    paused = terms(pauses=(Span(date(2026, 11, 1), date(2027, 1, 15)),))
    assert plan(paused, date(2026, 10, 20)).next_due == {1: date(2027, 1, 1)}
    assert plan(terms(date_end=date(2026, 10, 31)), date(2026, 10, 20)).next_due == {1: FOREVER}
    assert plan(terms(pauses=(Span(date(2026, 11, 1), FOREVER),)), date(2026, 10, 20)).next_due == {1: FOREVER}


def test_rule_28_once():
    day = date(2026, 10, 10)
    once = Terms(1, Rhythm(day, 0), day, day, (PriceVersion(day, number("9900")),))
    assert plan(once, day - timedelta(days=1)).next_due == {1: day}
    (charge,) = plan(once, day).charges
    assert (charge.kind, charge.amount, charge.prorated) == ("once", 9900, False)
    billed = replace(once, billed=(Billed(charge.served, 0, charge.value),))
    assert (plan(billed, FOREVER - timedelta(days=400)).charges, plan(billed, day).next_due) == ((), {1: FOREVER})
