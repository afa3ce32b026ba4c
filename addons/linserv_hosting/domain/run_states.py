"""States of a remote run: what may happen, when it is tried again, for how long it may take."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Optional

LIVE = ("queued", "sending", "running")
FINAL = ("done", "failed", "cancelled")

TRANSITIONS = {
    ("queued", "claim"): "sending",
    ("sending", "claim"): "sending",  # the lease ran out: whoever held it is gone
    ("running", "claim"): "running",
    ("sending", "started"): "running",
    ("running", "started"): "running",
    ("sending", "finish"): "done",
    ("running", "finish"): "done",
    ("sending", "fail"): "failed",
    ("running", "fail"): "failed",
    ("sending", "postpone"): "queued",
    ("running", "postpone"): "running",  # the work goes on there, only asking for it failed
    ("running", "lost"): "queued",  # the host has never heard of the run: start it again
    ("queued", "cancel"): "cancelled",
    ("sending", "cancel"): "cancelled",
    ("running", "cancel"): "cancelled",
    ("failed", "retry"): "queued",
    ("cancelled", "retry"): "queued",
}

BACK_OFF_SECONDS = (60, 300, 900, 3600)
POLL_SECONDS = (1, 2, 3, 5, 10, 15, 30)
LEASE_SLACK = timedelta(seconds=30)
COLLECT_GRACE = timedelta(hours=1)


class ForbiddenTransitionError(ValueError):
    """The event cannot happen to a run in this state."""


def next_state(state: str, event: str) -> str:
    """Return the state after `event`.

    :raise ForbiddenTransitionError: the table has no such row
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ForbiddenTransitionError(f"{event} is not possible in state {state}") from None


def back_off(attempts: int) -> timedelta:
    """Return how long to wait after the given number of failed attempts.

    >>> [back_off(n).seconds for n in (1, 2, 9)]
    [60, 300, 3600]
    """
    position = min(max(attempts, 1), len(BACK_OFF_SECONDS)) - 1
    return timedelta(seconds=BACK_OFF_SECONDS[position])


def poll_delay(polls: int) -> timedelta:
    """Return how long to wait before asking again for detached work asked for `polls` times.

    >>> [poll_delay(n).seconds for n in (0, 1, 99)]
    [1, 2, 30]
    """
    return timedelta(seconds=POLL_SECONDS[min(max(polls, 0), len(POLL_SECONDS) - 1)])


def lease_until(now: datetime, seconds: float) -> datetime:
    """Return when a claim of `seconds` runs out; after that anyone may take the run over."""
    return now + timedelta(seconds=seconds) + LEASE_SLACK


@dataclass(frozen=True)
class Decision:
    """What becomes of a run whose call failed."""

    event: str
    wait: Optional[timedelta] = None


def after_error(state: str, retryable: bool, attempts: int, max_attempts: int, overdue: bool) -> Decision:
    """Decide between another attempt and the end.

    :param state: `sending` (nothing known to run on the host) or `running` (detached work goes on there)
    :param attempts: how often the host was called, this time included
    :param overdue: detached work has passed its deadline and the grace for collecting it
    """
    if not retryable:
        return Decision("fail")
    if state == "running":
        return Decision("fail") if overdue else Decision("postpone", back_off(attempts))
    if attempts >= max_attempts:
        return Decision("fail")
    return Decision("postpone", back_off(attempts))


def is_overdue(now: datetime, started: Optional[datetime], deadline_seconds: int) -> bool:
    """Tell whether detached work should have been collected long ago."""
    if started is None:
        return False
    return now > started + timedelta(seconds=deadline_seconds) + COLLECT_GRACE
