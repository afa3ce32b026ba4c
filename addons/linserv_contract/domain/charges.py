"""What is to be billed: a pure function from terms, prices, readings and the ledger.

``plan`` answers with charges and with holds (what is due but cannot be billed, and why).
It reads no clock and no record: the billing date, the prices and what is already billed
are arguments. Rules 5-14 and 24-35 in docs/billing-rules.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from .agreement import Billed, Charge, Hold, Meter, Plan, Reading, Terms, joined
from .periods import FOREVER
from .planner import NO_PRICE, READING_MISSING, READING_TOO_OLD, Planner, rate_on
from .prices import Discount, PriceVersion, Rate, Tier, price_on, rounded, share, started_blocks

__all__ = [
    "NO_PRICE",
    "READING_MISSING",
    "READING_TOO_OLD",
    "Billed",
    "Charge",
    "Discount",
    "Hold",
    "Meter",
    "Plan",
    "PriceVersion",
    "Rate",
    "Reading",
    "Terms",
    "Tier",
    "next_billing_date",
    "plan",
    "plan_all",
    "price_on",
    "rate_on",
    "rounded",
    "share",
    "started_blocks",
]

CENT = Decimal("0.01")


def plan(terms: Terms, billing_date: date, rounding: Decimal = CENT) -> Plan:
    """Plan every unbilled period of ``terms`` that is due on ``billing_date``, and what corrects the billed ones.

    ``rounding`` is the smallest amount of the currency (0.01 for SEK).
    """
    return Planner(terms, billing_date, rounding).plan()


def plan_all(several: Iterable[Terms], billing_date: date, rounding: Decimal) -> Plan:
    """Plan every subscription of a contract: one plan for one invoice."""
    return joined(plan(terms, billing_date, rounding) for terms in several)


def next_billing_date(terms: Terms, today: date) -> date | None:
    """Return the first date from ``today`` on with something to bill, None if never."""
    planned = plan(terms, today)
    if planned.charges or planned.holds:
        return today
    day = planned.next_due[terms.key]
    return None if day == FOREVER else day
