"""Rules 60-63 of docs/billing-rules.md: the term, its renewal, notice and the last day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain.terms import (
    Agreement,
    binding,
    last_day,
    notice_expires,
    notice_latest,
    reminder_due,
    term_end,
)

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
AGREEMENTS = st.builds(
    Agreement, DAYS, st.integers(0, 36), st.sampled_from([1, 3, 6, 12, 24]), st.sampled_from([0, 1, 2, 3, 6, 12])
)


def day(text):
    return date.fromisoformat(text)


def agreement(first="2026-10-01", term=12, renewal=12, notice=3):
    return Agreement(day(first), term, renewal, notice)


@pytest.mark.parametrize(
    ("first", "on", "expected"),
    [
        ("2026-10-01", "2026-10-01", "2027-09-30"),
        ("2026-10-01", "2027-09-30", "2027-09-30"),
        ("2026-10-01", "2027-10-01", "2028-09-30"),
        ("2026-10-01", "2031-01-01", "2031-09-30"),
        ("2026-10-01", "2026-08-20", "2027-09-30"),
        ("2026-10-17", "2026-12-01", "2027-10-16"),
        ("2028-02-29", "2028-03-01", "2029-02-27"),
        ("2028-02-29", "2031-06-01", "2032-02-28"),
        ("2026-01-31", "2026-02-01", "2027-01-30"),
    ],
)
def test_rule_60_the_term_is_counted_from_the_first_invoice_and_renewed(first, on, expected):
    assert term_end(agreement(first), day(on)) == day(expected)


@pytest.mark.parametrize(
    ("given_on", "expected"),
    [
        ("2026-10-02", "2027-09-30"),
        ("2027-06-30", "2027-09-30"),
        ("2027-07-01", "2028-09-30"),
        ("2027-10-01", "2028-09-30"),
        ("2028-06-30", "2028-09-30"),
        ("2026-09-01", "2027-09-30"),
    ],
)
def test_rule_61_notice_ends_the_agreement_with_the_term(given_on, expected):
    assert last_day(agreement(), day(given_on)) == day(expected)


@pytest.mark.parametrize(
    ("end", "notice", "expected"),
    [
        ("2027-09-30", 3, "2027-06-30"),
        ("2027-02-28", 3, "2026-11-30"),
        ("2027-05-30", 3, "2027-02-28"),
        ("2027-10-16", 1, "2027-09-16"),
        ("2027-09-30", 0, "2027-09-30"),
        ("2028-02-29", 12, "2027-02-28"),
    ],
)
def test_rule_61_the_last_day_of_notice(end, notice, expected):
    assert notice_latest(agreement(notice=notice), day(end)) == day(expected)


def test_rule_61_too_late_for_this_term_the_next_is_what_counts():
    assert str(binding(agreement(), day("2027-06-30"))) == str(binding(agreement(), day("2026-12-01")))
    after = binding(agreement(), day("2027-07-01"))
    assert (after.term_end, after.notice_latest) == (day("2028-09-30"), day("2028-06-30"))


@pytest.mark.parametrize(
    ("given_on", "expected"),
    [("2026-12-15", "2027-09-30"), ("2027-06-30", "2027-09-30"), ("2027-07-15", "2027-10-15")],
)
def test_rule_62_without_renewal_the_first_term_and_then_the_time_of_notice(given_on, expected):
    assert last_day(agreement(renewal=0), day(given_on)) == day(expected)


def test_rule_62_until_further_notice_there_is_no_last_day_of_notice():
    assert binding(agreement(term=0, renewal=0), day("2026-12-15")).notice_latest is None
    assert last_day(agreement(term=0, renewal=0), day("2026-12-15")) == day("2027-03-15")


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2027-05-30", None),
        ("2027-05-31", "2027-06-30"),
        ("2027-06-30", "2027-06-30"),
        ("2027-07-01", None),
        ("2028-06-10", "2028-06-30"),
    ],
)
def test_rule_63_the_reminder(today, expected):
    assert reminder_due(agreement(), day(today), 30) == (expected and day(expected))


@given(AGREEMENTS, DAYS)
def test_a_notice_is_never_shorter_than_agreed(agreed, given_on):
    end = last_day(agreed, given_on)
    assert end >= notice_expires(agreed, given_on)
    assert term_end(agreed, end) == end


@given(AGREEMENTS, DAYS)
def test_the_last_day_of_notice_is_the_last_that_reaches_the_end(agreed, today):
    bound = binding(agreed, today)
    assert last_day(agreed, max(bound.notice_latest, today)) == bound.term_end
    assert last_day(agreed, bound.notice_latest + timedelta(days=1)) > bound.term_end
    assert bound.notice_latest >= today
