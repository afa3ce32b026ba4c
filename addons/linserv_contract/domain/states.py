"""The one table of states of contracts, subscriptions and billing runs."""

from __future__ import annotations

CONTRACT: dict[str, frozenset[str]] = {
    "draft": frozenset({"active", "cancelled"}),
    "active": frozenset({"ended"}),
    "ended": frozenset({"active"}),
    "cancelled": frozenset({"draft"}),
}
SUBSCRIPTION: dict[str, frozenset[str]] = {
    "draft": frozenset({"active", "cancelled"}),
    "active": frozenset({"ended", "cancelled"}),
    "ended": frozenset({"active"}),
    "cancelled": frozenset({"draft"}),
}
BILLING_RUN: dict[str, frozenset[str]] = {
    "draft": frozenset({"running"}),
    "running": frozenset({"running", "done"}),
    "done": frozenset({"running"}),
}
# An ended subscription is still billed for the days up to its end.
BILLABLE = frozenset({"active", "ended"})


def is_allowed(table: dict[str, frozenset[str]], state: str, target: str) -> bool:
    """Tell whether ``table`` lets a record go from ``state`` to ``target``."""
    return state == target or target in table.get(state, frozenset())
