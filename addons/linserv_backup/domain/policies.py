"""From what is sold to what is done: the usual times of a policy, and the plans that a subscription's days ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

KINDS = ("db", "fs", "dr")
WORKDAYS = "12345"
EVERY_DAY = "1234567"
FIRST_FILES, LAST_FILES = 7 * 60, 19 * 60  # 07:00 to 19:00: with 4 points 07, 11, 15 and 19 (facts, section 3)
DR_TIME = 3 * 60 + 30  # after the night's first points, and outside the hours that a change of the clocks skips
MOST_FILE_TIMES = 13  # oftener than hourly is spread over the whole day
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rhythm:
    """On which weekdays ("12345") and at which local minutes; no times = evenly over the UTC day."""

    weekdays: str
    times: tuple[int, ...]


def usual_rhythm(kind: str, points: int) -> Rhythm:
    """Return when the points of a policy are taken unless something else is agreed.

    >>> usual_rhythm("fs", 4).times
    (420, 660, 900, 1140)
    """
    if kind == "fs" and points == 1:
        return Rhythm(WORKDAYS, (LAST_FILES,))
    if kind == "fs" and points <= MOST_FILE_TIMES:
        span = LAST_FILES - FIRST_FILES
        return Rhythm(WORKDAYS, tuple(FIRST_FILES + number * span // (points - 1) for number in range(points)))
    if kind == "dr" and points == 1:
        return Rhythm(EVERY_DAY, (DR_TIME,))
    return Rhythm(EVERY_DAY, ())


@dataclass(frozen=True)
class Version:
    """A plan between two days, both included (None = until further notice); `key` is its record, 0 for none yet."""

    date_from: date
    date_to: date | None
    days: int
    points: int
    key: int = 0

    def covers(self, day: date) -> bool:
        """Tell whether the plan is in force on the day."""
        return self.date_from <= day and (self.date_to is None or self.date_to >= day)

    def _same(self, other: Version) -> bool:
        return (self.days, self.points) == (other.days, other.points)


@dataclass(frozen=True)
class Changes:
    """What is to be done: versions with a key are written as they stand here, those in `drop` never took effect."""

    write: tuple[Version, ...] = ()
    create: tuple[Version, ...] = ()
    drop: tuple[int, ...] = ()


def bases(copies: Iterable[Version], databases: Iterable[Version]) -> list[Version]:
    """Return the database points that copies on a DR host are made of, on days without a backup of the database.

    As many and kept as long as the copies, so that each host can heal the other.

    :param databases: what other agreements give of the database
    """
    taken = sorted(databases, key=_begin)
    return [part for copy in copies for part in _without(copy, taken)]


def _without(whole: Version, taken: list[Version]) -> list[Version]:
    """Return the parts of a version in which none of `taken` (in order) is in force."""
    parts: list[Version] = []
    start: date | None = whole.date_from
    for other in taken:
        if start is None or _is_before(whole.date_to, other.date_from):
            break
        if _is_before(other.date_to, start):
            continue
        if other.date_from > start:
            parts.append(replace(whole, date_from=start, date_to=other.date_from - ONE_DAY))
        start = None if other.date_to is None else other.date_to + ONE_DAY
    if start is not None and not _is_before(whole.date_to, start):
        parts.append(replace(whole, date_from=start))
    return parts


def _is_before(end: date | None, day: date) -> bool:
    return end is not None and end < day


def follow(known: Iterable[Version], wanted: Iterable[Version], today: date) -> Changes:
    """Return how the plans of one kind come to agree with what the subscription gives from `today` on.

    The days before today stay as they were: a version that ends or changes now keeps its days till yesterday. A version
    that begins today or later has promised nothing yet and is corrected in place.
    """
    live = sorted((each for each in known if each.date_to is None or each.date_to >= today), key=_begin)
    target = sorted((_from_today(each, today) for each in wanted if _reaches(each, today)), key=_begin)
    running = [each for each in live if each.date_from < today]
    kept, target = _keep_running(running, target, today)
    later = [each for each in live if each.date_from >= today]
    written = [replace(new, key=old.key) for old, new in zip(later, target)]
    changed = [each for each in [*kept, *written] if each not in live]
    return Changes(tuple(changed), tuple(target[len(later) :]), tuple(each.key for each in later[len(target) :]))


def _keep_running(running: list[Version], target: list[Version], today: date) -> tuple[list[Version], list[Version]]:
    """Let a running version go on where the first of `target` is the same; end it yesterday otherwise."""
    kept = []
    for version in running:
        goes_on = bool(target) and target[0].date_from == today and version._same(target[0])
        end = target.pop(0).date_to if goes_on else today - ONE_DAY
        kept.append(replace(version, date_to=end))
    return kept, target


def _begin(version: Version) -> date:
    return version.date_from


def _reaches(version: Version, today: date) -> bool:
    return version.date_to is None or version.date_to >= today


def _from_today(version: Version, today: date) -> Version:
    return replace(version, date_from=max(version.date_from, today))
