"""Rules 86-88 of docs/billing-rules.md: what is prepaid and accrued at the end of a month."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain.accruals import ACCRUED, PREPAID, Item, accrue, month_end, share
from odoo.addons.linserv_contract.domain.periods import Span


def day(text):
    return date.fromisoformat("2026-" + text)


def item(amount, first, last, booked):
    return Item(1, Decimal(amount), Span(day(first), day(last)), booked and day(booked))


OCTOBER = day("10-31")
CASES = {
    "rule 86: a quarter invoiced in advance, two months are to come": (
        item("2700", "10-01", "12-31", "10-01"),
        (PREPAID, "1790.22"),
    ),
    "rule 86: the month's own invoice": (item("900", "10-01", "10-31", "10-01"), None),
    "rule 86: the contract's month crosses the end": (
        item("900", "10-17", "11-16", "10-17"),
        (PREPAID, "464.52"),
    ),
    "rule 86: all of it lies ahead": (item("900", "11-01", "11-30", "10-20"), (PREPAID, "900.00")),
    "rule 87: in arrears, invoiced in November": (item("900", "10-01", "10-31", "11-01"), (ACCRUED, "900.00")),
    "rule 87: in arrears, only half a month given": (item("900", "10-17", "11-16", "11-17"), (ACCRUED, "435.48")),
    "rule 87: given and not invoiced yet": (item("900", "10-01", "10-31", None), (ACCRUED, "900.00")),
    "rule 87: next month's invoice for next month": (item("900", "11-01", "11-30", "11-01"), None),
    "rule 88: a credit note takes back prepaid income": (
        item("-450", "10-17", "11-16", "10-30"),
        (PREPAID, "-232.26"),
    ),
    "rule 86: nothing of a line at zero": (item("0", "10-01", "12-31", "10-01"), None),
}


@pytest.mark.parametrize("name", CASES)
def test_at_the_end_of_october(name):
    given_item, expected = CASES[name]
    found = accrue(given_item, OCTOBER)
    assert (found and (found.kind, str(found.amount))) == expected


def test_the_days_that_are_moved_are_named():
    found = accrue(item("2700", "10-01", "12-31", "10-01"), OCTOBER)
    assert found.days == Span(day("11-01"), day("12-31"))


def test_the_last_day_of_a_month():
    assert [month_end(date(2028, 2, 3)), month_end(date(2026, 12, 31))] == [date(2028, 2, 29), date(2026, 12, 31)]


days = st.dates(date(2024, 1, 1), date(2029, 12, 31))
amounts = st.decimals("-99999.99", "99999.99", places=2)


@given(amounts, days, st.integers(1, 800), st.one_of(st.none(), days))
def test_rule_86_and_87_income_after_the_entries_is_the_income_of_the_days(amount, first, length, booked):
    """Month by month: what was booked, less what is prepaid, plus what is accrued, is what the days gave."""
    served = Span(first, first + timedelta(days=length - 1))
    line = Item(1, amount, served, booked)
    cutoff, income = month_end(min(first, booked or first) - timedelta(days=40)), Decimal(0)
    last = max(served.date_to, booked or served.date_to) + timedelta(days=40)
    while cutoff < last:
        cutoff = month_end(cutoff + timedelta(days=1))
        found = accrue(line, cutoff)
        moved = (found.amount if found.kind == ACCRUED else -found.amount) if found else Decimal(0)
        in_books = amount if booked and booked <= cutoff else Decimal(0)
        upto = share(amount, served, Span(min(first, cutoff), cutoff))
        assert in_books + moved == upto
        income = upto
    assert income == amount


@given(amounts, days, st.integers(2, 800), st.integers(1, 799))
def test_the_shares_of_two_parts_are_the_whole(amount, first, length, cut):
    served = Span(first, first + timedelta(days=length - 1))
    middle = first + timedelta(days=min(cut, length - 1) - 1)
    parts = (Span(first, middle), Span(middle + timedelta(days=1), served.date_to))
    assert sum(share(amount, served, part) for part in parts) == amount
