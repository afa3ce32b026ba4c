"""Lines into kronor: a price per started block of lines.

Source: Odoo Maintenance and Support, "175 SEK per started 100 lines". Price and block size are
arguments: an agreement may say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ORE = Decimal("0.01")


@dataclass(frozen=True)
class Price:
    """Price of one started block of `block_size` lines, excluding VAT."""

    per_block: Decimal
    block_size: int


def as_decimal(amount: float) -> Decimal:
    """An amount of the database as an exact number; the noise of binary fractions is cut off."""
    return Decimal(repr(round(amount, 6)))


def blocks(lines: int, block_size: int) -> int:
    """Number of started blocks: 0 lines are 0 blocks, 1 line is one."""
    if lines < 0 or block_size < 1:
        raise ValueError("lines cannot be negative and a block holds at least one line")
    return -(-lines // block_size)


def monthly_fee(lines: int, price: Price) -> Decimal:
    """What `lines` cost a month."""
    return (blocks(lines, price.block_size) * price.per_block).quantize(ORE, ROUND_HALF_UP)


def pro_rata(lines: int, price: Price) -> Decimal:
    """The share of the fee that `lines` (which may be negative) stand for, before blocks are rounded up."""
    exact = Decimal(lines) * price.per_block / Decimal(price.block_size)
    return exact.quantize(ORE, ROUND_HALF_UP)


def effect(code_lines: int, extra_lines: int, price: Price) -> Decimal:
    """How the month's fee would change if `extra_lines` were added to (or taken from) the count."""
    after = max(code_lines + extra_lines, 0)
    return monthly_fee(after, price) - monthly_fee(code_lines, price)
