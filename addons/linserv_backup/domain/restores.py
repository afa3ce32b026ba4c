"""A restore: which steps it takes, when it may be cancelled, what the copy is called, which point it is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

DRAFT, ORDERED, READY, PUBLISHED = "draft", "ordered", "ready", "published"
EXPIRED, CANCELLED, FAILED = "expired", "cancelled", "failed"
WORKING = ("preparing", "delivering", "neutralising", "checking")
OPEN = (DRAFT, ORDERED, *WORKING, READY)
FINAL = (EXPIRED, CANCELLED)

TRANSITIONS = {
    (DRAFT, "order"): ORDERED,
    (ORDERED, "start"): "preparing",
    ("preparing", "prepared"): "delivering",
    ("delivering", "delivered"): "neutralising",
    ("neutralising", "neutralised"): "checking",
    ("checking", "published"): PUBLISHED,
    ("neutralising", "loaded"): READY,
    (READY, "published"): PUBLISHED,
    (PUBLISHED, "expire"): EXPIRED,
    **{(state, "fail"): FAILED for state in (ORDERED, *WORKING)},
    **{(state, "cancel"): CANCELLED for state in (DRAFT, ORDERED, *WORKING, READY, FAILED)},
}

# The steps of the work on the hosts, by the state in which they are done: (step, host, verb, detached, seconds).
STEPS = {
    "authorise": ("target", "key.authorize", False, 30),
    "prepare": ("target", "restore.prepare", False, 60),
    "deliver": ("source", "deliver", True, 6 * 3600),
    "load": ("target", "restore.load", True, 6 * 3600),
    "neutralise": ("target", "restore.neutralise", True, 6 * 3600),
    "check": ("target", "restore.check_live", True, 600),
    "publish": ("target", "restore.publish", True, 900),
    "swap": ("target", "restore.swap", True, 900),
    "drop": ("target", "restore.drop", True, 1800),
}
_COPY = ("authorise", "prepare", "deliver", "neutralise", "check", "publish")
_RESTORE = ("authorise", "prepare", "deliver", "load")
STATE_OF_STEP = {
    "authorise": "preparing",
    "prepare": "preparing",
    "deliver": "delivering",
    "load": "neutralising",
    "neutralise": "neutralising",
    "check": "checking",
    "publish": "checking",
}
EVENTS = {
    "prepare": "prepared",
    "deliver": "delivered",
    "neutralise": "neutralised",
    "load": "loaded",
    "publish": "published",
}
_PLAIN = re.compile(r"[^a-z0-9]+")
NAME_LENGTH = 50


class ForbiddenTransitionError(Exception):
    """The event is not possible in that state."""


def next_state(state: str, event: str) -> str:
    """Return the state after an event.

    :raise ForbiddenTransitionError: it cannot happen in that state
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ForbiddenTransitionError("%s in state %s" % (event, state)) from None


def retry_step(kind: str, same_host: bool, stopped_at: str | None) -> str:
    """Return the step to take up again: a copy that did not pass the check is made harmless anew."""
    if stopped_at in ("check", "publish"):
        return "neutralise"
    return stopped_at or steps_of(kind, same_host)[0]


def steps_of(kind: str, same_host: bool) -> tuple[str, ...]:
    """Return the steps of a restore; the customer's own host has let the backup host in already."""
    steps = _COPY if kind == "test_copy" else _RESTORE
    return steps[1:] if same_host else steps


def next_step(kind: str, same_host: bool, done: str | None) -> str | None:
    """Return the step after `done` (None: the first one), None after the last."""
    steps = steps_of(kind, same_host)
    place = steps.index(done) + 1 if done else 0
    return steps[place] if place < len(steps) else None


@dataclass(frozen=True)
class Cancellation:
    """What cancelling means: whether it is in time, and the last day on which it is."""

    possible: bool
    in_time: bool
    latest: date
    days_ahead: int


def cancellation(state: str, planned: date, today: date, notice_days: int) -> Cancellation:
    """Return what it means to cancel today.

    Cancelled in writing at the latest `notice_days` ahead, a restore does not count; later than that it does (the
    product sheet, DRIFT OCH PATCH).
    """
    days = (planned - today).days
    return Cancellation(
        possible=state in (DRAFT, ORDERED),
        in_time=days >= notice_days,
        latest=planned - timedelta(days=notice_days),
        days_ahead=days,
    )


def copy_name(database: str, planned: date, number: int) -> str:
    """Return the name of the copy's database, which can be part of a host name: `norrvik-copy-20261101-42`."""
    plain = _PLAIN.sub("-", database.lower()).strip("-") or "odoo"
    tail = "-copy-%s-%d" % (planned.strftime("%Y%m%d"), number)
    return plain[: NAME_LENGTH - len(tail)] + tail


def expires_on(published: datetime, days: int) -> datetime:
    """Return when a copy that is visible since `published` is removed."""
    return published + timedelta(days=days)
