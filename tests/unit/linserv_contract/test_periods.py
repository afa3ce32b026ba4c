"""Rules 1-4 of docs/billing-rules.md: which days belong to which period, and when it is due."""

from datetime import date
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain.periods import ONE_DAY, Rhythm, Span, add_months, served_periods

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
MONTHS = st.sampled_from([1, 3, 12])


def day(text):
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-10-15", 3, "2027-01-15"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-03-31", -1, "2026-02-28"),
    ],
)
def test_rule_1_months_are_added_to_the_anchor(start, months, expected):
    assert add_months(day(start), months) == day(expected)


def test_rule_1_the_31st_comes_back_after_february():
    rhythm = Rhythm(day("2026-01-31"))
    firsts = [str(rhythm.boundary(number)) for number in range(5)]
    assert firsts == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


@pytest.mark.parametrize(
    ("months", "calendar", "expected"),
    [
        (1, False, ["2026-02-17/2026-03-16", "2026-03-17/2026-04-16"]),
        (1, True, ["2026-02-17/2026-02-28", "2026-03-01/2026-03-31"]),
        (3, False, ["2026-02-17/2026-05-16", "2026-05-17/2026-08-16"]),
        (3, True, ["2026-02-17/2026-03-31", "2026-04-01/2026-06-30"]),
        (12, False, ["2026-02-17/2027-02-16", "2027-02-17/2028-02-16"]),
        (12, True, ["2026-02-17/2026-12-31", "2027-01-01/2027-12-31"]),
    ],
)
def test_rules_2_and_3_intervals_and_alignment(months, calendar, expected):
    rhythm = Rhythm(day("2026-02-17"), months, calendar)
    served = [span for _whole, span in islice(served_periods(rhythm, day("2026-02-17"), None), 2)]
    assert ["%s/%s" % (span.date_from, span.date_to) for span in served] == expected


def test_rule_3_a_later_service_follows_the_contracts_day():
    rhythm = Rhythm(day("2026-01-10"))
    whole, served = next(served_periods(rhythm, day("2026-03-25"), None))
    assert (str(whole.date_from), str(served.date_from), str(served.date_to)) == (
        "2026-03-10",
        "2026-03-25",
        "2026-04-09",
    )


@pytest.mark.parametrize(("in_advance", "due"), [(True, "2026-10-01"), (False, "2026-11-01")])
def test_rule_4_due_on_the_first_day_or_after_the_last(in_advance, due):
    october = Span(day("2026-10-01"), day("2026-10-31"))
    assert Rhythm(day("2026-10-01"), in_advance=in_advance).due(october) == day(due)


@given(anchor=DAYS, months=MONTHS, calendar=st.booleans(), number=st.integers(-50, 300))
def test_periods_follow_each_other_without_a_gap(anchor, months, calendar, number):
    rhythm = Rhythm(anchor, months, calendar)
    assert rhythm.period(number).date_to + ONE_DAY == rhythm.period(number + 1).date_from


@given(anchor=DAYS, months=MONTHS, calendar=st.booleans(), other=DAYS)
def test_every_day_lies_in_the_period_of_its_number(anchor, months, calendar, other):
    rhythm = Rhythm(anchor, months, calendar)
    period = rhythm.period(rhythm.number_of(other))
    assert period.date_from <= other <= period.date_to


@given(start=DAYS, length=st.integers(0, 400), cuts=st.lists(st.tuples(st.integers(-20, 420), st.integers(0, 60))))
def test_what_is_free_and_what_is_taken_make_the_whole(start, length, cuts):
    whole = Span(start, start + length * ONE_DAY)
    taken = [Span(start + first * ONE_DAY, start + (first + more) * ONE_DAY) for first, more in cuts]
    free = whole.without(taken)
    for offset in range(length + 1):
        today = start + offset * ONE_DAY
        is_taken = any(span.date_from <= today <= span.date_to for span in taken)
        assert sum(span.date_from <= today <= span.date_to for span in free) == (0 if is_taken else 1)
