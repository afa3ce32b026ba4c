"""When a drill is due: weekly for every instance on its backup host, monthly on the DR host. Rules 47-49."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001  (UTC without zone, as Odoo keeps times)
# A drill that could not be held is ordered again after so long, by its class of failure.
PAUSES = {
    "transient": timedelta(hours=1),
    "capacity": timedelta(hours=6),
    "configuration": timedelta(hours=12),
    "data": timedelta(hours=12),
    "unknown": timedelta(hours=6),
}


@dataclass(frozen=True)
class Place:
    """One repository on one host, as far as its drills go.

    `held` is when the last drill was held (whatever it found), `failed` when the last attempt that was not held ended.
    """

    key: int
    host: int
    held: datetime | None = None
    failed: datetime | None = None
    failure_class: str = "unknown"
    is_open: bool = False


def due_on(place: Place, interval: timedelta) -> datetime | None:
    """Return from when the next drill is due; None while one is open. A new repository is due at once."""
    if place.is_open:
        return None
    due = place.held + interval if place.held else LONG_AGO
    if place.failed and (not place.held or place.failed > place.held):
        due = max(due, place.failed + PAUSES.get(place.failure_class, PAUSES["unknown"]))
    return due


def choose(places: Iterable[Place], interval: timedelta, now: datetime, busy: Iterable[int]) -> list[Place]:
    """Return the places whose drill begins now: the longest overdue of each host that holds no drill already."""
    hosts = set(busy)
    due = [
        (when, place.key, place) for place in places if (when := due_on(place, interval)) is not None and when <= now
    ]
    chosen = []
    for _when, _key, place in sorted(due):
        if place.host not in hosts:
            hosts.add(place.host)
            chosen.append(place)
    return chosen


CLASSES = {
    "configuration": {
        "drill_unconfigured",
        "drill_unfit",
        "engine_missing",
        "config_invalid",
        "verb_unknown",
        "agent_outdated",
        "agent_missing",
        "auth_refused",
        "host_key_changed",
        "host_key_unknown",
        "not_configured",
    },
    "capacity": {"disk_full"},
    "data": {"bad_answer"},
    "transient": {
        "unreachable",
        "timeout",
        "connection_lost",
        "run_lost",
        "database_unreachable",
        "engine_timeout",
        "busy",
        "attempts_exhausted",
        "drill_killed",
        "drill_left_over",
    },
}


def failure_class(code: str) -> str:
    """Return the class of a failure by its code; what is not known is `unknown`."""
    return next((name for name, codes in CLASSES.items() if code in codes), "unknown")


def takes_hashed(number: int) -> bool:
    """Tell whether the drill with this number restores a day's first point: the source has hashed its rows."""
    return number % 4 == 2


def pick(count: int, number: int) -> int:
    """Return which of `count` kept points, newest first, the drill with this number restores.

    Every other drill takes the newest, which would be needed tomorrow; the others go through all that is kept.
    """
    if count < 2 or number % 2:
        return 0
    return 1 + (number // 2 * 2654435761) % (count - 1)
