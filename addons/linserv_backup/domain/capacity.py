"""When a disk is full, out of what was free on the days before. Rule 42 in docs/backups.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

DAYS_LOOKED_AT = 30
LEAST_DAYS = 7
RESERVE = 0.05
FAR_AWAY = 3650


@dataclass(frozen=True)
class Sample:
    """What a disk had free on a day, in bytes."""

    day: date
    free: int
    total: int

    @property
    def used(self) -> int:
        """What is taken, by us and by everybody else."""
        return self.total - self.free


@dataclass(frozen=True)
class Forecast:
    """Growth in bytes a day, and the day when only the reserve is left (None: not to be seen, or not growing)."""

    growth: float | None
    full_on: date | None
    days_left: int | None


def growth(samples: Iterable[Sample]) -> float | None:
    """Return how much more is used each day; None while there are too few days to say.

    The median of the slopes between all pairs of days: one day on which old points were removed, or a disk was made
    larger, does not turn the forecast.
    """
    latest = sorted({each.day: each for each in samples}.values(), key=lambda each: each.day)[-DAYS_LOOKED_AT:]
    if not latest or (latest[-1].day - latest[0].day).days < LEAST_DAYS - 1:
        return None
    slopes = [
        (later.used - earlier.used) / (later.day - earlier.day).days
        for number, earlier in enumerate(latest)
        for later in latest[number + 1 :]
    ]
    return median(slopes)


def forecast(samples: Sequence[Sample], today: date, reserve: float = RESERVE) -> Forecast:
    """Return when the disk of these samples is full but for its reserve; it is full today when that is gone already."""
    if not samples:
        return Forecast(None, None, None)
    last = max(samples, key=lambda each: each.day)
    room = last.free - last.total * reserve
    if room <= 0:
        return Forecast(growth(samples), today, 0)
    rate = growth(samples)
    if rate is None or rate <= 0 or room / rate > FAR_AWAY:
        return Forecast(rate, None, None)
    full_on = max(today, last.day + timedelta(days=int(room / rate)))
    return Forecast(rate, full_on, (full_on - today).days)
