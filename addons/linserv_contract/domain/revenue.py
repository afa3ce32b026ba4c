"""Recurring revenue: what a subscription is worth, and how the whole moves.

The value of a subscription on a day is what its period costs at that day's price, discount and quantity,
as if it went on for a year. It changes on known days only, so each subscription is a stair of steps, and
every step is a movement with a kind. Rules 80-84 in docs/billing-rules.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .charges import Terms, rate_on, started_blocks
from .periods import FOREVER, ONE_DAY
from .prices import rounded

NEW = "new"
EXPANSION = "expansion"
CONTRACTION = "contraction"
CHURN = "churn"
REACTIVATION = "reactivation"
MOVED = "moved"
KINDS = (NEW, REACTIVATION, EXPANSION, CONTRACTION, CHURN, MOVED)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Step:
    """From ``day`` on the subscription is worth ``year`` a year, in its own currency."""

    day: date
    year: Decimal


@dataclass(frozen=True)
class Stair:
    """The course of one subscription. ``rate`` is company currency for one unit of its own (rule 83)."""

    key: int
    steps: tuple[Step, ...]
    rate: Decimal = Decimal(1)
    rounding: Decimal = CENT


@dataclass(frozen=True)
class Amounts:
    """A value or a change of it: a month and a year in company currency, a month in the subscription's own."""

    month: Decimal = Decimal(0)
    year: Decimal = Decimal(0)
    month_currency: Decimal = Decimal(0)

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.month + other.month, self.year + other.year, self.month_currency + other.month_currency)

    def __neg__(self) -> Amounts:
        return Amounts(-self.month, -self.year, -self.month_currency)

    def __bool__(self) -> bool:
        return bool(self.month or self.year or self.month_currency)


@dataclass(frozen=True, order=True)
class Place:
    """Where a movement stands in the ledger: amounts of one place are added up."""

    day: date
    key: int
    kind: str


def steps(terms: Terms) -> tuple[Step, ...]:
    """Return when the subscription's yearly value changes, and to what; the first step begins at nothing."""
    found: list[Step] = []
    for day in sorted(_days_of_change(terms)):
        year = yearly(terms, day)
        if year != (found[-1].year if found else 0):
            found.append(Step(day, year))
    return tuple(found)


def yearly(terms: Terms, day: date) -> Decimal:
    """Return what the subscription is worth a year by the terms of ``day``; 0 when nothing is paid for that day."""
    paused = any(span.date_from <= day <= span.date_to for span in terms.pauses)
    if terms.rhythm.once or paused or not terms.date_start <= day <= (terms.date_end or day):
        return Decimal(0)
    quantity = _measured(terms, day)
    found = None if terms.meter and quantity is None else rate_on(terms, day, quantity)
    return found.value * 12 / terms.rhythm.months if found else Decimal(0)


def value(stair: Stair, year: Decimal, rounding: Decimal = CENT) -> Amounts:
    """Return a yearly value in the currencies and rounded; ``rounding`` is the company currency's."""
    return Amounts(
        rounded(year * stair.rate / 12, rounding),
        rounded(year * stair.rate, rounding),
        rounded(year / 12, stair.rounding),
    )


def movements(
    stairs: Iterable[Stair],
    rounding: Decimal = CENT,
    known: Mapping[Place, Amounts] | None = None,
    moved: Mapping[int, date] | None = None,
) -> dict[Place, Amounts]:
    """Return every movement of one customer's subscriptions.

    The kind is the customer's, not the subscription's: a second service is expansion, the end of one of two is
    contraction, and what is exchanged for something else on the same day is one change.

    ``known`` is what is recorded of the customer's other subscriptions: their amounts stand, their kinds may not.
    ``moved`` are the days on which subscriptions were handed over to or from another customer.
    """
    found: dict[Place, Amounts] = {}
    total, seen = Decimal(0), False
    for day, changes in sorted(_with_known(_changes(stairs, rounding), known or {}).items()):
        handed_over = {key for key in changes if moved and moved.get(key) == day}
        stay = total + _net(changes, handed_over)
        kind = _kind(stay, total + _net(changes), seen or bool(handed_over))
        for key, amounts in changes.items():
            found[Place(day, key, MOVED if key in handed_over else kind)] = amounts
        total, seen = total + _net(changes), True
    return found


def corrections(wanted: Mapping[Place, Amounts], recorded: Mapping[Place, Amounts]) -> dict[Place, Amounts]:
    """Return what must be added to what is ``recorded`` so that it says what is ``wanted``.

    Nothing that was recorded is changed or removed; run again, the answer is empty.
    """
    missing = {}
    for place in sorted({*wanted, *recorded}):
        difference = wanted.get(place, Amounts()) + -recorded.get(place, Amounts())
        if difference:
            missing[place] = difference
    return missing


def _changes(stairs: Iterable[Stair], rounding: Decimal) -> dict[date, dict[int, Amounts]]:
    changes: dict[date, dict[int, Amounts]] = defaultdict(dict)
    for stair in stairs:
        before = Amounts()
        for step in stair.steps:
            after = value(stair, step.year, rounding)
            if after + -before:
                changes[step.day][stair.key] = after + -before
            before = after
    return changes


def _with_known(
    changes: dict[date, dict[int, Amounts]], known: Mapping[Place, Amounts]
) -> dict[date, dict[int, Amounts]]:
    sums: dict[tuple[date, int], Amounts] = defaultdict(Amounts)
    for place, amounts in known.items():
        sums[place.day, place.key] += amounts
    for (day, key), amounts in sums.items():
        if amounts:
            changes[day][key] = amounts
    return changes


def _net(changes: Mapping[int, Amounts], keys: Collection[int] | None = None) -> Decimal:
    return sum((changes[key].year for key in (changes if keys is None else keys)), Decimal(0))


def _kind(before: Decimal, after: Decimal, seen: bool) -> str:
    if not before:
        return REACTIVATION if seen else NEW
    if not after:
        return CHURN
    return EXPANSION if after >= before else CONTRACTION


def _days_of_change(terms: Terms) -> set[date]:
    days = {terms.date_start, *(version.date_from for version in terms.versions)}
    days.update(reading.date for reading in terms.readings)
    spans = [*terms.pauses, *(discount.span for discount in terms.discounts)]
    days.update(span.date_from for span in spans)
    ends = [*(span.date_to for span in spans), *([terms.date_end] if terms.date_end else [])]
    days.update(end + ONE_DAY for end in ends if end < FOREVER)
    return days


def _measured(terms: Terms, day: date) -> Decimal | None:
    """Return the started blocks of the latest reading of the day or before, None without one or without a meter."""
    known = [reading for reading in terms.readings if reading.date <= day]
    if terms.meter is None or not known:
        return None
    latest = max(known, key=lambda reading: (reading.date, reading.key))
    return started_blocks(latest.quantity, terms.meter.block_size)
