"""Sizes as people read them."""

from __future__ import annotations

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def human_bytes(number: float) -> str:
    """Return a size with three figures, in decimal units as disks are sold.

    >>> [human_bytes(n) for n in (0, 999, 460_000, 11_000_000_000)]
    ['0 B', '999 B', '460 kB', '11 GB']
    """
    size, unit = float(number), 0
    while size >= 1000 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    text = "%.2f" % size if size < 10 else "%.1f" % size if size < 100 else "%.0f" % size
    return "%s %s" % (text.rstrip("0").rstrip(".") if "." in text else text, UNITS[unit])
