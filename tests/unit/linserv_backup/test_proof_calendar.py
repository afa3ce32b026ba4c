"""What a customer sees of each day. The numbers are those of docs/backups.md."""

from datetime import date, timedelta

import pytest

from odoo.addons.linserv_backup.domain import proof_calendar
from odoo.addons.linserv_backup.domain.proof_calendar import Day

TODAY = date(2026, 11, 25)  # a Wednesday


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (Day(TODAY, 48, 48), "full"),
        (Day(TODAY, 48, 50), "full"),
        (Day(TODAY, 48, 47, {"unreachable": 1}), "part"),
        (Day(TODAY, 48, 0, {"unreachable": 48}), "none"),
        (Day(TODAY, 0, 0), "free"),
        (None, "before"),
    ],
)
def test_43_a_day_is_full_in_part_or_empty(day, state):
    yesterday = TODAY - timedelta(days=1)
    assert proof_calendar.cell(day, yesterday, TODAY).state == state


def test_43_today_is_not_over():
    assert proof_calendar.cell(Day(TODAY, 48, 20), TODAY, TODAY).state == "running"
    assert proof_calendar.cell(Day(TODAY, 48, 20, {"failed": 1}), TODAY, TODAY).state == "part"


def test_44_ninety_days_are_whole_weeks_from_monday():
    rows = proof_calendar.weeks({}, TODAY, 90)
    shown = [cell.day for row in rows for cell in row if cell]
    assert (len(shown), shown[0], shown[-1]) == (90, TODAY - timedelta(days=89), TODAY)
    assert {len(row) for row in rows} == {7}
    assert all(cell.day.weekday() == number for row in rows for number, cell in enumerate(row) if cell)


def test_45_gaps_are_listed_the_latest_first_and_the_sum_is_of_what_is_over():
    days = {
        TODAY - timedelta(days=2): Day(TODAY - timedelta(days=2), 48, 46, {"unreachable": 2}),
        TODAY - timedelta(days=1): Day(TODAY - timedelta(days=1), 48, 0, {"unreachable": 48}),
        TODAY: Day(TODAY, 48, 20),
    }
    rows = proof_calendar.weeks(days, TODAY, 7)
    assert [cell.day for cell in proof_calendar.gaps(rows)] == [TODAY - timedelta(days=1), TODAY - timedelta(days=2)]
    assert proof_calendar.totals(rows) == (66, 116)
