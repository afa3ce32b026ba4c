"""Rules 90-95 of docs/billing-rules.md: how prices follow a percentage or an index."""

from datetime import date
from decimal import Decimal

import pytest

from odoo.addons.linserv_contract.domain.periods import Rhythm
from odoo.addons.linserv_contract.domain.price_index import (
    ENDS_BEFORE,
    FIXED,
    NO_PRICE,
    NOT_INDEXED,
    PRICE_THAT_DAY,
    TOO_YOUNG,
    UNCHANGED,
    Adjustment,
    Candidate,
    first_day,
    latest_letter,
    reason_left_out,
)


def percent(value, **options):
    return Adjustment(percent=Decimal(value), **options)


def index(base, target, **options):
    return Adjustment(base=Decimal(base), target=Decimal(target), **options)


@pytest.mark.parametrize(
    ("adjustment", "price", "new"),
    [
        (percent("3"), "900", "927.00"),
        (percent("2.5"), "175", "179.38"),
        (percent("2.5", step=Decimal("1")), "175", "179"),
        (percent("2.5", step=Decimal("0.5")), "175", "179.5"),
        (percent("3"), "-100", "-103.00"),
        (percent("-2"), "900", "900.00"),
        (percent("-2", allow_decrease=True), "900", "882.00"),
        (percent("9", cap=Decimal("4")), "900", "936.00"),
        (index("100", "103.2"), "900", "928.80"),
        (index("100", "104", share=Decimal("75")), "900", "927.00"),
        (index("100", "104", cap=Decimal("2")), "900", "918.00"),
        (index("104", "100"), "900", "900.00"),
        (index("104", "100", allow_decrease=True), "900", "865.38"),
        (index("384.04", "384.04"), "900", "900.00"),
        (percent("10"), "0.005", "0.01"),
    ],
)
def test_rule_90_new_price(adjustment, price, new):
    assert adjustment.apply(Decimal(price)) == Decimal(new)


def test_rule_90_an_index_needs_both_values():
    with pytest.raises(ValueError, match="starts from"):
        Adjustment(base=Decimal(0), target=Decimal(100)).apply(Decimal(900))


MONTHLY = Rhythm(date(2025, 10, 17), 1)
QUARTERLY = Rhythm(date(2025, 10, 17), 3, calendar=True)
START = date(2025, 10, 17)


@pytest.mark.parametrize(
    ("rhythm", "effective", "billed_to", "whole", "day"),
    [
        (MONTHLY, "2027-01-01", None, True, "2027-01-17"),
        (MONTHLY, "2027-01-17", None, True, "2027-01-17"),
        (MONTHLY, "2027-01-01", None, False, "2027-01-01"),
        (MONTHLY, "2027-01-01", "2027-02-16", True, "2027-02-17"),
        (MONTHLY, "2027-01-01", "2027-02-16", False, "2027-01-01"),
        (QUARTERLY, "2027-01-01", None, True, "2027-01-01"),
        (QUARTERLY, "2027-01-02", None, True, "2027-04-01"),
        (QUARTERLY, "2027-01-01", "2027-03-31", True, "2027-04-01"),
        (MONTHLY, "2025-01-01", None, True, "2025-10-17"),
    ],
)
def test_rule_91_first_day(rhythm, effective, billed_to, whole, day):
    billed = billed_to and date.fromisoformat(billed_to)
    found = first_day(rhythm, date.fromisoformat(effective), START, billed, whole)
    assert found == date.fromisoformat(day)


def test_rule_91_a_service_that_starts_inside_a_period_has_the_price_from_its_first_day():
    assert first_day(QUARTERLY, date(2025, 10, 1), START, None, True) == START


def test_rule_93_the_letter_goes_a_notice_before():
    assert latest_letter(date(2027, 1, 1), 1) == date(2026, 12, 1)
    assert latest_letter(date(2027, 3, 31), 1) == date(2027, 2, 28)
    assert latest_letter(date(2027, 1, 1), 0) == date(2027, 1, 1)


DAY = date(2027, 1, 1)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, None),
        ({"indexed": False}, NOT_INDEXED),
        ({"date_end": date(2026, 12, 31)}, ENDS_BEFORE),
        ({"date_end": DAY}, None),
        ({"price": None, "new_price": None}, NO_PRICE),
        ({"price": Decimal(0), "new_price": Decimal(0)}, NO_PRICE),
        ({"fixed_until": DAY}, FIXED),
        ({"fixed_until": date(2026, 12, 31)}, None),
        ({"price_days": frozenset([DAY])}, PRICE_THAT_DAY),
        ({"priced_from": date(2026, 1, 1)}, None),
        ({"priced_from": date(2026, 1, 2)}, TOO_YOUNG),
        ({"new_price": Decimal(900)}, UNCHANGED),
    ],
)
def test_rule_92_what_is_left_out(values, reason):
    usual = {"indexed": True, "price": Decimal(900), "new_price": Decimal(927), "day": DAY}
    assert reason_left_out(Candidate(**{**usual, **values}), 12) == reason
