"""Why this month's invoices are not last month's: each difference with its reason, to the öre.

``differences`` compares what two months bill, subscription by subscription. The amounts that it
returns for a subscription always add up to the difference. Rules 52-53 in docs/billing-rules.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

NEW = "new"
ENDED = "ended"
RESUMED = "resumed"
PAUSED = "paused"
HELD = "held"
RHYTHM = "rhythm"
CATCH_UP = "catch_up"
PART = "part"
PRICE = "price"
INDEX = "index"
QUANTITY = "quantity"
DISCOUNT = "discount"
ONE_OFF = "one_off"
CORRECTION = "correction"
OTHER = "other"

ZERO = Decimal(0)


@dataclass(frozen=True)
class Item:
    """One charge of a month. ``share`` is the part of a whole period, ``kind`` the planner's."""

    key: int
    date_from: date
    share: Decimal
    quantity: Decimal
    price_unit: Decimal
    amount: Decimal
    kind: str = "period"
    indexed: bool = False

    @property
    def nominal(self) -> Decimal:
        """The amount before discounts and rounding."""
        return self.share * self.quantity * self.price_unit


@dataclass(frozen=True)
class Facts:
    """What is known of a subscription beside its charges. ``months`` is its rhythm."""

    months: int = 1
    billed_before: bool = False
    ended: bool = False
    held: bool = False
    paused: bool = False
    discounted: bool = False


@dataclass(frozen=True)
class Difference:
    """A part of the difference between two months, never zero."""

    key: int
    reason: str
    amount: Decimal


def differences(before: Iterable[Item], after: Iterable[Item], facts: Mapping[int, Facts]) -> tuple[Difference, ...]:
    """Return why the month of ``after`` is not that of ``before``, subscription by subscription."""
    first, second = _by_key(before), _by_key(after)
    found: list[Difference] = []
    for key in dict.fromkeys([*first, *second]):
        found += _of_subscription(key, first[key], second[key], facts.get(key, Facts()))
    return tuple(each for each in found if each.amount)


def _by_key(items: Iterable[Item]) -> defaultdict[int, list[Item]]:
    grouped: defaultdict[int, list[Item]] = defaultdict(list)
    for item in items:
        grouped[item.key].append(item)
    return grouped


def _of_subscription(key: int, before: list[Item], after: list[Item], facts: Facts) -> list[Difference]:
    found = [
        Difference(key, ONE_OFF, _total(after, "once") - _total(before, "once")),
        Difference(key, CORRECTION, _total(after, "adjustment") - _total(before, "adjustment")),
    ]
    old = [item for item in before if item.kind == "period"]
    new = [item for item in after if item.kind == "period"]
    return found + [Difference(key, reason, amount) for reason, amount in _periods(old, new, facts).items()]


def _total(items: Iterable[Item], kind: str) -> Decimal:
    return sum((item.amount for item in items if item.kind == kind), ZERO)


def _periods(before: list[Item], after: list[Item], facts: Facts) -> dict[str, Decimal]:
    if not before:
        return {_why_begun(after, facts): _total(after, "period")}
    if not after:
        return {_why_gone(facts): -_total(before, "period")}
    effects = _effects(before, after, facts)
    missing = _total(after, "period") - _total(before, "period") - sum(effects.values(), ZERO)
    if missing:
        largest = max(effects, key=lambda reason: abs(effects[reason]), default=OTHER)
        effects[largest] = effects.get(largest, ZERO) + missing
    return effects


def _why_begun(after: list[Item], facts: Facts) -> str:
    if not facts.billed_before:
        return NEW
    if facts.months > 1:
        return RHYTHM
    return CATCH_UP if _shares(after) > 1 else RESUMED


def _why_gone(facts: Facts) -> str:
    for known, reason in ((facts.held, HELD), (facts.paused, PAUSED), (facts.ended, ENDED)):
        if known:
            return reason
    return RHYTHM


def _effects(before: list[Item], after: list[Item], facts: Facts) -> dict[str, Decimal]:
    """Split the difference: how many periods, then quantity, then price, then discount."""
    old, new = _last(before), _last(after)
    periods, more = _shares(after), _shares(after) - _shares(before)
    begun = CATCH_UP if max(periods, _shares(before)) > 1 else PART
    price = INDEX if new.indexed else PRICE
    effects = {
        begun: more * old.quantity * old.price_unit,
        QUANTITY: periods * (new.quantity - old.quantity) * old.price_unit,
        price: periods * new.quantity * (new.price_unit - old.price_unit),
    }
    if facts.discounted:
        effects[DISCOUNT] = _discount(before) - _discount(after)
    rounded = {reason: amount.quantize(Decimal("0.01")) for reason, amount in effects.items()}
    return {reason: amount for reason, amount in rounded.items() if amount}


def _last(items: list[Item]) -> Item:
    return max(items, key=lambda item: item.date_from)


def _shares(items: Iterable[Item]) -> Decimal:
    """Number of whole periods; thirds that do not meet exactly are still a whole."""
    return sum((item.share for item in items), ZERO).quantize(Decimal("0.000001"))


def _discount(items: Iterable[Item]) -> Decimal:
    return sum((item.nominal - item.amount for item in items), ZERO)
