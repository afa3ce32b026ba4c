"""What the planner reads, and what it answers: plain values without behaviour of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .periods import Rhythm, Span
from .prices import ONE, ZERO, Discount, PriceVersion, rounded

PERIOD = "period"
ONCE = "once"
ADJUSTMENT = "adjustment"
# Why days that are billed now cost something else, see Charge.cause.
CHANGED, STOPPED, PAUSED, RESTORED = "changed", "stopped", "paused", "restored"


@dataclass(frozen=True)
class Reading:
    """An approved meter reading. ``key`` is the caller's own reference to it."""

    key: int
    date: date
    quantity: Decimal


@dataclass(frozen=True)
class Meter:
    """How a reading becomes a quantity: per started block, and how old it may be."""

    block_size: Decimal = ONE
    max_age_days: int = 45


@dataclass(frozen=True)
class Billed:
    """A row of the ledger in force: from it on, a whole period of these days stands billed at ``value`` instead of
    ``before``.

    ``value`` None is a period that was billed elsewhere: never adjusted. ``layer`` 0 is the charge itself, 1 and on are
    its adjustments. ``quantity`` is what a meter was billed at. ``credited`` is what accountants took back of the row
    by hand, ``absorbed`` how much of such credits this adjustment counted in (negative where it gave them back).
    """

    span: Span
    layer: int = 0
    value: Decimal | None = None
    before: Decimal = ZERO
    quantity: Decimal | None = None
    credited: Decimal = ZERO
    absorbed: Decimal = ZERO

    def covers(self, days: Span) -> bool:
        """Whether the row is for all of ``days``."""
        return self.span.date_from <= days.date_from and days.date_to <= self.span.date_to


@dataclass(frozen=True)
class Terms:
    """One subscription as the planner sees it. ``meter`` is None for a fixed quantity."""

    key: int
    rhythm: Rhythm
    date_start: date
    date_end: date | None = None
    versions: tuple[PriceVersion, ...] = ()
    meter: Meter | None = None
    readings: tuple[Reading, ...] = ()
    billed: tuple[Billed, ...] = ()
    discounts: tuple[Discount, ...] = ()
    pauses: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Charge:
    """Days to bill at one price, or to adjust. ``whole`` is the period that the price is for.

    ``value`` is the price of the whole period after this charge and ``value_before`` the price before it: 0, or what an
    adjustment (``layer`` > 0) corrects, with its ``cause``. ``discount`` is the percentage that is taken off.
    """

    key: int
    served: Span
    whole: Span
    quantity: Decimal
    price_unit: Decimal
    amount: Decimal
    reading: Reading | None = None
    version_key: int = 0
    kind: str = PERIOD
    layer: int = 0
    discount: Decimal = ZERO
    value: Decimal = ZERO
    value_before: Decimal = ZERO
    absorbed: Decimal = ZERO
    cause: str = ""
    simple: bool = True

    @property
    def prorated(self) -> bool:
        """Whether only a part of the period is charged."""
        return self.served != self.whole

    @property
    def itemised(self) -> bool:
        """Whether the invoice line says quantity × price; else it is one item of the amount."""
        if self.prorated or not self.simple or self.kind == ADJUSTMENT:
            return False
        exact = self.quantity * self.price_unit * (100 - self.discount) / 100
        return rounded(exact, Decimal(1).scaleb(_exponent(self.amount))) == self.amount

    @property
    def invoice_quantity(self) -> Decimal:
        """Quantity to write on the invoice: a prorated charge is one item."""
        return self.quantity if self.itemised else ONE

    @property
    def invoice_price(self) -> Decimal:
        """Price to write on the invoice, so that quantity times price less the discount is the amount."""
        return self.price_unit if self.itemised else self.amount

    @property
    def invoice_discount(self) -> Decimal:
        """Percentage to write on the invoice."""
        return self.discount if self.itemised else ZERO


@dataclass(frozen=True)
class Hold:
    """Days that are due but not billed. ``values`` explains ``reason`` to a person."""

    key: int
    served: Span
    reason: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What to bill, what is held back, and {subscription: when it is due next} once this plan is billed."""

    charges: tuple[Charge, ...] = ()
    holds: tuple[Hold, ...] = ()
    next_due: dict[int, date] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal:
        """Sum of the charges, without tax. Negative where more is credited than charged."""
        return sum((charge.amount for charge in self.charges), ZERO)


def joined(plans: Iterable[Plan]) -> Plan:
    """Return several plans as one, for one invoice."""
    several = list(plans)
    return Plan(
        tuple(charge for plan in several for charge in plan.charges),
        tuple(hold for plan in several for hold in plan.holds),
        {key: day for plan in several for key, day in plan.next_due.items()},
    )


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
