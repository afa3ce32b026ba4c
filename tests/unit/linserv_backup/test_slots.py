"""When points are due: around the changes of the clocks, on weekdays, in windows, spread out."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_backup.domain import slots
from odoo.addons.linserv_backup.domain.slots import DAY, Schedule, ScheduleError

STOCKHOLM = "Europe/Stockholm"
WORKDAYS = frozenset({1, 2, 3, 4, 5})
HALF_HOURS = Schedule(48, STOCKHOLM)
FILES = Schedule(4, STOCKHOLM, WORKDAYS, (420, 660, 900, 1140))


def at(text):
    """2026-11-01 10:30 (UTC) as a slot."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def of_local_day(schedule, day):
    start = slots.day_start(schedule.zone, day)
    return slots.between(schedule, start - 1, slots.day_start(schedule.zone, day + timedelta(days=1)) - 1)


def local(slot, zone=STOCKHOLM):
    return datetime.fromtimestamp(slot, ZoneInfo(zone)).strftime("%a %H:%M %z")


@pytest.mark.parametrize(
    ("day", "count"),
    [(date(2026, 3, 28), 48), (date(2026, 3, 29), 46), (date(2026, 10, 25), 50), (date(2026, 10, 26), 48)],
)
def test_a_local_day_has_as_many_half_hours_as_it_has(day, count):
    found = of_local_day(HALF_HOURS, day)
    assert len(found) == count == len({slots.point_name("db", slot) for slot in found})


def test_half_hours_are_whole_and_half_hours_utc_whatever_the_local_clock_does():
    found = slots.between(HALF_HOURS, at("2026-10-24 00:00"), at("2026-10-26 00:00"))
    assert {slot % 1800 for slot in found} == {0} and len(found) == 96
    assert {second - first for first, second in zip(found, found[1:])} == {1800}


def test_ninety_days_of_half_hours_are_4320_points():
    now = at("2026-11-01 10:17")
    assert len(slots.between(HALF_HOURS, now - 90 * DAY, now)) == 4320


def test_files_are_saved_on_weekdays_at_the_hosts_times():
    # A week over the end of summer time: Friday +02:00, Monday +01:00.
    found = slots.between(FILES, at("2026-10-22 22:00"), at("2026-10-26 22:59"))
    assert [local(slot) for slot in found] == [
        "Fri 07:00 +0200",
        "Fri 11:00 +0200",
        "Fri 15:00 +0200",
        "Fri 19:00 +0200",
        "Mon 07:00 +0100",
        "Mon 11:00 +0100",
        "Mon 15:00 +0100",
        "Mon 19:00 +0100",
    ]


def test_a_time_that_the_spring_skips_is_taken_once_when_the_clocks_have_gone_on():
    night = Schedule(2, STOCKHOLM, times=(150, 210))  # 02:30 does not exist, 03:30 does
    assert [local(slot) for slot in of_local_day(night, date(2026, 3, 29))] == ["Sun 03:30 +0200"]


def test_a_time_that_the_autumn_repeats_is_taken_once():
    night = Schedule(1, STOCKHOLM, times=(150,))
    assert [local(slot) for slot in of_local_day(night, date(2026, 10, 25))] == ["Sun 02:30 +0200"]


@pytest.mark.parametrize(
    ("window", "count", "first", "last"),
    [
        ((18 * 60, 6 * 60), 24, "00:00", "23:30"),
        ((6 * 60, 18 * 60), 24, "06:00", "17:30"),
        ((0, 60), 2, "00:00", "00:30"),
    ],
)
def test_a_window_leaves_out_the_slots_outside_it(window, count, first, last):
    found = of_local_day(Schedule(48, STOCKHOLM, window=window), date(2026, 11, 2))
    assert len(found) == count
    assert [local(found[0])[4:9], local(found[-1])[4:9]] == [first, last]


def test_weekdays_are_those_of_the_hosts_zone():
    auckland = Schedule(24, "Pacific/Auckland", frozenset({1}))
    found = slots.between(auckland, at("2026-11-01 00:00"), at("2026-11-03 00:00"))
    assert len(found) == 24 and {local(slot, "Pacific/Auckland")[:3] for slot in found} == {"Mon"}


def test_the_next_slot_after_friday_evening_is_monday_morning():
    assert local(slots.next_slot(FILES, at("2026-10-30 18:00"))) == "Mon 07:00 +0100"


def test_a_schedule_whose_window_misses_all_its_times_has_no_next_slot():
    assert slots.next_slot(Schedule(1, STOCKHOLM, times=(720,), window=(0, 60)), at("2026-11-01 00:00")) is None


@pytest.mark.parametrize(
    ("schedule", "slot", "until"),
    [
        (HALF_HOURS, "2026-11-02 10:00", "2026-11-02 10:30"),
        (FILES, "2026-11-02 06:00", "2026-11-02 10:00"),
        (FILES, "2026-10-30 18:00", "2026-10-31 06:00"),  # before the weekend: at most 12 hours
    ],
)
def test_a_late_point_is_worth_taking_till_the_next_slot(schedule, slot, until):
    assert slots.worth_until(schedule, at(slot), 12 * 3600) == at(until)


def test_names_and_slots_are_the_same_thing():
    slot = at("2026-11-01 10:30")
    assert slots.point_name("db", slot) == "db-20261101T103000Z"
    assert slots.from_text("20261101T103000Z") == slot


@pytest.mark.parametrize("text", ["25:00", "7", "07:00;11:00", "late"])
def test_times_that_are_none_are_refused(text):
    with pytest.raises(ScheduleError):
        slots.read_times(text)


def test_times_are_read_and_written():
    assert slots.read_times(" 11:00,07:00 ") == (420, 660)
    assert slots.write_times((420, 660)) == "07:00, 11:00"
    assert slots.read_times("") == () == slots.read_times(None)


@pytest.mark.parametrize("text", ["", "8", "Mon", None])
def test_weekdays_that_are_none_are_refused(text):
    with pytest.raises(ScheduleError):
        slots.read_weekdays(text)


def test_repositories_are_spread_over_the_minutes_after_a_slot():
    places = [slots.place("repository-%d" % number, 300) for number in range(300)]
    assert min(places) >= 0 and max(places) <= 300
    assert max(sum(1 for place in places if place // 60 == minute) for minute in range(5)) < 90
    assert slots.place("repository-1", 300) == places[1] and slots.place("x", 0) == 0


MOMENTS = st.integers(at("2026-01-01 00:00"), at("2028-12-31 00:00"))
SCHEDULES = st.builds(
    Schedule,
    points=st.integers(1, 96),
    zone=st.sampled_from(["UTC", STOCKHOLM, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    times=st.lists(st.integers(0, 1439), max_size=6).map(lambda found: tuple(sorted(set(found)))),
    window=st.none() | st.tuples(st.integers(0, 1439), st.integers(0, 1439)),
)


@given(SCHEDULES, MOMENTS, st.integers(0, 20 * DAY), st.integers(0, 20 * DAY))
def test_slots_of_two_neighbouring_spans_are_those_of_both_together(schedule, start, first, second):
    middle, end = start + first, start + first + second
    together = slots.between(schedule, start, end)
    assert together == slots.between(schedule, start, middle) + slots.between(schedule, middle, end)
    assert together == sorted(set(together)) and all(slot % 60 == 0 for slot in together)


@given(SCHEDULES, MOMENTS)
def test_the_next_slot_is_the_first_of_those_that_follow(schedule, moment):
    following = slots.between(schedule, moment, moment + 9 * DAY)
    assert slots.next_slot(schedule, moment) == (following[0] if following else None)
