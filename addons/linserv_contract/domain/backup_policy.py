"""The notation of backup policies, and the rule that one service needs another's backup.

``FS 90/4`` = the file system, kept 90 days, 4 points a day; ``DB 90/48`` = the database every 30 minutes; ``DR 14/1`` =
a disaster-recovery copy once a day, kept 14 days. Source: the product sheet. Rules 64-65 in docs/billing-rules.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from .periods import ONE_DAY, Span

FOREVER = date(9999, 12, 31)
NOTATION = re.compile(r"([A-Z]{2})\s+(\d{1,4})\s*/\s*(\d{1,4})")


class PolicyError(ValueError):
    """The text is not a list of backup policies."""


@dataclass(frozen=True)
class Policy:
    """What is saved (``kind``: DB, FS or DR), for how many days, and how many points a day."""

    kind: str
    days: int
    points: int

    def __str__(self) -> str:
        return "%s %d/%d" % (self.kind, self.days, self.points)

    def satisfies(self, other: Policy) -> bool:
        """Tell whether this policy gives at least what ``other`` asks for."""
        return self.kind == other.kind and self.days >= other.days and self.points >= other.points


@dataclass(frozen=True)
class Offer:
    """A backup that is in force from a day to a day (None = until further notice), with its policies."""

    date_from: date
    date_to: date | None
    policies: tuple[Policy, ...]


def parse(text: str | None) -> tuple[Policy, ...]:
    """Return the policies of "DB 90/48, FS 90/4"; nothing of an empty text.

    Raises PolicyError with the part that cannot be read.
    """
    parts = [part.strip() for part in re.split(r"[,;\n]", text or "")]
    return tuple(_parse_one(part) for part in parts if part)


def unmet(required: Iterable[Policy], offered: Iterable[Policy]) -> list[Policy]:
    """Return what is required and that no single one of ``offered`` satisfies."""
    known = list(offered)
    return [each for each in required if not any(policy.satisfies(each) for policy in known)]


def first_gap(
    required: Iterable[Policy], date_from: date, date_to: date | None, offers: Iterable[Offer]
) -> tuple[date, Policy] | None:
    """Return the first day between the dates (both included) without what is required, and what is missing.

    Each required policy is looked at alone: a day is covered when one offer in force on it satisfies the policy, and
    one backup may take over from another from one day to the next.
    """
    known = list(offers)
    gaps = [(day, policy) for policy in required for day in _uncovered(policy, date_from, date_to, known)]
    return min(gaps, key=lambda gap: gap[0], default=None)


def _uncovered(policy: Policy, date_from: date, date_to: date | None, offers: list[Offer]) -> Iterator[date]:
    needed = Span(date_from, date_to or FOREVER)
    enough = [offer for offer in offers if any(each.satisfies(policy) for each in offer.policies)]
    covered = [Span(offer.date_from, offer.date_to or FOREVER) for offer in enough]
    for span in without(needed, covered):
        yield span.date_from


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """Return ``span`` without ``taken``, where a span may last for ever."""
    free, start = [], span.date_from
    for other in sorted(taken):
        if other.date_to < start or other.date_from > span.date_to:
            continue
        if other.date_from > start:
            free.append(Span(start, other.date_from - ONE_DAY))
        if other.date_to >= span.date_to:
            return free
        start = other.date_to + ONE_DAY
    return [*free, Span(start, span.date_to)]


def _parse_one(part: str) -> Policy:
    match = NOTATION.fullmatch(part.upper())
    if match is None:
        raise PolicyError(part)
    return Policy(match.group(1), int(match.group(2)), int(match.group(3)))
