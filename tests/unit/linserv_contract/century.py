"""A subscription's life for the property tests: what is agreed, changed, billed and credited, in the order it happens.

The ledger here is a list of rows as the database keeps them; what the days cost is counted again, day by day, without
the planner (``cost_of_period``).
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from odoo.addons.linserv_contract.domain.agreement import Billed, Charge, Terms
from odoo.addons.linserv_contract.domain.charges import plan
from odoo.addons.linserv_contract.domain.periods import ONE_DAY, Span
from odoo.addons.linserv_contract.domain.prices import PriceVersion

ORE = Decimal("0.01")


@dataclass(frozen=True)
class Row:
    """A row of the ledger with the charge that made it."""

    charge: Charge
    credited: Decimal = Decimal(0)

    def as_billed(self):
        one = self.charge
        return Billed(one.served, one.layer, one.value, one.value_before, one.quantity, self.credited, one.absorbed)


@dataclass
class Life:
    """``terms`` as they stand, and the rows in force."""

    terms: Terms
    rows: list = field(default_factory=list)

    def bill(self, day):
        """Bill what is due and return the charges."""
        planned = plan(replace(self.terms, billed=tuple(row.as_billed() for row in self.rows)), day)
        assert not planned.holds
        self.rows += [Row(charge) for charge in planned.charges]
        return planned

    def change_price(self, day, price, quantity):
        kept = [version for version in self.terms.versions if version.date_from != day]
        self.terms = replace(self.terms, versions=(*kept, PriceVersion(day, price, quantity)))

    def add(self, name, span, made):
        """Add a discount or pause where there is none yet."""
        others = getattr(self.terms, name)
        taken = [getattr(other, "span", other) for other in others]
        if len(span.without(taken)) == 1 and span.without(taken)[0] == span:
            self.terms = replace(self.terms, **{name: (*others, made)})

    def remove(self, name, number):
        others = getattr(self.terms, name)
        if others:
            gone = others[number % len(others)]
            self.terms = replace(self.terms, **{name: tuple(other for other in others if other is not gone)})

    def end(self, day):
        self.terms = replace(self.terms, date_end=day)

    def credit_in_full(self, number):
        """A credit note of a whole line frees its days."""
        if self.rows:
            self.rows.pop(number % len(self.rows))

    def credit_a_part(self, number, percent):
        if self.rows:
            row = self.rows[number % len(self.rows)]
            amount = (row.charge.amount * percent / 100).quantize(ORE)
            if amount > 0:
                self.rows[number % len(self.rows)] = replace(row, credited=max(row.credited, amount))


def days_of(span):
    return [span.date_from + timedelta(days=number) for number in range(span.days)]


def value_on(terms, day):
    """What a whole period costs at the terms of this day: 0 out of service."""
    over = terms.date_end and day > terms.date_end
    if day < terms.date_start or over or any(span.date_from <= day <= span.date_to for span in terms.pauses):
        return Decimal(0)
    version = sorted((one for one in terms.versions if one.date_from <= day), key=lambda one: one.date_from)[-1]
    value = version.price_unit * version.quantity
    for discount in terms.discounts:
        if discount.span.date_from <= day <= discount.span.date_to:
            value = value * (100 - discount.percent) / 100
    return value


def cost_of_day(value, number, days):
    """The part of day ``number`` of a period of ``days`` days: the difference of two rounded sums."""
    upto, before = (value * count / days for count in (number + 1, number))
    return upto.quantize(ORE, ROUND_HALF_UP) - before.quantize(ORE, ROUND_HALF_UP)


def cost_of_period(terms, whole):
    """What the period costs, counted day by day."""
    return sum(cost_of_day(value_on(terms, day), number, whole.days) for number, day in enumerate(days_of(whole)))


def periods_until(terms, last):
    """The whole periods from the start to ``last``."""
    number, found = terms.rhythm.number_of(terms.date_start), []
    while terms.rhythm.period(number).date_from <= last:
        found.append(terms.rhythm.period(number))
        number += 1
    return found


def served_days(terms, until):
    """The days to be billed once, from the start until ``until``."""
    last = min(until, terms.date_end or date.max)
    days = days_of(Span(terms.date_start, last)) if last >= terms.date_start else []
    return [day for day in days if not any(span.date_from <= day <= span.date_to for span in terms.pauses)]


def last_due_day(terms, billing_date):
    """The last day of the last period that is due on the billing date."""
    last = terms.date_start - ONE_DAY
    for whole in periods_until(terms, billing_date):
        served = whole.clipped(terms.date_start, terms.date_end)
        if served and terms.rhythm.due(served) <= billing_date:
            last = whole.date_to
    return last
