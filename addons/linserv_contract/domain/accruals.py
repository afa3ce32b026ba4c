"""What of an invoice belongs to which side of a month's end.

Income belongs to the days the service was given on. What was invoiced before the month's end for days
after it is prepaid (a debt to the customer); what was given before the month's end and is invoiced after
it, or not yet, is accrued (a claim). Rules 86-88 in docs/billing-rules.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .charges import rounded
from .periods import Span, add_months

PREPAID = "prepaid"
ACCRUED = "accrued"
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Item:
    """Income of the days of ``served``.

    ``booked`` is the accounting date, None when nothing has been invoiced; ``amount`` is without VAT in the company's
    currency, negative on a credit note. ``key`` is the caller's own reference.
    """

    key: int
    amount: Decimal
    served: Span
    booked: date | None = None


@dataclass(frozen=True)
class Accrual:
    """The part of an item that stands in the wrong month at the month's end."""

    item: Item
    kind: str
    amount: Decimal
    days: Span


def month_end(day: date) -> date:
    """Return the last day of the month of ``day``."""
    return add_months(day.replace(day=1), 1) - timedelta(days=1)


def share(amount: Decimal, served: Span, days: Span, rounding: Decimal = CENT) -> Decimal:
    """Return the part of ``amount`` that falls on ``days``; 0 when they lie outside ``served``.

    The difference of two rounded running totals: the shares of neighbouring spans add up to the amount.
    """
    part = days.clipped(served.date_from, served.date_to)
    if part is None:
        return Decimal(0)
    before = (part.date_from - served.date_from).days
    upto = before + part.days
    return rounded(amount * upto / served.days, rounding) - rounded(amount * before / served.days, rounding)


def accrue(item: Item, cutoff: date, rounding: Decimal = CENT) -> Accrual | None:
    """Return what of ``item`` is prepaid or accrued at the end of ``cutoff``, None when nothing is."""
    given, coming = _split(item.served, cutoff)
    booked = item.booked is not None and item.booked <= cutoff
    kind, days = (PREPAID, coming) if booked else (ACCRUED, given)
    if days is None:
        return None
    amount = share(item.amount, item.served, days, rounding)
    return Accrual(item, kind, amount, days) if amount else None


def _split(served: Span, cutoff: date) -> tuple[Span | None, Span | None]:
    given = served.clipped(served.date_from, cutoff) if served.date_from <= cutoff else None
    after = cutoff + timedelta(days=1)
    coming = served.clipped(after, None) if served.date_to >= after else None
    return given, coming
