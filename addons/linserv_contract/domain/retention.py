"""The figures of a month out of the ledger of movements: churn, retention, cohorts. Rule 84 in docs/billing-rules.md.

Months are named by their first day; amounts are monthly recurring revenue in company currency.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .periods import add_months
from .revenue import CHURN, CONTRACTION, KINDS

ZERO = Decimal(0)


@dataclass(frozen=True)
class Row:
    """The sum of a customer's movements of one kind in one month."""

    customer: int
    month: date
    kind: str
    amount: Decimal


@dataclass(frozen=True)
class Month:
    """One month: where it began, what happened, where it ended."""

    month: date
    opening: Decimal
    closing: Decimal
    kinds: Mapping[str, Decimal] = field(default_factory=dict)
    customers_opening: int = 0
    customers_closing: int = 0
    customers_new: int = 0
    customers_lost: int = 0

    @property
    def churn_rate(self) -> Decimal | None:
        """Part of the opening revenue that was lost by customers who left; None when there was none to lose."""
        return -self.kinds[CHURN] / self.opening if self.opening else None

    @property
    def loss_rate(self) -> Decimal | None:
        """Part of the opening revenue that was lost by customers who left or bought less."""
        return -(self.kinds[CHURN] + self.kinds[CONTRACTION]) / self.opening if self.opening else None

    @property
    def customer_churn_rate(self) -> Decimal | None:
        """Part of the customers at the month's beginning that were none at its end."""
        return Decimal(self.customers_lost) / self.customers_opening if self.customers_opening else None


@dataclass(frozen=True)
class Retention:
    """What became of the revenue of the customers of an earlier day; None when there was none."""

    gross: Decimal | None
    net: Decimal | None
    customers: Decimal | None


@dataclass(frozen=True)
class Cohort:
    """The customers whose first month it was, and their revenue at the end of that month and of each later one."""

    month: date
    customers: int
    levels: tuple[Decimal, ...]


def groups(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return {customer: the one that stands for all it is joined with} by pairs of customers that are one."""
    members: dict[int, set[int]] = {}
    for pair in pairs:
        joined = set().union(*(members.get(customer, {customer}) for customer in pair))
        members.update(dict.fromkeys(joined, joined))
    return {customer: min(joined) for customer, joined in members.items()}


def months_between(first: date, last: date) -> Iterator[date]:
    """Yield the first day of every month from ``first`` to ``last``, both included."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = add_months(month, 1)


def months(rows: Iterable[Row], first: date, last: date) -> list[Month]:
    """Return the figures of every month from ``first`` to ``last``; ``rows`` begin with the very first movement."""
    by_month: dict[date, list[Row]] = defaultdict(list)
    levels: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.month < first.replace(day=1):
            levels[row.customer] += row.amount
        else:
            by_month[row.month].append(row)
    return [_month(month, levels, by_month[month]) for month in months_between(first, last)]


def levels_at(rows: Iterable[Row], month: date) -> dict[int, Decimal]:
    """Return {customer: revenue} at the end of ``month``, without those at nothing."""
    levels: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.month <= month:
            levels[row.customer] += row.amount
    return {customer: level for customer, level in levels.items() if level}


def retention(then: Mapping[int, Decimal], now: Mapping[int, Decimal]) -> Retention:
    """Compare the customers of ``then`` with what they are worth now; customers that came since do not count."""
    total = sum(then.values(), ZERO)
    if not total:
        return Retention(None, None, None)
    kept = {customer: now.get(customer, ZERO) for customer in then}
    gross = sum((min(level, then[customer]) for customer, level in kept.items()), ZERO)
    stayed = sum(1 for level in kept.values() if level)
    return Retention(gross / total, sum(kept.values(), ZERO) / total, Decimal(stayed) / len(then))


def cohorts(rows: Iterable[Row], last: date) -> list[Cohort]:
    """Return the customers by the month of their first movement, followed to the end of the month ``last``."""
    courses: dict[int, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        if row.month <= last:
            courses[row.customer][row.month] += row.amount
    starting: dict[date, list[dict[date, Decimal]]] = defaultdict(list)
    for course in courses.values():
        starting[min(course)].append(course)
    return [
        Cohort(month, len(members), tuple(_cohort_levels(members, month, last)))
        for month, members in sorted(starting.items())
    ]


def _cohort_levels(members: list[dict[date, Decimal]], first: date, last: date) -> Iterator[Decimal]:
    level = ZERO
    for month in months_between(first, last):
        level += sum((course.get(month, ZERO) for course in members), ZERO)
        yield level


def _month(month: date, levels: dict[int, Decimal], rows: Iterable[Row]) -> Month:
    """Return the figures of ``month`` and move ``levels`` to its end."""
    before = {customer for customer, level in levels.items() if level}
    opening = sum(levels.values(), ZERO)
    kinds = dict.fromkeys(KINDS, ZERO)
    for row in rows:
        levels[row.customer] += row.amount
        kinds[row.kind] += row.amount
    after = {customer for customer, level in levels.items() if level}
    return Month(
        month,
        opening,
        sum(levels.values(), ZERO),
        kinds,
        len(before),
        len(after),
        len(after - before),
        len(before - after),
    )
