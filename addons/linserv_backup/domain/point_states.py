"""The one table of what may become of a point."""

from __future__ import annotations

TRANSITIONS: dict[str, frozenset[str]] = {
    "due": frozenset({"running", "missed", "failed"}),
    "running": frozenset({"proved", "suspect", "failed", "due", "missed"}),
    # What the repository lists is there, whatever the line said when it was taken.
    "failed": frozenset({"due", "running", "proved", "suspect"}),
    "missed": frozenset({"proved", "suspect"}),
    "suspect": frozenset({"proved", "trashed", "failed"}),
    "proved": frozenset({"trashed", "failed", "suspect"}),
    "trashed": frozenset({"removed", "proved"}),
    "removed": frozenset(),
}
OPEN = ("due", "running")
GAPS = ("failed", "missed")
THERE = ("proved", "suspect")


def may_become(state: str, target: str) -> bool:
    """Tell whether a point in `state` may become `target`."""
    return state == target or target in TRANSITIONS[state]
