"""The second opinion: how far pygount may depart from the official count before it is an alarm.

pygount counts by other rules, so it cannot give the number that is billed. Over 166 modules its
code and string lines stayed within -15 to +4 percent of the official count: further away than
that, one of the two has met something that a person should look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Band:
    """Tolerated departure in percent, borders included."""

    low: Decimal
    high: Decimal


DEFAULT_BAND = Band(Decimal(-15), Decimal(4))
#: Below this many official lines a percentage says nothing.
SMALLEST_JUDGED = 100


@dataclass(frozen=True)
class LanguageLines:
    """What pygount found in the files of one language."""

    language: str
    files: int
    code: int
    documentation: int
    empty: int
    string: int


def departure(official: int, other: int) -> Decimal:
    """Departure of `other` from `official` in percent, two decimals."""
    if official == 0:
        return Decimal("0.00") if other == 0 else Decimal("100.00")
    return (Decimal(other - official) * 100 / Decimal(official)).quantize(Decimal("0.01"))


def is_alarm(official: int, other: int, band: Band = DEFAULT_BAND) -> bool:
    """Whether the second opinion is too far away to be explained by its other rules."""
    if official < SMALLEST_JUDGED and other < SMALLEST_JUDGED:
        return False
    if official == 0:
        return other > 0
    exact = Decimal(other - official) * 100 / Decimal(official)
    return not band.low <= exact <= band.high


def by_language(found: Iterable[LanguageLines]) -> list[LanguageLines]:
    """Add up per language, the largest first."""
    totals: dict[str, LanguageLines] = {}
    for lines in found:
        known = totals.get(lines.language)
        totals[lines.language] = lines if known is None else _add(known, lines)
    return sorted(totals.values(), key=lambda lines: (-lines.code, lines.language))


def _add(one: LanguageLines, two: LanguageLines) -> LanguageLines:
    return LanguageLines(
        one.language,
        one.files + two.files,
        one.code + two.code,
        one.documentation + two.documentation,
        one.empty + two.empty,
        one.string + two.string,
    )
