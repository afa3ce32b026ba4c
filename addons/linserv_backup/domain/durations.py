"""Lengths of time in the units that people read them in."""

from __future__ import annotations


def units(seconds: float) -> tuple[int, int, int, int]:
    """Split seconds, rounded to whole ones, into days, hours, minutes and seconds."""
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return days, hours, minutes, rest


def shown(seconds: float) -> list[tuple[int, str]]:
    """Return the two largest units that are not 0, as (number, unit): d, h, min or s. Nothing at all is 0 s."""
    parts = [(number, unit) for number, unit in zip(units(seconds), ("d", "h", "min", "s")) if number]
    if len(parts) < 2:
        return parts or [(0, "s")]
    order = ("d", "h", "min", "s")
    follows = order.index(parts[1][1]) == order.index(parts[0][1]) + 1
    return parts[:2] if follows else parts[:1]
