"""Quotas: which year a use counts in, and when a cancelled one still counts.

Rules 74-75 in docs/billing-rules.md.
"""

from __future__ import annotations

from datetime import date

from .periods import Rhythm, Span


def contract_year(date_start: date, day: date) -> Span:
    """Return the year of the contract that ``day`` lies in; the days before the start belong to the first."""
    rhythm = Rhythm(anchor=date_start, months=12)
    return rhythm.period(max(0, rhythm.number_of(day)))


def is_given_back(date_planned: date, date_cancelled: date, notice_days: int) -> bool:
    """Tell whether a use that is cancelled in time is given back: at the latest ``notice_days`` ahead."""
    return (date_planned - date_cancelled).days >= notice_days
