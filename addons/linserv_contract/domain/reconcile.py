"""From recurring revenue to what the posted invoices say, with each difference under its own name.

For one subscription and one month, in company currency. The parts add up to the öre:
revenue of the month's last day + changes inside the month + not invoiced + length of periods
+ quantities and credits + exchange = invoiced for the days of the month. Rule 85 in docs/billing-rules.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .periods import ONE_DAY, Rhythm, Span
from .prices import rounded
from .revenue import CENT, Step

CHANGES = "changes"
UNBILLED = "unbilled"
DRAFT = "draft"
ELSEWHERE = "elsewhere"
LENGTH = "length"
AMOUNTS = "amounts"
EXCHANGE = "exchange"
PARTS = (CHANGES, UNBILLED, DRAFT, ELSEWHERE, LENGTH, AMOUNTS, EXCHANGE)


@dataclass(frozen=True)
class Course:
    """What the ledger of movements says of one subscription: ``steps`` in company currency.

    ``rate`` is company currency for one unit of the contract's.
    """

    rhythm: Rhythm
    steps: tuple[Step, ...]
    rate: Decimal = Decimal(1)

    def year_on(self, day: date) -> Decimal:
        """Return what the subscription is worth a year on ``day``."""
        return next((step.year for step in reversed(self.steps) if step.day <= day), Decimal(0))


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


def bridge(course: Course, month: Span, covered: Covered, invoiced: Invoiced, rounding: Decimal = CENT) -> Bridge:
    """Explain one subscription's month."""
    closing = course.year_on(month.date_to) / 12
    parts = dict.fromkeys(PARTS, Decimal(0))
    served = Decimal(0)
    for run in _runs(course, month, covered):
        year = course.year_on(run.date_from)
        even = year * run.days / 12 / month.days
        parts[CHANGES] += even - closing * run.days / month.days
        reason = _reason(covered, run)
        if reason:
            parts[reason] -= even
        else:
            price = _price_of_days(course.rhythm, run, year)
            served += price
            parts[LENGTH] += price - even
    parts[AMOUNTS] = invoiced.currency * course.rate - served
    parts[EXCHANGE] = invoiced.company - invoiced.currency * course.rate
    return _rounded(closing, parts, invoiced.company, rounding)


def _runs(course: Course, month: Span, covered: Covered) -> Iterator[Span]:
    """Yield the days of the month cut where the value or what is billed changes, and where a period begins."""
    days = {month.date_from, *(step.day for step in course.steps)}
    for span in (*covered.posted, *covered.draft, *covered.elsewhere):
        days.update((span.date_from, span.date_to + ONE_DAY))
    number = course.rhythm.number_of(month.date_from) + 1
    while course.rhythm.boundary(number) <= month.date_to:
        days.add(course.rhythm.boundary(number))
        number += 1
    cuts = sorted(day for day in days if month.date_from <= day <= month.date_to)
    for first, following in zip(cuts, [*cuts[1:], month.date_to + ONE_DAY]):
        yield Span(first, following - ONE_DAY)


def _reason(covered: Covered, run: Span) -> str | None:
    if not run.without(covered.posted):
        return None
    if not run.without(covered.draft):
        return DRAFT
    return UNBILLED if run.without(covered.elsewhere) else ELSEWHERE


def _price_of_days(rhythm: Rhythm, run: Span, year: Decimal) -> Decimal:
    whole = rhythm.period(rhythm.number_of(run.date_from))
    return year * rhythm.months * run.days / 12 / whole.days


def _rounded(closing: Decimal, parts: dict[str, Decimal], invoiced: Decimal, rounding: Decimal) -> Bridge:
    """Round every part; what rounding leaves over belongs to the length of periods, which is counted in days."""
    start, end = rounded(closing, rounding), rounded(invoiced, rounding)
    found = {name: rounded(amount, rounding) for name, amount in parts.items()}
    found[LENGTH] += end - start - sum(found.values(), Decimal(0))
    return Bridge(start, found, end)
