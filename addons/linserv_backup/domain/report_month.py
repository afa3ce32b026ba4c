"""What a month of backups came to: points expected and proved, gaps explained, recovery point and recovery time.

Rules 50-55 in docs/backups.md. Times are UTC without zone, as Odoo keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

COUNTED = ("proved", "trashed", "removed")  # was read back and judged good, whatever became of it later
OPEN = ("due", "running")


@dataclass(frozen=True)
class Slot:
    """One slot of a plan: when, and what came of it."""

    at: datetime
    state: str
    reason: str = ""

    @property
    def is_proved(self) -> bool:
        """Whether there is a point that counts."""
        return self.state in COUNTED


@dataclass(frozen=True)
class Gap:
    """Slots after each other without a proved point, for one reason."""

    first: datetime
    last: datetime
    count: int
    state: str
    reason: str


@dataclass(frozen=True)
class Kind:
    """The month of one kind of points. `days` is (day, expected, proved) for each day that had slots."""

    kind: str
    expected: int
    proved: int
    gaps: tuple[Gap, ...]
    days: tuple[tuple[date, int, int], ...]
    longest: timedelta | None

    @property
    def percent(self) -> float:
        """How much of what was expected is proved; 100 when nothing was expected."""
        return 100.0 * self.proved / self.expected if self.expected else 100.0


def summarize(kind: str, slots: Iterable[Slot], end: datetime, before: datetime | None) -> Kind:
    """Return the month of a kind.

    :param before: the last proved slot before `begin`, None where there is none
    :param end: the end of the month, or now while it goes on
    """
    known = sorted((slot for slot in slots if slot.state not in OPEN), key=lambda slot: slot.at)
    proved = [slot.at for slot in known if slot.is_proved]
    return Kind(
        kind,
        len(known),
        len(proved),
        tuple(gaps(known)),
        tuple(by_day(known)),
        longest_distance(proved, end, before),
    )


def gaps(slots: Sequence[Slot]) -> list[Gap]:
    """Join slots without a point that follow each other and have one reason."""
    found: list[Gap] = []
    joins = False
    for slot in slots:
        if slot.is_proved:
            joins = False
            continue
        last = found[-1] if found and joins else None
        if last and (last.state, last.reason) == (slot.state, slot.reason):
            found[-1] = Gap(last.first, slot.at, last.count + 1, last.state, last.reason)
        else:
            found.append(Gap(slot.at, slot.at, 1, slot.state, slot.reason))
        joins = True
    return found


def by_day(slots: Iterable[Slot]) -> list[tuple[date, int, int]]:
    """Count the slots of each day: expected and proved."""
    days: dict[date, list[int]] = {}
    for slot in slots:
        counts = days.setdefault(slot.at.date(), [0, 0])
        counts[0] += 1
        counts[1] += slot.is_proved
    return [(day, expected, proved) for day, (expected, proved) in sorted(days.items())]


def longest_distance(proved: Sequence[datetime], end: datetime, before: datetime | None) -> timedelta | None:
    """Return the longest time to the proved point before it: what a loss at the worst moment would have cost.

    None where there was no proved point at all.
    """
    moments = ([before] if before else []) + [at for at in proved if at < end]
    if not moments:
        return None
    return max(later - earlier for earlier, later in zip(moments, [*moments[1:], end]))


def next_month(first: date) -> date:
    """Return the first day of the month after the one that begins on `first`."""
    return (first + timedelta(days=32)).replace(day=1)


def last_month(today: date) -> date:
    """Return the first day of the month before that of `today`."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
