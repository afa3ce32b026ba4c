"""Numbers as they are written."""

from __future__ import annotations

from decimal import Decimal


def exact(number: float) -> Decimal:
    """Return the exact decimal that a stored number shows."""
    return Decimal(str(number))
