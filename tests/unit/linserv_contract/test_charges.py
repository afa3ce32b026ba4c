"""Rules 5-14 of docs/billing-rules.md: what is charged, for which days, at which price, and what is held back."""

from datetime import date
from decimal import Decimal

import pytest

from odoo.addons.linserv_contract.domain.charges import (
    Billed,
    Meter,
    PriceVersion,
    Reading,
    Terms,
    next_billing_date,
    plan,
    started_blocks,
)
from odoo.addons.linserv_contract.domain.periods import Rhythm, Span


def day(text):
    return date.fromisoformat("2026-" + text if len(text) == 5 else text)


def span(text):
    first, last = text.split("/")
    return Span(day(first), day(last))


def terms(**changes):
    """A monthly service for 900 kr in advance from 1 October 2026, with ``changes``."""
    start = day(changes.pop("start", "10-01"))
    end = changes.pop("end", None)
    values = {
        "key": 1,
        "rhythm": Rhythm(
            day(changes.pop("anchor", str(start))),
            changes.pop("months", 1),
            changes.pop("calendar", False),
            changes.pop("in_advance", True),
        ),
        "date_start": start,
        "date_end": end and day(end),
        "versions": (PriceVersion(start, Decimal(changes.pop("price", "900")), Decimal(changes.pop("quantity", "1"))),),
        "billed": tuple(Billed(span(text)) for text in changes.pop("billed", ())),
    }
    return Terms(**{**values, **changes})


def lines(planned):
    return ["%s/%s %s" % (item.served.date_from, item.served.date_to, item.amount) for item in planned.charges]


CASES = {
    "rule 5: the period that begins on the billing date": (terms(), "10-01", ["2026-10-01/2026-10-31 900.00"]),
    "rule 5: a period that begins later is not billed": (terms(start="10-02"), "10-01", []),
    "rule 5: every missed period is caught up": (
        terms(),
        "12-15",
        ["2026-10-01/2026-10-31 900.00", "2026-11-01/2026-11-30 900.00", "2026-12-01/2026-12-31 900.00"],
    ),
    "rule 5: in arrears, not on the last day": (terms(in_advance=False), "10-31", []),
    "rule 5: in arrears, the day after": (terms(in_advance=False), "11-01", ["2026-10-01/2026-10-31 900.00"]),
    "rule 5: a quarter": (terms(months=3, price="2700"), "10-01", ["2026-10-01/2026-12-31 2700.00"]),
    "rule 5: a year": (terms(months=12, price="9900"), "10-01", ["2026-10-01/2027-09-30 9900.00"]),
    "rule 6: what is billed is not billed again": (
        terms(billed=["10-01/10-31"]),
        "11-01",
        ["2026-11-01/2026-11-30 900.00"],
    ),
    "rule 6: a hole in the past is filled": (
        terms(billed=["10-01/10-31", "12-01/12-31"]),
        "12-01",
        ["2026-11-01/2026-11-30 900.00"],
    ),
    "rule 6: the days left of a period": (
        terms(billed=["10-01/10-10"]),
        "10-01",
        ["2026-10-11/2026-10-31 609.68"],
    ),
    "rule 7: start in mid-month, calendar": (
        terms(start="10-17", calendar=True),
        "11-01",
        ["2026-10-17/2026-10-31 435.48", "2026-11-01/2026-11-30 900.00"],
    ),
    "rule 7: start in mid-month, the contract's day": (
        terms(start="10-17", anchor="10-01"),
        "10-17",
        ["2026-10-17/2026-10-31 435.48"],
    ),
    "rule 7: the last day is included": (terms(end="10-15"), "12-01", ["2026-10-01/2026-10-15 435.48"]),
    "rule 7: one day": (terms(start="10-31", anchor="10-01", end="10-31"), "12-01", ["2026-10-31/2026-10-31 29.03"]),
    "rule 7: nothing after the end": (terms(end="10-31"), "12-01", ["2026-10-01/2026-10-31 900.00"]),
    "rule 7: in arrears a stopped service is due after its last day": (
        terms(in_advance=False, end="10-15"),
        "10-16",
        ["2026-10-01/2026-10-15 435.48"],
    ),
    "rule 9: the new price from the next period": (
        terms(versions=(PriceVersion(day("10-01"), Decimal(900)), PriceVersion(day("11-01"), Decimal(950)))),
        "11-01",
        ["2026-10-01/2026-10-31 900.00", "2026-11-01/2026-11-30 950.00"],
    ),
    "rule 10: a price that changes within a period cuts it": (
        terms(versions=(PriceVersion(day("10-01"), Decimal(900)), PriceVersion(day("10-11"), Decimal(1000)))),
        "10-01",
        ["2026-10-01/2026-10-10 290.32", "2026-10-11/2026-10-31 677.42"],
    ),
    "rule 10: a version that changes nothing does not cut": (
        terms(versions=(PriceVersion(day("10-01"), Decimal(900)), PriceVersion(day("10-11"), Decimal(900)))),
        "10-01",
        ["2026-10-01/2026-10-31 900.00"],
    ),
    "rule 11: fixed quantity": (terms(quantity="3"), "10-01", ["2026-10-01/2026-10-31 2700.00"]),
    "a free service is charged at zero": (terms(price="0"), "10-01", ["2026-10-01/2026-10-31 0.00"]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_charged(name):
    given, billing_date, expected = CASES[name]
    planned = plan(given, day(billing_date))
    assert lines(planned) == expected
    assert not planned.holds


def metered(*readings, **changes):
    return terms(
        price="175",
        meter=Meter(Decimal(100), 45),
        readings=tuple(Reading(key, day(on), Decimal(lines)) for key, (on, lines) in enumerate(readings, start=1)),
        **changes,
    )


@pytest.mark.parametrize(
    ("lines_of_code", "blocks"), [("0", 0), ("1", 1), ("99", 1), ("100", 1), ("101", 2), ("12345", 124)]
)
def test_rule_14_started_blocks(lines_of_code, blocks):
    assert started_blocks(Decimal(lines_of_code), Decimal(100)) == blocks


def test_rule_14_175_kronor_per_started_100_lines():
    (charge,) = plan(metered(("09-28", "12345")), day("10-01")).charges
    assert (charge.quantity, charge.price_unit, charge.amount) == (124, 175, 21700)


@pytest.mark.parametrize(
    ("readings", "key"),
    [
        ([("09-01", "100"), ("09-28", "200")], 2),
        ([("09-28", "200"), ("09-01", "100")], 1),
        ([("09-28", "200"), ("09-28", "300")], 2),
        ([("09-28", "200"), ("10-02", "300")], 1),
        ([("10-01", "200")], 1),
    ],
    ids=["latest", "in any order", "last of the same day", "none from the future", "of the day itself"],
)
def test_rule_12_the_latest_reading_at_the_billing_date(readings, key):
    (charge,) = plan(metered(*readings), day("10-01")).charges
    assert charge.reading.key == key


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ([], "reading_missing"),
        ([("10-02", "100")], "reading_missing"),
        ([("08-16", "100")], "reading_too_old"),
        ([("08-16", "100"), ("10-02", "200")], "reading_too_old"),
    ],
)
def test_rule_13_held_back_and_never_guessed(readings, reason):
    planned = plan(metered(*readings), day("10-01"))
    assert not planned.charges
    assert [hold.reason for hold in planned.holds] == [reason]


