"""Prepaid packs of hours: drawn first in, first out; expiry; overdraw; what is returned.

Rules 77-79 in docs/billing-rules.md. Time is in whole minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .periods import add_months


@dataclass(frozen=True)
class Pack:
    """A pack as the ledger sees it: first and last day on which work may draw, minutes left (negative: overdrawn)."""

    key: int
    date_start: date
    date_end: date | None
    left: int
    overdraw: int = 0

    def gives(self, day: date) -> bool:
        """Tell whether work done on ``day`` may draw from the pack."""
        return self.date_start <= day and (self.date_end is None or day <= self.date_end)


@dataclass(frozen=True)
class Draw:
    """Minutes taken from a pack; negative minutes are put back."""

    key: int
    minutes: int


def last_day(date_start: date, months: int) -> date | None:
    """Return the last day of a pack that is valid for ``months``; 0 is for ever."""
    return add_months(date_start, months) - timedelta(days=1) if months else None


def draw(packs: Iterable[Pack], minutes: int, day: date) -> tuple[list[Draw], int]:
    """Return the draws for work of ``day``, oldest pack first, and the minutes that no pack gave.

    When every pack is empty the newest may be overdrawn as far as somebody has approved.
    """
    able = sorted((pack for pack in packs if pack.gives(day)), key=lambda pack: (pack.date_start, pack.key))
    taken: dict[int, int] = {}
    for pack in able:
        part = min(minutes, max(0, pack.left))
        if part:
            taken[pack.key], minutes = part, minutes - part
    for pack in reversed(able):
        part = min(minutes, max(0, pack.overdraw + min(0, pack.left)))
        if part:
            taken[pack.key], minutes = taken.get(pack.key, 0) + part, minutes - part
    return [Draw(key, part) for key, part in taken.items()], minutes


def give_back(draws: Sequence[Draw], minutes: int) -> list[Draw]:
    """Return the draws that put ``minutes`` back where they came from, last taken first.

    ``draws`` are the earlier ones in their order, what has been put back already among them.
    """
    held: dict[int, int] = {}
    for each in draws:
        held[each.key] = held.pop(each.key, 0) + each.minutes
    result = []
    for key in reversed(list(held)):
        part = min(minutes, held[key])
        if part > 0:
            result.append(Draw(key, -part))
            minutes -= part
    return result


def settle(debts: Iterable[Pack], new: Pack) -> list[Draw]:
    """Return the draws by which a new pack pays what older ones are overdrawn, oldest first."""
    left, result = new.left, []
    for pack in sorted(debts, key=lambda each: (each.date_start, each.key)):
        part = min(left, max(0, -pack.left))
        if part:
            result += [Draw(new.key, part), Draw(pack.key, -part)]
            left -= part
    return result


def value_left(price: Decimal, bought: int, left: int, rounding: Decimal) -> Decimal:
    """Return what the unused minutes of a pack are worth of its price, rounded in the currency."""
    share = price * max(0, left) / bought
    return (share / rounding).quantize(Decimal(1), ROUND_HALF_UP) * rounding
