"""Coverage: does a customer's agreement include a piece of work, and if not, how is it paid?

The one decision behind every ticket, restart, restore, test copy, patch and upgrade. What the services include is data
(the cells of the matrix and a contract's own deviations); here is only the order in which they speak.
Rules 70-73 in docs/billing-rules.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .periods import add_months

# What a cell of the matrix, or a deviation, says.
COVERED, QUOTA, AGREEMENT, CHARGED = "covered", "quota", "agreement", "charged"
# What a work type is when no service speaks of it. "separate" is said out loud: whatever the customer has bought.
FREE, SEPARATE = "free", "separate"
# What is answered; a charged piece of work may then be taken from a prepaid pack.
PACK = "pack"

# Why.
IS_FREE, IN_SERVICE, IN_QUOTA = "is_free", "in_service", "in_quota"
DEVIATION_COVERED, DEVIATION_CHARGED = "deviation_covered", "deviation_charged"
QUOTA_USED, TOO_EARLY, BY_AGREEMENT = "quota_used", "too_early", "by_agreement"
NOT_PRODUCTION, OTHER_INSTANCE, NOT_BOUGHT, IS_SEPARATE, NOT_IN_FORCE = (
    "not_production",
    "other_instance",
    "not_bought",
    "is_separate",
    "not_in_force",
)
# Of several services that almost include the work, the reason that helps the customer most is told.
NEAREST = (TOO_EARLY, QUOTA_USED, BY_AGREEMENT, NOT_PRODUCTION)
# These are never begun on the strength of a ticket alone: somebody says yes first.
ASKED_FIRST = frozenset({TOO_EARLY, QUOTA_USED, BY_AGREEMENT})


@dataclass(frozen=True)
class Cell:
    """What one service in force on the instance, or the contract's own deviation, says of the work.

    ``key`` is the record's; ``since`` the service's first day; ``limit`` and ``used`` of the quota's year;
    ``fee`` is paid each time the quota is used; ``waiting_months`` from ``since`` need Linserv's agreement.
    """

    key: int
    treatment: str
    since: date
    limit: int = 0
    used: int = 0
    fee: Decimal = Decimal(0)
    waiting_months: int = 0
    production_only: bool = False
    is_deviation: bool = False


@dataclass(frozen=True)
class Question:
    """One piece of work on one day. ``default`` is the work type's own word: free, charged or separate."""

    day: date
    default: str = CHARGED
    cells: tuple[Cell, ...] = ()
    is_production: bool = True
    is_agreed: bool = False  # Linserv has agreed to it before the waiting time is over
    has_elsewhere: bool = False  # the contract has a service that includes it, for another instance
    has_contract: bool = True  # there is a contract in force on the day


@dataclass(frozen=True)
class Decision:
    """The answer: covered, quota or charged; why; and by which cell."""

    outcome: str
    reason: str
    cell: Cell | None = None
    needs_approval: bool = False

    @property
    def fee(self) -> Decimal:
        """What using the quota costs each time."""
        return self.cell.fee if self.cell and self.outcome == QUOTA else Decimal(0)

    @property
    def date_earliest(self) -> date | None:
        """The day from which no agreement is needed any more."""
        if self.reason != TOO_EARLY or not self.cell:
            return None
        return add_months(self.cell.since, self.cell.waiting_months)


def decide(question: Question) -> Decision:
    """Return the answer to ``question``: the contract's own word first, then what is free, then the services."""
    deviation = next((cell for cell in question.cells if cell.is_deviation), None)
    if deviation:
        return _ask(deviation, question)
    if question.default == FREE:
        return Decision(COVERED, IS_FREE)
    answers = [_ask(cell, question) for cell in question.cells]
    given = [answer for answer in answers if answer.outcome != CHARGED]
    if given:
        return max(given, key=_worth)
    refused = [answer for answer in answers if answer.reason in NEAREST]
    if refused:
        return min(refused, key=lambda answer: NEAREST.index(answer.reason))
    return Decision(CHARGED, _why_nothing(question))


def _why_nothing(question: Question) -> str:
    if question.default == SEPARATE:
        return IS_SEPARATE
    if not question.has_contract:
        return NOT_IN_FORCE
    return OTHER_INSTANCE if question.has_elsewhere else NOT_BOUGHT


def _ask(cell: Cell, question: Question) -> Decision:
    """Return what one cell alone answers."""
    reason = _refusal(cell, question)
    if reason:
        return Decision(CHARGED, reason, cell, needs_approval=reason in ASKED_FIRST)
    if cell.treatment == QUOTA:
        return Decision(QUOTA, IN_QUOTA, cell, needs_approval=bool(cell.fee))
    return Decision(COVERED, DEVIATION_COVERED if cell.is_deviation else IN_SERVICE, cell)


def _refusal(cell: Cell, question: Question) -> str:
    if cell.treatment == CHARGED:
        return DEVIATION_CHARGED if cell.is_deviation else IS_SEPARATE
    if cell.treatment == AGREEMENT:
        return BY_AGREEMENT
    if cell.production_only and not question.is_production:
        return NOT_PRODUCTION
    waits = cell.waiting_months and question.day < add_months(cell.since, cell.waiting_months)
    if waits and not question.is_agreed:
        return TOO_EARLY
    if cell.treatment == QUOTA and cell.used >= cell.limit:
        return QUOTA_USED
    return ""


def _worth(answer: Decision) -> tuple[bool, Decimal, int]:
    """Rank answers that include the work: without limit, then the lowest fee, then most left."""
    cell = answer.cell
    if cell is None or answer.outcome == COVERED:
        return True, Decimal(0), 0
    return False, -cell.fee, cell.limit - cell.used


def needs_approval(minutes: int, authorised: int) -> bool:
    """Tell whether chargeable work of that length needs the customer's approval first (rule 73)."""
    return minutes > authorised


def latest_deviation(spans: Iterable[tuple[int, bool, date]]) -> int | None:
    """Return the key of the deviation that speaks: the instance's before the contract's, then the latest begun.

    ``spans`` are (key, names the instance, first day) of the deviations in force.
    """
    return max(spans, key=lambda each: (each[1], each[2], each[0]), default=(None,))[0]
