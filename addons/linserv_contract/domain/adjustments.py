"""What was billed and now costs something else: the difference, once and to the öre. Rules 30-35 in billing-rules.md.

Each row of the ledger is a step of the price of a whole period, ``before`` -> ``value``; the charge itself from 0.
The steps in force on a day lead from 0 to what the day stands billed at. Where they do not lead to what the day costs
now, ``missing_steps`` are the steps that do. A step has the same amount however its days are cut (``prices.share``), so
the sum of all layers over any days is their price to the öre, also after an invoice in the middle was cancelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from .agreement import Billed
from .prices import ZERO

Step = tuple[Decimal, Decimal]


def missing_steps(rows: Iterable[Billed], target: Decimal) -> list[Step]:
    """Return the (before, value) that lead from what ``rows`` stand billed at to ``target``."""
    balance: Counter[Decimal] = Counter({target: 1})
    for row in rows:
        if row.value is not None:
            balance[row.value] -= 1
            balance[row.before] += 1
    balance.pop(ZERO, None)
    ends = sorted(value for value, number in balance.items() for _each in range(number))
    starts = sorted(value for value, number in balance.items() for _each in range(-number))
    while len(starts) < len(ends):
        starts.append(ZERO)
    while len(ends) < len(starts):
        ends.append(ZERO)
    return list(zip(starts, ends))


class Credits:
    """What accountants took back by hand of each row, less what adjustments have counted in already.

    A credit that the planner owes is less what was given by hand; a charge that takes a credit back is less what that
    credit was less: what an accountant gave never comes back as a charge.
    """

    def __init__(self, rows: Iterable[Billed]) -> None:
        ordered = sorted(rows, key=lambda row: row.layer)
        self._left = {row: row.credited for row in ordered}
        self._given = {row: max(row.absorbed, ZERO) for row in ordered}
        for row in ordered:
            below = [other for other in ordered if other.layer < row.layer and other.covers(row.span)]
            if row.absorbed > 0:
                _draw(self._left, below, row.absorbed)
            elif row.absorbed < 0:
                self._give_back(below, -row.absorbed)

    def absorb(self, rows: list[Billed], amount: Decimal) -> Decimal:
        """Return what to add to ``amount`` because of credits by hand on ``rows``."""
        if amount < 0:
            return _draw(self._left, rows, -amount)
        return -self._give_back(rows, amount)

    def _give_back(self, rows: list[Billed], amount: Decimal) -> Decimal:
        taken = _draw(self._given, rows, amount)
        credited = [row for row in rows if row.credited > 0]
        if credited:
            self._left[credited[0]] += taken
        return taken


def _draw(pool: dict[Billed, Decimal], rows: Iterable[Billed], amount: Decimal) -> Decimal:
    """Take up to ``amount`` out of the pools of ``rows``; return what was taken."""
    drawn = ZERO
    for row in rows:
        part = min(pool[row], amount - drawn)
        pool[row] -= part
        drawn += part
    return drawn
