"""What a period costs: version in force, tiers, minimums, discounts. Rules 9-14 and 24-27 in billing-rules.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import TypeVar

from .periods import Span

GRADUATED = "graduated"
VOLUME = "volume"
ONE, ZERO = Decimal(1), Decimal(0)
Version = TypeVar("Version")
Number = TypeVar("Number")
# Prices of a whole period are compared and stored to the millionth, far below the smallest amount of any currency.
FINENESS = Decimal("0.000001")


@dataclass(frozen=True)
class Tier:
    """Price of one unit beyond ``above`` units."""

    above: Decimal
    price_unit: Decimal


@dataclass(frozen=True)
class PriceVersion:
    """Price of one unit for one whole period, and the fixed quantity, from a day on.

    Units beyond a tier cost the tier's price: ``graduated``, each unit the price of its own tier; ``volume``, all units
    the price of the tier that the quantity reaches. ``key`` is the caller's own reference to the version.
    """

    date_from: date
    price_unit: Decimal
    quantity: Decimal = ONE
    key: int = 0
    tiers: tuple[Tier, ...] = ()
    tier_mode: str = GRADUATED
    minimum_quantity: Decimal = ZERO
    minimum_amount: Decimal = ZERO


@dataclass(frozen=True)
class Discount:
    """Percent off the price of each day of ``span``."""

    span: Span
    percent: Decimal


@dataclass(frozen=True)
class Rate:
    """What one whole period costs: ``value`` after the discount, to the millionth.

    ``price_unit`` is of one unit before the discount, an average where tiers or a minimum decide;
    ``simple`` tells that it is not, so that an invoice can say quantity × price.
    """

    quantity: Decimal
    price_unit: Decimal
    discount: Decimal
    value: Decimal
    simple: bool = True
    version_key: int = field(default=0, compare=False)


def price_on(versions: Iterable[PriceVersion], day: date) -> PriceVersion | None:
    """Return the version in force on ``day``, None before the first."""
    begun = [version for version in versions if version.date_from <= day]
    return max(begun, key=lambda version: version.date_from, default=None)


def carried(
    later: Iterable[tuple[Version, Mapping[str, Number]]], old: Mapping[str, Number], new: Mapping[str, Number]
) -> list[tuple[Version, dict[str, Number]]]:
    """Return what a change from ``old`` to ``new`` values also changes in the ``later`` versions, given in order.

    A value that goes on unchanged in them is the same agreement: two users from December are two users in January too,
    when the price changes. A later version that says something else for itself keeps it, and so do those after it.
    """
    changing = {name for name in new if new[name] != old[name]}
    changes = []
    for version, values in later:
        changing = {name for name in changing if values[name] == old[name]}
        if not changing:
            break
        changes.append((version, {name: new[name] for name in sorted(changing)}))
    return changes


def discount_on(discounts: Iterable[Discount], day: date) -> Decimal:
    """Return the percentage that is taken off on ``day``."""
    return next((one.percent for one in discounts if one.span.date_from <= day <= one.span.date_to), ZERO)


def started_blocks(quantity: Decimal, block_size: Decimal) -> Decimal:
    """Return the number of started blocks: 1,201 lines in blocks of 100 are 13."""
    return (quantity / block_size).to_integral_value(ROUND_CEILING)


def rate(version: PriceVersion, quantity: Decimal, percent: Decimal = ZERO) -> Rate:
    """Return what ``quantity`` units cost for one whole period at ``version``, less ``percent``."""
    quantity = max(quantity, version.minimum_quantity)
    price_unit, listed, simple = _list_price(version, quantity)
    if version.minimum_amount and listed < version.minimum_amount:
        listed, simple = version.minimum_amount, False
        price_unit = listed / quantity if quantity else listed
    value = (listed * (100 - percent) / 100).quantize(FINENESS, ROUND_HALF_UP)
    return Rate(quantity, price_unit, percent, value, simple, version.key)


def rounded(amount: Decimal, rounding: Decimal) -> Decimal:
    """Round to the currency's smallest amount, halves away from zero."""
    steps = (amount / rounding).quantize(ONE, ROUND_HALF_UP)
    return steps * rounding


def share(value: Decimal, days: Span, whole: Span, rounding: Decimal) -> Decimal:
    """Return the part of ``value`` that falls on ``days`` of the ``whole`` period.

    The difference of two rounded running totals, so that the parts of a period add up
    to the price of the period to the öre however it was cut.
    """
    before = (days.date_from - whole.date_from).days
    upto = before + days.days
    return rounded(value * upto / whole.days, rounding) - rounded(value * before / whole.days, rounding)


def _list_price(version: PriceVersion, quantity: Decimal) -> tuple[Decimal, Decimal, bool]:
    """Return (price of a unit, price of all, whether the one times the quantity is the other)."""
    reached = [tier for tier in sorted(version.tiers, key=lambda tier: tier.above) if tier.above < quantity]
    if not reached:
        return version.price_unit, quantity * version.price_unit, True
    if version.tier_mode == VOLUME:
        return reached[-1].price_unit, quantity * reached[-1].price_unit, True
    listed = _graduated([Tier(ZERO, version.price_unit), *reached], quantity)
    simple = reached[0].above <= 0 and len(reached) == 1
    return (reached[0].price_unit if simple else listed / quantity), listed, simple


def _graduated(tiers: list[Tier], quantity: Decimal) -> Decimal:
    ends = [tier.above for tier in tiers[1:]] + [quantity]
    return sum(((end - tier.above) * tier.price_unit for tier, end in zip(tiers, ends)), ZERO)
