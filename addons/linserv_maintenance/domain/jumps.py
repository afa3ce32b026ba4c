"""Modules whose lines jumped since the count before."""

from __future__ import annotations

from decimal import Decimal

from .approval import within_band
from .difference import SAME, Difference
from .tree_values import Note

JUMP = "jump"
#: A small module may double without anyone having to look.
SMALLEST_JUMP = 100


def jumps(found: Difference, band: Decimal) -> list[Note]:
    """Notes on the modules that changed by more than `band` percent and at least 100 lines."""
    return [
        Note(JUMP, change.name, "", change.lines, f"{change.before} -> {change.after}")
        for change in found.changes
        if change.kind != SAME
        and abs(change.lines) >= SMALLEST_JUMP
        and not within_band(change.before, change.after, band)
    ]
