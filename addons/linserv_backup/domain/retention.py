"""What must be there, what may go, and when nothing may go. Seconds since 1970, UTC, throughout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from .slots import DAY, Schedule, between

CLOCK_TOLERANCE = 300
MOST_DAYS = 2
TRASH_DAYS = 7
STALE_SECONDS = 2 * DAY


@dataclass(frozen=True)
class Promise:
    """Slots of a plan from `begin` on, before `end` (None = until further notice), each kept for `days` days."""

    schedule: Schedule
    days: int
    begin: int
    end: int | None = None

    def holds(self, slot: int) -> bool:
        """Tell whether the slot lies in the plan's days."""
        return self.begin <= slot and (self.end is None or slot < self.end)


def promised(promises: Iterable[Promise], now: int) -> list[int]:
    """Return every slot that should be in the repository now, in order: 4,320 of them for a DB 90/48 after 90 days."""
    found: set[int] = set()
    for promise in promises:
        after = max(promise.begin - 1, now - promise.days * DAY)
        until = now if promise.end is None else min(now, promise.end - 1)
        if after < until:
            found.update(between(promise.schedule, after, until))
    return sorted(found)


@dataclass(frozen=True)
class Proof:
    """What is expected against what the repository lists itself."""

    slots: int
    gaps: tuple[int, ...]
    expected: int
    listed: int
    missing: tuple[int, ...]
    suspect: tuple[int, ...]
    extra: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Tell whether everything that is expected is there and good."""
        return self.listed == self.expected


def prove(
    promised_slots: Collection[int],
    gaps: Collection[int],
    unsettled: Collection[int],
    good: Collection[int],
    suspect: Collection[int] = (),
) -> Proof:
    """Compare the promised slots with the points that the repository lists.

    :param gaps: slots without a point whose reason is recorded
    :param unsettled: slots whose point is still being taken
    :param good: listed points that count; `suspect`: listed ones that nobody has accepted yet
    """
    slots, counted, doubtful = set(promised_slots), set(good), set(suspect) - set(good)
    present = counted | doubtful
    # A point that is there is no gap, whatever was recorded.
    real_gaps = (set(gaps) & slots) - present
    expected = slots - real_gaps - (set(unsettled) - present)
    return Proof(
        slots=len(slots),
        gaps=tuple(sorted(real_gaps)),
        expected=len(expected),
        listed=len(expected & counted),
        missing=tuple(sorted(expected - present)),
        suspect=tuple(sorted(expected & doubtful)),
        extra=tuple(sorted(present - slots)),
    )


def runs_of(slots: Iterable[int], schedule_slots: Iterable[int]) -> list[tuple[int, int, int]]:
    """Return neighbouring slots as (first, last, how many), so that a gap of hours is one line.

    Neighbours are those between which `schedule_slots` has no other.
    """
    wanted = set(slots)
    groups: list[list[int]] = []
    before: int | None = None
    for slot in sorted(set(schedule_slots) | wanted):
        if slot in wanted:
            if before in wanted and groups:
                groups[-1].append(slot)
            else:
                groups.append([slot])
        before = slot
    return [(group[0], group[-1], len(group)) for group in groups]


def clocks_agree(ours: int, theirs: int) -> bool:
    """Tell whether two clocks differ by at most 5 minutes."""
    return abs(ours - theirs) <= CLOCK_TOLERANCE


def keeps_until(promises: Collection[Promise], slot: int) -> int:
    """Return until when a point is kept: by the plan of its slot, by the longest one where no plan has the slot."""
    own = [promise.days for promise in promises if promise.holds(slot)]
    days = max(own or [promise.days for promise in promises], default=0)
    return slot + days * DAY


def expired(
    listed: Iterable[int], promises: Collection[Promise], now: int, keep: Collection[int], by_chain: bool
) -> list[int]:
    """Return the slots that may be deleted now: whole UTC days whose last point is over, at most two days' worth.

    :param keep: slots that stay whatever their age: held ones and the last proved one
    :param by_chain: the points of a day are made from each other; a day that has one to keep stays whole
    """
    if not promises:
        return []
    days: Mapping[int, list[int]] = _by_day(listed)
    found: list[list[int]] = []
    for day in sorted(days):
        over = all(keeps_until(promises, slot) <= now for slot in days[day])
        kept = [slot for slot in days[day] if slot in keep]
        rest = [] if kept and by_chain else sorted(set(days[day]) - set(kept))
        if over and rest:
            found.append(rest)
    return [slot for day_slots in found[:MOST_DAYS] for slot in day_slots]


def _by_day(slots: Iterable[int]) -> dict[int, list[int]]:
    days: dict[int, list[int]] = defaultdict(list)
    for slot in slots:
        days[slot // DAY].append(slot)
    return days


@dataclass(frozen=True)
class Health:
    """What is known about a repository when its deletions are decided."""

    now: int
    host_clock: int
    suspect: int = 0
    damaged: int = 0
    missing: int = 0
    faulty_drills: int = 0
    last_failure: str = ""
    newest_proved: int | None = None
    runs: bool = True


def freeze_codes(health: Health) -> list[str]:
    """Return why nothing may be deleted; empty when deleting is safe.

    While plans run, a newest point older than two days stops everything: with a clock that has jumped ahead of the
    points, all of them look too old.
    """
    newest = health.newest_proved
    stale = health.runs and (newest is None or health.now - newest > STALE_SECONDS)
    future = newest is not None and newest - health.now > CLOCK_TOLERANCE
    reasons = {
        "clock": not clocks_agree(health.now, health.host_clock) or future,
        "suspect": health.suspect > 0,
        "damaged": health.damaged > 0,
        "missing": health.missing > 0,
        "drill": health.faulty_drills > 0,
        "data": health.last_failure == "data",
        "stale": stale,
    }
    return [code for code, holds in reasons.items() if holds]