def test_rule_13_a_reading_of_45_days_is_young_enough():
    assert plan(metered(("08-17", "100")), day("10-01")).amount == 175


def test_rule_13_the_hold_names_the_old_reading():
    (hold,) = plan(metered(("08-16", "100"), ("10-02", "200")), day("10-01")).holds
    assert hold.values == {"max_age_days": 45, "date": day("08-16")}


def test_rule_12_a_caught_up_month_uses_the_reading_of_the_billing_date():
    planned = plan(metered(("09-20", "100"), ("10-28", "250")), day("11-01"))
    assert [(charge.quantity, charge.reading.date) for charge in planned.charges] == [(3, day("10-28"))] * 2


def test_rule_9_days_without_a_price_are_held_back():
    planned = plan(terms(versions=(PriceVersion(day("10-05"), Decimal(900)),)), day("10-01"))
    assert [(hold.reason, hold.values["date"]) for hold in planned.holds] == [("no_price", day("10-01"))]


def test_rule_8_the_parts_of_a_period_add_up_to_its_price():
    parts = [plan(terms(price="100", billed=[cut]), day("10-01")) for cut in ("10-11/10-31", "10-01/10-10")]
    assert sum(part.amount for part in parts) == 100


def test_rule_8_rounding_is_the_currencys():
    (charge,) = plan(terms(end="10-15"), day("12-01"), Decimal(1)).charges
    assert charge.amount == 435


def test_a_whole_period_is_quantity_times_price_and_a_part_is_one_amount():
    whole, part = plan(terms(quantity="3", end="11-15"), day("11-01")).charges
    assert (whole.invoice_quantity, whole.invoice_price) == (3, 900)
    assert (part.invoice_quantity, part.invoice_price) == (1, part.amount) == (1, Decimal("1350.00"))


@pytest.mark.parametrize(
    ("given", "today", "expected"),
    [
        (terms(billed=["10-01/10-31"]), "10-20", "2026-11-01"),
        (terms(), "10-20", "2026-10-20"),
        (terms(in_advance=False), "10-20", "2026-11-01"),
        (terms(end="10-31", billed=["10-01/10-31"]), "10-20", "None"),
    ],
    ids=["the next period", "overdue means today", "in arrears", "ended and billed"],
)
def test_next_billing_date(given, today, expected):
    assert str(next_billing_date(given, day(today))) == expected
