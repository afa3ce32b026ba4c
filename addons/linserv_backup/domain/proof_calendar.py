"""The days of a policy as a customer sees them: expected, proved, and why not. Rules 43-45 in docs/backups.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

WEEK = 7
FULL, PART, NONE, FREE, RUNNING, BEFORE = "full", "part", "none", "free", "running", "before"


@dataclass(frozen=True)
class Day:
    """What was expected and proved of one kind on one local day, and how many are missing for which reason."""

    day: date
    expected: int = 0
    proved: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Expected and not proved; never less than nothing."""
        return max(0, self.expected - self.proved)


@dataclass(frozen=True)
class Cell:
    """One square of the calendar. ``state``: all proved, some, none, nothing expected, not over yet, not begun."""

    day: date
    state: str
    expected: int = 0
    proved: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


def cell(day: Day | None, on: date, today: date) -> Cell:
    """Return the square of a day; a day without a row is from before the policy, or has nothing expected."""
    if day is None:
        return Cell(on, BEFORE)
    if not day.expected:
        return Cell(on, FREE, 0, day.proved)
    if day.missing and on == today and not day.reasons:
        return Cell(on, RUNNING, day.expected, day.proved)
    state = FULL if not day.missing else PART if day.proved else NONE
    return Cell(on, state, day.expected, day.proved, day.reasons)


def weeks(days: Mapping[date, Day], today: date, number: int) -> list[list[Cell | None]]:
    """Return the last ``number`` days, today included, as weeks from Monday to Sunday; None outside of them."""
    first = today - timedelta(days=number - 1)
    start = first - timedelta(days=first.weekday())
    rows: list[list[Cell | None]] = []
    while start <= today:
        row = [start + timedelta(days=offset) for offset in range(WEEK)]
        rows.append([cell(days.get(on), on, today) if first <= on <= today else None for on in row])
        start += timedelta(days=WEEK)
    return rows


def gaps(rows: Sequence[Sequence[Cell | None]]) -> list[Cell]:
    """Return the days that lack something, the latest first."""
    found = [each for row in rows for each in row if each is not None and each.state in (PART, NONE)]
    return sorted(found, key=lambda each: each.day, reverse=True)


def totals(rows: Sequence[Sequence[Cell | None]]) -> tuple[int, int]:
    """Return how many points the days shown have proved, and how many were expected of those that are over."""
    cells = [each for row in rows for each in row if each is not None]
    expected = sum(each.proved if each.state == RUNNING else each.expected for each in cells)
    return sum(min(each.proved, each.expected) for each in cells), expected
