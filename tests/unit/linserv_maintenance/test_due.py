"""When an instance is to be counted."""

from __future__ import annotations

from datetime import date

import pytest

from odoo.addons.linserv_maintenance.domain.due import is_due, last_count_day


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 10, 20), date(2026, 10, 20)),
        (date(2026, 10, 19), date(2026, 9, 20)),
        (date(2026, 10, 31), date(2026, 10, 20)),
        (date(2027, 1, 1), date(2026, 12, 20)),
        (date(2028, 3, 1), date(2028, 2, 20)),
    ],
)
def test_the_period_a_day_lies_in(today, expected):
    assert last_count_day(today, 20) == expected


@pytest.mark.parametrize("day", [0, 29, 31, -1])
def test_the_counting_day_is_a_day_of_every_month(day):
    with pytest.raises(ValueError, match="every month"):
        last_count_day(date(2026, 10, 1), day)


@pytest.mark.parametrize(
    ("counts", "due"),
    [
        ([], True),
        ([(date(2026, 9, 20), "approved")], True),
        ([(date(2026, 10, 19), "approved")], True),
        ([(date(2026, 10, 20), "approved")], False),
        ([(date(2026, 10, 20), "draft")], False),
        ([(date(2026, 10, 20), "running")], False),
        ([(date(2026, 10, 20), "rejected")], False),
        ([(date(2026, 10, 20), "failed")], True),
        ([(date(2026, 10, 20), "failed"), (date(2026, 10, 21), "draft")], False),
    ],
)
def test_on_the_22nd_with_these_counts_behind(counts, due):
    assert is_due(date(2026, 10, 22), 20, counts) is due


def test_a_machine_that_was_off_on_the_20th_counts_later():
    assert is_due(date(2026, 11, 3), 20, [(date(2026, 9, 20), "approved")])
