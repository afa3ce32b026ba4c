"""When an invoice line holds its service period, and when the period is free again."""

from __future__ import annotations

from decimal import Decimal


def holds_period(move_state: str, billed: Decimal, credited: Decimal | None) -> bool:
    """Tell whether an invoice line keeps its period from being billed again.

    ``move_state`` is the invoice's (draft, posted, cancel); ``billed`` the line's amount
    and ``credited`` what posted credit notes took back of that same line (None when no
    credit note names it), both without tax. A draft holds its period like a posted
    invoice; a cancelled invoice does not; a line credited in full does not, a line
    credited in part does. Rules 16-18 in docs/billing-rules.md.
    """
    if move_state == "cancel":
        return False
    return credited is None or abs(credited) < abs(billed)
