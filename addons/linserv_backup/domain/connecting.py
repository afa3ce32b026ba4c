"""The steps that connect the hosts of a repository, and which of them is to be taken next.

A step is done when its mark is the one that its circumstances have now: another host, key or agent makes another mark,
so that the step is taken again by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ENROLL, AUTHORIZE, DR_ENROLL, DR_AUTHORIZE = "enroll", "authorize", "dr_enroll", "dr_authorize"
STEPS = (ENROLL, AUTHORIZE, DR_ENROLL, DR_AUTHORIZE)


@dataclass(frozen=True)
class Circumstances:
    """What the steps depend on; `days` is for how long points of a kind are kept at least, "dr" only with a DR host."""

    source: Mapping[str, Any]
    public_key: str
    backup_host: Mapping[str, Any]
    dr_public_key: str
    days: Mapping[str, int]
    hosts: tuple[int, int, int]


def marks(now: Circumstances) -> dict[str, str]:
    """Return the mark that each step has when it has been taken as things are now."""
    source_host, backup_host, dr_host = now.hosts
    wanted: dict[str, Any] = {
        ENROLL: [dict(now.source), backup_host, {kind: days for kind, days in now.days.items() if kind != "dr"}],
        AUTHORIZE: [now.public_key, source_host],
    }
    if "dr" in now.days:
        wanted[DR_ENROLL] = [dict(now.backup_host), dr_host, now.days["dr"]]
        wanted[DR_AUTHORIZE] = [now.dr_public_key, backup_host]
    return {step: _mark(value) for step, value in wanted.items()}


def next_step(done: Mapping[str, str], now: Circumstances) -> str | None:
    """Return the first step that is not done as things are now; None when the repository is connected."""
    wanted = marks(now)
    return next((step for step in STEPS if step in wanted and done.get(step) != wanted[step]), None)


def _mark(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
