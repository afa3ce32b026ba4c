"""When a disk is full. The numbers are those of docs/backups.md."""

from datetime import date, timedelta

import pytest

from odoo.addons.linserv_backup.domain.capacity import Sample, forecast, growth

GB = 10**9
TODAY = date(2026, 11, 30)


def samples(used, total=1000):
    """A sample for each of these GB used, the last one of today."""
    first = TODAY - timedelta(days=len(used) - 1)
    return [Sample(first + timedelta(days=n), (total - each) * GB, total * GB) for n, each in enumerate(used)]


@pytest.mark.parametrize(
    ("used", "days_left"),
    [
        ([100 + 10 * day for day in range(30)], 56),  # 390 used, 560 left above the reserve, 10 a day
        ([500] * 30, None),
        ([500 - day for day in range(30)], None),
        ([100, 110, 120], None),  # too few days to say
        ([951] * 3, 0),  # the reserve itself is in use
    ],
)
def test_42_a_disk_is_full_when_its_reserve_is_all_that_is_left(used, days_left):
    assert forecast(samples(used), TODAY).days_left == days_left


def test_42_one_odd_day_does_not_turn_the_forecast():
    used = [100 + 10 * day for day in range(30)]
    used[20] = 5
    assert growth(samples(used)) == pytest.approx(10 * GB, rel=0.01)


def test_42_a_larger_disk_counts_from_the_day_it_came():
    before, after = samples([100 + 10 * day for day in range(20)]), samples([300 + 10 * day for day in range(10)], 2000)
    early = [Sample(each.day - timedelta(days=10), each.free, each.total) for each in before]
    assert forecast(early + after, TODAY).days_left == (2000 - 100 - 390) // 10


def test_42_nothing_is_said_of_a_disk_nobody_has_seen():
    assert forecast([], TODAY) == (forecast([], TODAY))
    assert forecast([], TODAY).full_on is None
