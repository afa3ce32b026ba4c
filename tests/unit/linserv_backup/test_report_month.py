"""What a month came to: counted, gaps joined, the largest loss at the worst moment."""

from datetime import date, datetime, timedelta

import pytest

from odoo.addons.linserv_backup.domain import durations, report_month
from odoo.addons.linserv_backup.domain.report_month import Gap, Slot

BEGIN, END = datetime.fromisoformat("2026-10-01"), datetime.fromisoformat("2026-11-01")


def slots(*states, begin=BEGIN, minutes=30):
    made = []
    for number, state in enumerate(states):
        name, _, reason = state.partition(":")
        made.append(Slot(begin + timedelta(minutes=minutes * number), name, reason))
    return made


def test_what_was_deleted_when_its_days_were_over_was_proved():
    month = report_month.summarize("db", slots("proved", "trashed", "removed", "missed", "due"), END, None)
    assert (month.expected, month.proved, month.percent) == (4, 3, 75.0)


def test_nothing_expected_is_nothing_missing():
    assert report_month.summarize("db", [], END, None).percent == 100.0


def test_gaps_with_one_reason_that_follow_each_other_are_one():
    found = report_month.gaps(slots("missed:a", "missed:a", "proved", "missed:a", "failed:b", "failed:b"))
    assert [(gap.count, gap.reason) for gap in found] == [(2, "a"), (1, "a"), (2, "b")]
    assert found[0] == Gap(BEGIN, BEGIN + timedelta(minutes=30), 2, "missed", "a")


def test_days_are_counted_each():
    known = slots(*["proved"] * 3, "missed", "proved", begin=datetime.fromisoformat("2026-10-01T22:30:00"))
    assert list(report_month.by_day(known)) == [(date(2026, 10, 1), 3, 3), (date(2026, 10, 2), 2, 1)]


@pytest.mark.parametrize(
    ("proved", "end", "before", "hours"),
    [
        ([], 24, None, None),
        ([], 24, -2, 26),
        ([0, 1, 5, 6], 7, None, 4),
        ([0, 1, 2], 12, None, 10),
        ([3, 4], 5, -1, 4),
        ([3, 4, 30], 5, -1, 4),
    ],
)
def test_the_largest_loss_is_the_longest_time_to_the_point_before(proved, end, before, hours):
    def at(hour):
        return BEGIN + timedelta(hours=hour)

    found = report_month.longest_distance(
        [at(hour) for hour in proved], at(end), None if before is None else at(before)
    )
    assert found == (None if hours is None else timedelta(hours=hours))


def test_months_follow_each_other():
    assert report_month.next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert report_month.next_month(date(2026, 1, 1)) == date(2026, 2, 1)
    assert report_month.last_month(date(2027, 1, 15)) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, [(0, "s")]),
        (59.6, [(1, "min")]),
        (75, [(1, "min"), (15, "s")]),
        (3600, [(1, "h")]),
        (3605, [(1, "h")]),
        (7260, [(2, "h"), (1, "min")]),
        (90000, [(1, "d"), (1, "h")]),
    ],
)
def test_lengths_of_time_are_shown_in_two_units(seconds, shown):
    assert durations.shown(seconds) == shown
