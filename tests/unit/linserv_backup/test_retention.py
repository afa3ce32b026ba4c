"""What must be there, what may go, and when nothing may go."""

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_backup.domain import retention, slots
from odoo.addons.linserv_backup.domain.retention import Health, Promise, expired, freeze_codes, promised, prove
from odoo.addons.linserv_backup.domain.slots import DAY, Schedule

NOW = int(datetime(2026, 11, 1, 10, 17, tzinfo=timezone.utc).timestamp())
HALF_HOURS = Schedule(48, "Europe/Stockholm")
LONG_AGO = NOW - 400 * DAY
DB = Promise(HALF_HOURS, 90, LONG_AGO)


def test_after_ninety_days_4320_points_are_promised():
    assert len(promised([DB], NOW)) == 4320


def test_a_young_plan_promises_only_what_it_has_lived():
    assert len(promised([Promise(HALF_HOURS, 90, NOW - DAY)], NOW)) == 48


def test_plans_one_after_the_other_promise_each_their_own():
    change = NOW // DAY * DAY - 10 * DAY
    hourly = Promise(Schedule(24), 90, LONG_AGO, change)
    found = promised([hourly, Promise(HALF_HOURS, 90, change)], NOW)
    assert [sum(slot < change for slot in found), sum(slot >= change for slot in found)] == [24 * 79 + 13, 48 * 10 + 21]


def test_an_ended_plan_keeps_its_promise_for_its_days():
    ended = Promise(HALF_HOURS, 90, LONG_AGO, NOW - 30 * DAY)
    assert len(promised([ended], NOW)) == 60 * 48
    assert promised([ended], NOW + 90 * DAY) == []


def test_everything_listed_is_proved():
    found = prove(promised([DB], NOW), [], [], promised([DB], NOW))
    assert (found.listed, found.expected, found.complete) == (4320, 4320, True)


def test_recorded_gaps_are_not_expected():
    all_slots = promised([DB], NOW)
    found = prove(all_slots, all_slots[:6], [], all_slots[6:])
    assert (found.listed, found.expected, found.gaps, found.complete) == (4314, 4314, tuple(all_slots[:6]), True)


def test_a_point_that_is_not_listed_is_missing():
    all_slots = promised([DB], NOW)
    found = prove(all_slots, [], [], all_slots[1:])
    assert (found.missing, found.complete) == ((all_slots[0],), False)


def test_a_suspect_point_is_there_and_does_not_count():
    all_slots = promised([DB], NOW)
    found = prove(all_slots, [], [], all_slots[1:], all_slots[:1])
    assert (found.listed, found.expected, found.missing, len(found.suspect)) == (4319, 4320, (), 1)
    assert not found.complete


def test_a_point_that_is_being_taken_is_not_expected_yet():
    all_slots = promised([DB], NOW)
    assert prove(all_slots, [], all_slots[-1:], all_slots[:-1]).expected == 4319


def test_a_gap_that_is_listed_after_all_is_no_gap():
    all_slots = promised([DB], NOW)
    found = prove(all_slots, all_slots[:1], [], all_slots)
    assert (found.listed, found.gaps) == (4320, ())


def test_older_points_are_extra():
    all_slots = promised([DB], NOW)
    assert prove(all_slots, [], [], [all_slots[0] - 1800, *all_slots]).extra == (all_slots[0] - 1800,)


def test_neighbouring_gaps_are_one_line():
    all_slots = promised([DB], NOW)
    assert retention.runs_of([*all_slots[2:8], all_slots[20]], all_slots) == [
        (all_slots[2], all_slots[7], 6),
        (all_slots[20], all_slots[20], 1),
    ]


def listed_days(first, last):
    """Every half hour of the UTC days so many days ago."""
    today = NOW // DAY * DAY
    return [slot for day in range(first, last, -1) for slot in range(today - day * DAY, today - (day - 1) * DAY, 1800)]


def test_whole_days_go_when_their_last_point_is_over():
    assert expired(listed_days(92, 89), [DB], NOW, [], True) == listed_days(92, 90)


def test_at_most_two_days_go_at_once():
    found = expired(listed_days(120, 0), [DB], NOW, [], True)
    assert found == listed_days(120, 118) and len(found) == 96


def test_a_day_with_a_held_point_stays_whole_where_points_are_made_from_each_other():
    held = listed_days(95, 94)[20]
    assert expired(listed_days(95, 93), [DB], NOW, [held], True) == listed_days(94, 93)


def test_of_independent_points_only_the_held_one_stays():
    held = listed_days(95, 94)[20]
    found = expired(listed_days(95, 94), [DB], NOW, [held], False)
    assert held not in found and len(found) == 47


def test_a_longer_agreement_keeps_longer():
    assert expired(listed_days(120, 0), [Promise(HALF_HOURS, 365, LONG_AGO)], NOW, [], True) == []


def test_points_keep_the_days_of_the_plan_they_were_taken_under():
    change = NOW // DAY * DAY - 50 * DAY
    plans = [Promise(HALF_HOURS, 90, LONG_AGO, change), Promise(HALF_HOURS, 30, change)]
    assert expired(listed_days(60, 58), plans, NOW, [], True) == []
    assert expired(listed_days(60, 30), plans, NOW, [], True) == listed_days(50, 48)


def test_without_any_plan_nothing_goes():
    assert expired(listed_days(500, 0), [], NOW, [], True) == []


@given(st.integers(0, 500), st.integers(0, 60), st.sets(st.integers(0, 400)))
def test_what_goes_is_listed_over_and_neither_kept_nor_more_than_two_days(days_ahead, days, kept_numbers):
    listed = listed_days(100, 80)
    keep = {listed[number] for number in kept_numbers if number < len(listed)}
    plan = Promise(HALF_HOURS, max(days, 1), LONG_AGO)
    found = expired(listed, [plan], NOW + days_ahead * DAY, keep, True)
    assert set(found) <= set(listed) - keep
    assert len({slot // DAY for slot in found}) <= 2
    assert all(slot + plan.days * DAY <= NOW + days_ahead * DAY for slot in found)


GOOD = Health(now=NOW, host_clock=NOW + 2, newest_proved=NOW - 1800)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"host_clock": NOW + 300}, []),
        ({"host_clock": NOW + 301}, ["clock"]),
        ({"host_clock": NOW - 301}, ["clock"]),
        ({"now": NOW + 100 * DAY}, ["clock", "stale"]),
        ({"now": NOW + 100 * DAY, "host_clock": NOW + 100 * DAY}, ["stale"]),
        ({"now": NOW - 100 * DAY, "host_clock": NOW - 100 * DAY}, ["clock"]),
        ({"suspect": 1}, ["suspect"]),
        ({"damaged": 1}, ["damaged"]),
        ({"missing": 1}, ["missing"]),
        ({"faulty_drills": 1}, ["drill"]),
        ({"last_failure": "data"}, ["data"]),
        ({"last_failure": "transient"}, []),
        ({"newest_proved": None}, ["stale"]),
        ({"newest_proved": NOW - 200 * DAY, "runs": False}, []),
    ],
)
def test_nothing_goes_while_something_is_wrong(changes, codes):
    assert freeze_codes(Health(**{**vals(GOOD), **changes})) == codes


def vals(health):
    return {name: getattr(health, name) for name in health.__dataclass_fields__}


def test_a_slot_is_named_alike_on_both_sides():
    assert slots.from_text(slots.to_text(NOW)) == NOW
