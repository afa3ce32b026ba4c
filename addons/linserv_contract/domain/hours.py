"""Hours: what is billable of the time worked, and what a correction changes.

Rule 76 in docs/billing-rules.md. Time is in whole minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from .periods import Span, add_months


def billable_minutes(worked: int, minimum: int, step: int) -> int:
    """Return what is billed of the minutes worked on one ticket in one month: at least the minimum, whole steps."""
    if worked <= 0:
        return 0
    return max(minimum, -(-worked // step) * step)


def month_of(day: date) -> Span:
    """Return the calendar month of ``day``."""
    first = day.replace(day=1)
    return Span(first, add_months(first, 1) - timedelta(days=1))


@dataclass(frozen=True)
class Change:
    """What to do so that packs and invoices hold exactly the billable minutes.

    ``draw``: minutes to take from packs, what they cannot give is charged. ``uncharge``: minutes to take off what is
    not invoiced yet. ``give_back``: minutes to return to packs. ``credit``: minutes to credit of what was invoiced.
    """

    draw: int = 0
    uncharge: int = 0
    give_back: int = 0
    credit: int = 0


def change(wanted: int, drawn: int, open_charge: int, invoiced: int) -> Change:
    """Return the change from what is held (drawn from packs, charged and open, invoiced) to ``wanted`` minutes."""
    missing = wanted - drawn - open_charge - invoiced
    if missing >= 0:
        return Change(draw=missing)
    surplus = -missing
    uncharge = min(surplus, max(0, open_charge))
    give_back = min(surplus - uncharge, drawn)
    return Change(uncharge=uncharge, give_back=give_back, credit=surplus - uncharge - give_back)


def format_minutes(minutes: int) -> str:
    """Return minutes as hours and minutes, 90 as "1:30"."""
    sign = "-" if minutes < 0 else ""
    return "%s%d:%02d" % (sign, abs(minutes) // 60, abs(minutes) % 60)


def to_minutes(number: float) -> int:
    """Return hours as whole minutes."""
    return round(number * 60)
