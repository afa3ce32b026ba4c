"""States of a host: what an answer, an error or a person makes of it."""

from typing import Optional

STATES = ("draft", "pinned", "ready", "agent_outdated", "unreachable", "blocked", "retired")
CALLABLE = ("pinned", "ready", "agent_outdated", "unreachable")

_SEEN = ("pinned", "ready", "agent_outdated", "unreachable")

TRANSITIONS = {
    **{(state, "pin"): "pinned" for state in ("draft", "pinned", "blocked", "unreachable")},
    ("ready", "pin"): "ready",
    ("agent_outdated", "pin"): "agent_outdated",
    **{(state, "answered"): "ready" for state in _SEEN},
    **{(state, "answered_outdated"): "agent_outdated" for state in _SEEN},
    **{(state, "lost"): "unreachable" for state in _SEEN},
    **{(state, "key_changed"): "blocked" for state in _SEEN},
    **{(state, "retire"): "retired" for state in STATES if state != "retired"},
    ("retired", "reopen"): "draft",
}

_EVENT_BY_CODE = {
    "host_key_changed": "key_changed",
    "agent_outdated": "answered_outdated",
    "unreachable": "lost",
    "timeout": "lost",
}


def next_state(state: str, event: str) -> str:
    """Return the state of the host after `event`; an event that says nothing new leaves it as it is."""
    return TRANSITIONS.get((state, event), state)


def allowed(state: str, event: str) -> bool:
    """Tell whether a person may cause `event` in this state."""
    return (state, event) in TRANSITIONS


def event_of_error(code: str) -> Optional[str]:
    """Return what an error of a call says about the host, or None when it only concerns the call."""
    return _EVENT_BY_CODE.get(code)
