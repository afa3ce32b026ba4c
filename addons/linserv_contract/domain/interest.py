"""Late payment: the interest of the Interest Act (1975:635) and its days. Rule 58 in docs/billing-rules.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from .periods import ONE_DAY, Span


@dataclass(frozen=True)
class Rate:
    """The reference rate (percent a year) that the Riksbank set for the half-year that begins on ``date_from``."""

    date_from: date
    percent: Decimal


class RateMissingError(ValueError):
    """No reference rate is known for the half-year that begins on ``date_from``."""

    def __init__(self, date_from: date) -> None:
        super().__init__(date_from)
        self.date_from = date_from


def half_year(day: date) -> date:
    """Return the first day of the half-year that ``day`` lies in."""
    return date(day.year, 1 if day.month <= 6 else 7, 1)


def interest(
    amount: Decimal, days: Span, rates: Iterable[Rate], margin: Decimal, rounding: Decimal = Decimal("0.01")
) -> Decimal:
    """Return the interest on ``amount`` for ``days``: the reference rate of each day plus ``margin``, in 365ths.

    Raises RateMissingError when a half-year has no rate: it is never guessed.
    """
    known = {rate.date_from: rate.percent for rate in rates}
    total = Decimal(0)
    for piece in _half_years(days):
        begins = half_year(piece.date_from)
        if begins not in known:
            raise RateMissingError(begins)
        total += amount * (known[begins] + margin) / 100 * piece.days / 365
    return (total / rounding).quantize(Decimal(1), ROUND_HALF_UP) * rounding


def _half_years(days: Span) -> Iterable[Span]:
    start = days.date_from
    while start <= days.date_to:
        begins = half_year(start)
        after = date(begins.year, 7, 1) if begins.month == 1 else date(begins.year + 1, 1, 1)
        yield Span(start, min(days.date_to, after - ONE_DAY))
        start = after
