"""The life of a count: which state may follow which, and who moves it."""

from __future__ import annotations

RUNNING = "running"
DRAFT = "draft"
APPROVED = "approved"
REJECTED = "rejected"
FAILED = "failed"

#: A failed count may be tried again; approved and rejected counts are history and stay as they are.
TRANSITIONS: dict[str, frozenset[str]] = {
    RUNNING: frozenset({DRAFT, APPROVED, FAILED}),
    DRAFT: frozenset({APPROVED, REJECTED}),
    FAILED: frozenset({RUNNING}),
    APPROVED: frozenset(),
    REJECTED: frozenset(),
}

#: States in which the day's count exists already: asking again gives the same count back.
LIVE = frozenset({RUNNING, DRAFT, APPROVED})


def may_become(state: str, target: str) -> bool:
    """Whether a count in `state` may be moved to `target`."""
    return target in TRANSITIONS.get(state, frozenset())
