"""Who approves a count: the rules do, unless it moved more than the band allows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

FIRST_COUNT = "first_count"
WITHIN_BAND = "within_band"
ABOVE_BAND = "above_band"
BELOW_BAND = "below_band"
WITHIN_AGREED = "within_agreed"
OUTSIDE_AGREED = "outside_agreed"
EMPTY_COUNT = "empty_count"


@dataclass(frozen=True)
class Decision:
    """`automatic` says whether the count is approved at once; `reason` why, as a code for the text."""

    automatic: bool
    reason: str
    change_percent: Decimal


def change_percent(before: int, after: int) -> Decimal:
    """Change in percent of `before`, two decimals; growth from nothing is 100 percent."""
    if before == 0:
        return Decimal("0.00") if after == 0 else Decimal("100.00")
    return (Decimal(after - before) * 100 / Decimal(before)).quantize(Decimal("0.01"))


def within_band(before: int, after: int, band: Decimal) -> bool:
    """Whether `after` departs from `before` by at most `band` percent, borders included."""
    return abs(Decimal(after - before)) * 100 <= Decimal(before) * band


def decide(lines: int, previous: int | None, agreed: int | None, band: Decimal) -> Decision:
    """Decide on a count of `lines`.

    `previous` is the last approved count of the instance (None for the first one), `agreed` the
    number of lines written in the agreement (None when it names none), `band` is in percent.
    A first count waits for a person, unless the agreement names a number and the count is near it.
    A count of nothing always waits: it usually means that the host lost its modules.
    """
    reference = previous if previous is not None else agreed
    percent = change_percent(reference, lines) if reference is not None else Decimal(0)
    if lines == 0 and previous != 0:
        return Decision(False, EMPTY_COUNT, percent)
    if reference is None:
        return Decision(False, FIRST_COUNT, percent)
    near = within_band(reference, lines, band)
    if previous is None:
        return Decision(near, WITHIN_AGREED if near else OUTSIDE_AGREED, percent)
    if near:
        return Decision(True, WITHIN_BAND, percent)
    return Decision(False, ABOVE_BAND if lines > reference else BELOW_BAND, percent)
