"""When an instance is to be counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from .snapshot_states import FAILED


def last_count_day(today: date, day_of_month: int) -> date:
    """The latest day on or before `today` that is the `day_of_month` (1 to 28) of its month."""
    if not 1 <= day_of_month <= 28:  # noqa: PLR2004 - the days that every month has
        raise ValueError("the counting day is a day that every month has, 1 to 28")
    if today.day >= day_of_month:
        return today.replace(day=day_of_month)
    return (today.replace(day=1) - timedelta(days=1)).replace(day=day_of_month)


def is_due(today: date, day_of_month: int, counts: Iterable[tuple[date, str]]) -> bool:
    """Whether an instance with these earlier `counts` (date, state) is to be counted today.

    An instance that was never counted is due at once. Later it is due once in each period that
    begins on the counting day. A failed count does not fill its period: it is tried again each
    day. A rejected count does: a person has looked, and counts again when the cause is mended.
    """
    period_start = last_count_day(today, day_of_month)
    settled = [day for day, state in counts if state != FAILED]
    return not any(day >= period_start for day in settled)
