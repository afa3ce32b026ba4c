"""When points are due. A slot is a whole second since 1970, UTC; it is the name of a point and never moves.

A schedule without times spreads its points evenly over the UTC day: every :00 and :30 for 48, so that a local day of 23
or 25 hours has 46 or 50 of them and none collides. Times of day and weekdays are those of the host's zone (facts, 3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = 86400
DAY_MINUTES = 1440
EVERY_DAY = frozenset(range(1, 8))
HORIZON_DAYS = 9  # a weekly pattern shows itself within, also around a change of the clocks
FORMAT = "%Y%m%dT%H%M%SZ"


class ScheduleError(ValueError):
    """A schedule that cannot be: `args[0]` is the part that is wrong."""


@dataclass(frozen=True)
class Schedule:
    """How often: `times` and `window` are minutes after local midnight, `weekdays` are 1 (Monday) to 7 (Sunday).

    A window whose end is before its beginning goes over midnight; the end itself is outside.
    """

    points: int
    zone: str = "UTC"
    weekdays: frozenset[int] = EVERY_DAY
    times: tuple[int, ...] = ()
    window: tuple[int, int] | None = None
    tz: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.points <= DAY_MINUTES:
            raise ScheduleError(str(self.points))
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise ScheduleError(",".join(map(str, sorted(self.weekdays))))
        object.__setattr__(self, "tz", ZoneInfo(self.zone))


def to_text(slot: int) -> str:
    """Return the slot as it stands in names.

    >>> to_text(1793529000)
    '20261101T103000Z'
    """
    return datetime.fromtimestamp(slot, timezone.utc).strftime(FORMAT)


def from_text(text: str) -> int:
    """Return the slot of a text; raises ValueError."""
    return int(datetime.strptime(text, FORMAT).replace(tzinfo=timezone.utc).timestamp())


def point_name(kind: str, slot: int) -> str:
    """Return the name of the archive of a slot."""
    return "%s-%s" % (kind, to_text(slot))


def between(schedule: Schedule, after: int, until: int) -> list[int]:
    """Return the slots after `after` up to and including `until`, in order."""
    found = _timed(schedule, after, until) if schedule.times else _even(schedule, after, until)
    if schedule.window:
        return [slot for slot in found if _in_window(schedule, slot)]
    return found


def next_slot(schedule: Schedule, after: int) -> int | None:
    """Return the first slot after `after`; None where days and window leave none."""
    for day in range(HORIZON_DAYS):
        found = between(schedule, after + day * DAY, after + (day + 1) * DAY)
        if found:
            return found[0]
    return None


def worth_until(schedule: Schedule, slot: int, most_seconds: int) -> int:
    """Return until when a late point may still be called that slot's: till the next slot, at most `most_seconds`.

    Later it would only be a second copy of what the next slot saves: it is a gap then, and recorded as one.
    """
    following = next_slot(schedule, slot)
    latest = slot + most_seconds
    return latest if following is None else min(following, latest)


def place(key: str, spread: int) -> int:
    """Return how many seconds after its slots a repository begins: always the same, evenly spread over repositories."""
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8], "big") % (spread + 1)


def read_times(text: str | None) -> tuple[int, ...]:
    """Return the minutes of "07:00, 11:00"; raises ScheduleError with the part that cannot be read."""
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    return tuple(sorted({_minute(part) for part in parts}))


def write_times(times: tuple[int, ...]) -> str:
    """Return "07:00, 11:00" for (420, 660)."""
    return ", ".join("%02d:%02d" % divmod(minute, 60) for minute in times)


def read_weekdays(text: str | None) -> frozenset[int]:
    """Return the days of "12345"; raises ScheduleError."""
    if not text or not set(text) <= set("1234567"):
        raise ScheduleError(text or "")
    return frozenset(map(int, text))


def day_start(zone: str, day: date) -> int:
    """Return the first moment of a local day."""
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp())


def local_date(zone: str, moment: int) -> date:
    """Return the local day of a moment."""
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).date()


def _minute(part: str) -> int:
    try:
        moment = datetime.strptime(part, "%H:%M")  # noqa: DTZ007  (a time of day has no zone)
    except ValueError:
        raise ScheduleError(part) from None
    return moment.hour * 60 + moment.minute


@lru_cache(maxsize=64)
def _seconds_of_day(points: int) -> tuple[int, ...]:
    return tuple(number * DAY_MINUTES // points * 60 for number in range(points))


def _even(schedule: Schedule, after: int, until: int) -> list[int]:
    every_day = schedule.weekdays == EVERY_DAY
    offsets = _seconds_of_day(schedule.points)
    days = range(after // DAY * DAY, until + 1, DAY)
    found = [day + offset for day in days for offset in offsets if after < day + offset <= until]
    return found if every_day else [slot for slot in found if _local(schedule, slot).isoweekday() in schedule.weekdays]


def _timed(schedule: Schedule, after: int, until: int) -> list[int]:
    """A time that the spring skips is taken when the clocks have gone on, one that the autumn repeats only first."""
    found = {_moment(schedule, day, minute) for day in _days(schedule, after, until) for minute in schedule.times}
    return sorted(slot for slot in found if after < slot <= until)


def _days(schedule: Schedule, after: int, until: int) -> Iterator[date]:
    day, last = _local(schedule, after).date(), _local(schedule, max(after, until)).date()
    while day <= last:
        if day.isoweekday() in schedule.weekdays:
            yield day
        day += timedelta(days=1)


def _moment(schedule: Schedule, day: date, minute: int) -> int:
    return int(datetime.combine(day, time(*divmod(minute, 60)), schedule.tz).timestamp())


def _local(schedule: Schedule, slot: int) -> datetime:
    return datetime.fromtimestamp(slot, schedule.tz)


def _in_window(schedule: Schedule, slot: int) -> bool:
    begin, end = schedule.window or (0, 0)
    local = _local(schedule, slot)
    minute = local.hour * 60 + local.minute
    return begin <= minute < end if begin < end else minute >= begin or minute < end
