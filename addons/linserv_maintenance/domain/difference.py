"""What changed between two counts, per module, in lines and kronor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from .price import Price, monthly_fee, pro_rata

ADDED = "added"
REMOVED = "removed"
GROWN = "grown"
SHRUNK = "shrunk"
SAME = "same"


@dataclass(frozen=True)
class Change:
    """One module before and after; `amount` is its share of the change of the fee, unrounded by blocks."""

    name: str
    before: int
    after: int
    kind: str
    amount: Decimal

    @property
    def lines(self) -> int:
        """Lines gained (negative: lost)."""
        return self.after - self.before


@dataclass(frozen=True)
class Difference:
    """All modules of both counts; `rounding` makes the modules' amounts add up to `amount`."""

    changes: tuple[Change, ...]
    before: int
    after: int
    amount: Decimal
    rounding: Decimal

    @property
    def lines(self) -> int:
        """Lines gained in all (negative: lost)."""
        return self.after - self.before


def kind_of(before: int | None, after: int | None) -> str:
    """Name the change of one module; None stands for a module that is not there."""
    if before is None:
        return ADDED
    if after is None:
        return REMOVED
    if before == after:
        return SAME
    return GROWN if after > before else SHRUNK


def compare(before: Mapping[str, int], after: Mapping[str, int], price: Price) -> Difference:
    """Compare two counts given as lines of code per module.

    The modules with the largest change come first, then by name, so that a person sees at the
    top what moved the bill.
    """
    changes = [_change(name, before.get(name), after.get(name), price) for name in sorted(set(before) | set(after))]
    changes.sort(key=lambda change: (-abs(change.lines), change.name))
    total_before, total_after = sum(before.values()), sum(after.values())
    amount = monthly_fee(total_after, price) - monthly_fee(total_before, price)
    shares = sum((change.amount for change in changes), Decimal(0))
    return Difference(tuple(changes), total_before, total_after, amount, amount - shares)


def _change(name: str, before: int | None, after: int | None, price: Price) -> Change:
    lines = (after or 0) - (before or 0)
    return Change(name, before or 0, after or 0, kind_of(before, after), pro_rata(lines, price))
