"""From recurring revenue to what the posted invoices say, with each difference under its own name.

For one subscription and one month, in company currency. The parts add up to the öre:
revenue of the month's last day + changes inside the month + not invoiced + length of periods
+ quantities and credits + exchange = invoiced for the days of the month. Rule 85 in docs/billing-rules.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .charges import Terms
from .periods import Span
from .prices import rounded
from .revenue import CENT, yearly

CHANGES = "changes"
UNBILLED = "unbilled"
DRAFT = "draft"
ELSEWHERE = "elsewhere"
LENGTH = "length"
AMOUNTS = "amounts"
EXCHANGE = "exchange"
PARTS = (CHANGES, UNBILLED, DRAFT, ELSEWHERE, LENGTH, AMOUNTS, EXCHANGE)


@dataclass(frozen=True)
class Covered:
    """Days that are billed: posted on an invoice, waiting on a draft, or billed elsewhere."""

    posted: tuple[Span, ...] = ()
    draft: tuple[Span, ...] = ()
    elsewhere: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Invoiced:
    """What posted invoices say for the days of the month, in the contract's and in company currency."""

    currency: Decimal = Decimal(0)
    company: Decimal = Decimal(0)


@dataclass(frozen=True)
class Bridge:
    """The way from ``closing`` to ``invoiced``."""

    closing: Decimal
    parts: dict[str, Decimal]
    invoiced: Decimal


def bridge(
    terms: Terms,
    month: Span,
    covered: Covered,
    invoiced: Invoiced,
    rate: Decimal = Decimal(1),
    rounding: Decimal = CENT,
) -> Bridge:
    """Explain one subscription's month. ``rate`` is company currency for one unit of the contract's."""
    daily = {day: yearly(terms, day) for day in _days(month)}
    closing = daily[month.date_to] / 12 * rate
    average = sum(daily.values(), Decimal(0)) / 12 / month.days * rate
    parts = dict.fromkeys(PARTS, Decimal(0))
    parts[CHANGES] = average - closing
    served = Decimal(0)
    for day, year in daily.items():
        even = year / 12 / month.days * rate
        reason = _reason(covered, Span(day, day))
        if reason:
            parts[reason] -= even
        else:
            served += _price_of_the_day(terms, day, year) * rate
            parts[LENGTH] += _price_of_the_day(terms, day, year) * rate - even
    parts[AMOUNTS] = invoiced.currency * rate - served
    parts[EXCHANGE] = invoiced.company - invoiced.currency * rate
    return _rounded(closing, parts, invoiced.company, rounding)


def _days(month: Span) -> Iterable[date]:
    return (month.date_from + timedelta(days=number) for number in range(month.days))


def _reason(covered: Covered, day: Span) -> str | None:
    if not day.without(covered.posted):
        return None
    if not day.without(covered.draft):
        return DRAFT
    return UNBILLED if day.without(covered.elsewhere) else ELSEWHERE


def _price_of_the_day(terms: Terms, day: date, year: Decimal) -> Decimal:
    whole = terms.rhythm.period(terms.rhythm.number_of(day))
    return year / 12 * terms.rhythm.months / whole.days


def _rounded(closing: Decimal, parts: dict[str, Decimal], invoiced: Decimal, rounding: Decimal) -> Bridge:
    """Round every part; what rounding leaves over belongs to the length of periods, which is counted in days."""
    start, end = rounded(closing, rounding), rounded(invoiced, rounding)
    found = {name: rounded(amount, rounding) for name, amount in parts.items()}
    found[LENGTH] += end - start - sum(found.values(), Decimal(0))
    return Bridge(start, found, end)
