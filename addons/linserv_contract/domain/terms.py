"""How long an agreement binds: terms, renewals, notice and the last day.

An agreement binds for a term that is counted from its first invoice and is renewed by some months at a time until
notice is given. Every boundary is counted from the first invoice, never from the boundary before it. No clock is read:
days are arguments. Rules 60-63 in docs/billing-rules.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .periods import ONE_DAY, add_months


@dataclass(frozen=True)
class Agreement:
    """What decides how long the parties are bound; lengths in months.

    ``renewal_months`` 0: after the first term the agreement runs until further notice.
    """

    first_invoice: date
    term_months: int = 12
    renewal_months: int = 12
    notice_months: int = 3


@dataclass(frozen=True)
class Binding:
    """The end that can still be chosen, and the last day to give notice for it.

    Both are None for an agreement that runs until further notice.
    """

    term_end: date | None
    notice_latest: date | None


def term_end(agreement: Agreement, day: date) -> date | None:
    """Return the last day of the term that ``day`` lies in; before the first invoice that of the first term.

    None after the first term of an agreement that is not renewed for a fixed time.
    """
    end = _boundary(agreement, 0) - ONE_DAY
    number = 0
    while end < max(day, agreement.first_invoice):
        if not agreement.renewal_months:
            return None
        number += 1
        end = _boundary(agreement, number) - ONE_DAY
    return end


def notice_expires(agreement: Agreement, given: date) -> date:
    """Return the day the time of notice has run out: the same day of the month, so many months later."""
    return add_months(given, agreement.notice_months)


def last_day(agreement: Agreement, given: date) -> date:
    """Return the agreement's last day when notice is given on ``given``.

    The end of the first term that ends when the time of notice has run out, or later. Without renewal, after the first
    term, the day the time of notice has run out.
    """
    expires = notice_expires(agreement, given)
    return term_end(agreement, expires) or expires


def notice_latest(agreement: Agreement, end: date) -> date:
    """Return the last day on which notice can be given for the agreement to end on ``end``."""
    day = add_months(end, -agreement.notice_months)
    while notice_expires(agreement, day + ONE_DAY) <= end:
        day += ONE_DAY
    return day


def binding(agreement: Agreement, today: date) -> Binding:
    """Return the next end that a notice of ``today`` or later reaches, and until when."""
    end = term_end(agreement, notice_expires(agreement, today))
    return Binding(end, notice_latest(agreement, end)) if end else Binding(None, None)


def reminder_due(agreement: Agreement, today: date, days_before: int) -> date | None:
    """Return the last day of notice that ``today`` is ``days_before`` days or less ahead of, or None."""
    latest = binding(agreement, today).notice_latest
    return latest if latest and (latest - today).days <= days_before else None


def _boundary(agreement: Agreement, renewals: int) -> date:
    """Return the first day after the term that has been renewed so many times."""
    return add_months(agreement.first_invoice, agreement.term_months + renewals * agreement.renewal_months)
