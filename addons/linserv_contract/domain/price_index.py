"""How prices follow a percentage or an index series, from which day, and which services are left out.

Pure functions: the index values, the days and the prices are arguments. Rules 90-95 in docs/billing-rules.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from .periods import ONE_DAY, Rhythm, add_months

HUNDRED = Decimal(100)

ENDS_BEFORE = "ends_before"
FIXED = "fixed"
NO_PRICE = "no_price"
NOT_INDEXED = "not_indexed"
PRICE_THAT_DAY = "price_that_day"
TOO_YOUNG = "too_young"
UNCHANGED = "unchanged"

RUN_STATES: dict[str, frozenset[str]] = {
    "draft": frozenset({"notified", "applied", "cancelled"}),
    "notified": frozenset({"applied", "cancelled"}),
    "applied": frozenset({"cancelled"}),
}


@dataclass(frozen=True)
class Adjustment:
    """How prices change: by ``percent``, or by an index that went from ``base`` to ``target``.

    ``share`` is how much of the index' change counts (75 = three quarters), ``cap`` the largest change in percent,
    ``step`` what new prices are rounded to. Without ``allow_decrease`` a falling index changes nothing.
    """

    percent: Decimal | None = None
    base: Decimal | None = None
    target: Decimal | None = None
    share: Decimal = HUNDRED
    cap: Decimal | None = None
    allow_decrease: bool = False
    step: Decimal = Decimal("0.01")

    @property
    def change(self) -> Decimal:
        """The change in percent that prices get."""
        change = self.percent if self.percent is not None else self._index_change()
        if self.cap is not None:
            change = min(change, self.cap)
        return change if self.allow_decrease else max(change, Decimal(0))

    def _index_change(self) -> Decimal:
        if not self.base or self.target is None:
            raise ValueError("an index needs the value it starts from and the value it comes to")
        return (self.target / self.base - 1) * self.share

    def apply(self, price: Decimal) -> Decimal:
        """Return the new price of ``price``, rounded to the step, halves away from zero."""
        return to_step(price * (1 + self.change / HUNDRED), self.step)


def to_step(price: Decimal, step: Decimal) -> Decimal:
    """Round ``price`` to a multiple of ``step``, halves away from zero."""
    return (price / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def first_day(rhythm: Rhythm, effective: date, date_start: date, billed_to: date | None, whole_periods: bool) -> date:
    """Return the day from which a service has its new price.

    With ``whole_periods`` the first period that begins on or after ``effective`` and is not billed yet; else
    ``effective`` itself. Never before the service starts.
    """
    wanted = max(effective, date_start)
    if not whole_periods:
        return wanted
    if billed_to is not None:
        wanted = max(wanted, billed_to + ONE_DAY)
    number = rhythm.number_of(wanted)
    boundary = rhythm.boundary(number)
    return wanted if wanted in (boundary, date_start) else rhythm.boundary(number + 1)


def latest_letter(effective: date, notice_months: int) -> date:
    """Return the last day on which the letter can be sent to be in time for ``effective``."""
    return add_months(effective, -notice_months)


@dataclass(frozen=True)
class Candidate:
    """A service that a run looks at. ``priced_from`` is the first day of the price that the run would change."""

    indexed: bool
    price: Decimal | None
    new_price: Decimal | None
    day: date
    priced_from: date | None = None
    date_end: date | None = None
    fixed_until: date | None = None
    price_days: frozenset[date] = frozenset()


def reason_left_out(candidate: Candidate, min_months: int) -> str | None:
    """Return why the run leaves a service alone, or None when it gets its new price."""
    ended = candidate.date_end is not None and candidate.date_end < candidate.day
    fixed = candidate.fixed_until is not None and candidate.day <= candidate.fixed_until
    held_from = candidate.priced_from
    reasons = (
        (not candidate.indexed, NOT_INDEXED),
        (ended, ENDS_BEFORE),
        (not candidate.price, NO_PRICE),
        (fixed, FIXED),
        (candidate.day in candidate.price_days, PRICE_THAT_DAY),
        (held_from is not None and add_months(held_from, min_months) > candidate.day, TOO_YOUNG),
        (candidate.new_price == candidate.price, UNCHANGED),
    )
    return next((reason for applies, reason in reasons if applies), None)
