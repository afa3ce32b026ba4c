"""Service periods: which days belong to the n-th period of an agreement.

Every boundary is computed from the anchor (``anchor + n months``), never from the
boundary before it, so an agreement of the 31st comes back to the 31st after February.
Rules 1-4 and 28 in docs/billing-rules.md.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

# A one-off charge has no months: its whole period is its day.
INTERVAL_MONTHS = {"once": 0, "monthly": 1, "quarterly": 3, "yearly": 12}
ONE_DAY = timedelta(days=1)
# The last day of what has no end, and the next due day of what is never due again.
FOREVER = date(9999, 12, 30)


def add_months(day: date, months: int) -> date:
    """Return the day ``months`` later; a day the month does not have becomes its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day <= 28:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, order=True)
class Span:
    """Days from ``date_from`` to ``date_to``, both included."""

    date_from: date
    date_to: date

    @property
    def days(self) -> int:
        """Number of days, both ends counted."""
        return (self.date_to - self.date_from).days + 1

    def clipped(self, first: date, last: date | None) -> Span | None:
        """Return the part between ``first`` and ``last`` (None = open), or None."""
        start = max(self.date_from, first)
        end = self.date_to if last is None else min(self.date_to, last)
        return Span(start, end) if start <= end else None

    def without(self, taken: Iterable[Span]) -> list[Span]:
        """Return the days of this span that no span of ``taken`` covers, in order."""
        free, start = [], self.date_from
        for other in sorted(taken):
            if other.date_to < start or other.date_from > self.date_to:
                continue
            if other.date_from > start:
                free.append(Span(start, other.date_from - ONE_DAY))
            start = other.date_to + ONE_DAY
        if start <= self.date_to:
            free.append(Span(start, self.date_to))
        return free


@dataclass(frozen=True)
class Rhythm:
    """How often, from which day, and when an agreement is billed.

    ``anchor`` is the day periods are counted from; ``months`` the length of one, 0 for a charge once on that day;
    ``calendar`` moves the boundaries to whole months, quarters or years;
    ``in_advance`` tells whether a period is due on its first day or after its last.
    """

    anchor: date
    months: int = 1
    calendar: bool = False
    in_advance: bool = True

    def boundary(self, number: int) -> date:
        """Return the first day of period ``number`` (0 holds the anchor)."""
        return add_months(self._origin(), number * self.months)

    def period(self, number: int) -> Span:
        """Return the whole period ``number``."""
        if self.once:
            return Span(self.anchor, self.anchor)
        return Span(self.boundary(number), self.boundary(number + 1) - ONE_DAY)

    def number_of(self, day: date) -> int:
        """Return the number of the period that ``day`` lies in."""
        if self.once:
            return 0
        origin = self._origin()
        months = (day.year - origin.year) * 12 + day.month - origin.month
        number = months // self.months
        return number if self.boundary(number) <= day else number - 1

    def due(self, served: Span) -> date:
        """Return the first billing date on which the served days may be billed."""
        return served.date_from if self.in_advance or self.once else served.date_to + ONE_DAY

    @property
    def once(self) -> bool:
        """Whether there is one charge and no more."""
        return not self.months

    def _origin(self) -> date:
        if not self.calendar:
            return self.anchor
        month = (self.anchor.month - 1) // self.months * self.months + 1
        return date(self.anchor.year, month, 1)


def served_periods(rhythm: Rhythm, date_start: date, date_end: date | None) -> Iterator[tuple[Span, Span]]:
    """Yield (whole period, days served in it), in order, as long as the service lasts."""
    number = rhythm.number_of(date_start)
    while True:
        whole = rhythm.period(number)
        served = whole.clipped(date_start, date_end)
        if served is None:
            return
        yield whole, served
        if rhythm.once:
            return
        number += 1
