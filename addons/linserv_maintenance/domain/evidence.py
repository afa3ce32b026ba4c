"""The evidence file of docs/evidence.md: everything an outsider needs to check lines and kronor."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .price import ORE, Price, blocks
from .tree_values import Tree

FORMAT = "linserv-code-evidence"
VERSION = 1


@dataclass(frozen=True)
class Signed:
    """A statement with its Ed25519 signature."""

    statement: str
    signature: bytes

    def as_dict(self) -> dict[str, str]:
        """As it stands in the evidence."""
        return {"statement": self.statement, "signature": _base64(self.signature)}


@dataclass(frozen=True)
class Billing:
    """The period that is billed.

    `share` is (days before, days to the end of the part, of days) where it is a part of a whole period.
    """

    date_from: date
    date_to: date
    currency: str
    lines: int
    price: Price
    share: tuple[int, int, int] | None = None

    def amount(self) -> Decimal:
        """The amount without VAT: the rounded sum to the end of the part, less the rounded sum before it.

        So the parts of a period add up to its price, however it was cut.
        """
        before, upto, of_days = self.share or (0, 1, 1)
        whole = blocks(self.lines, self.price.block_size) * self.price.per_block
        sums = [(whole * days / of_days).quantize(ORE, ROUND_HALF_UP) for days in (before, upto)]
        return sums[1] - sums[0]

    def label(self) -> str:
        """The period in the name of a file: its month, or the days where it is a part, so that no two are the same."""
        if self.share:
            return f"{self.date_from:%Y-%m-%d}-{self.date_to:%Y-%m-%d}"
        return f"{self.date_from:%Y-%m}"

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the evidence."""
        told: dict[str, Any] = {
            "date_from": self.date_from.isoformat(),
            "date_to": self.date_to.isoformat(),
            "currency": self.currency,
            "block_size": self.price.block_size,
            "blocks": blocks(self.lines, self.price.block_size),
            "price_unit": str(self.price.per_block.quantize(ORE, ROUND_HALF_UP)),
            "amount": str(self.amount()),
        }
        if self.share:
            told["share"] = list(self.share)
        return told


def evidence_file(signed: Signed, public_key: bytes, previous: Signed | None, tree: Tree, billing: Billing) -> bytes:
    """The compressed file; the same count gives the same bytes every time."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        **signed.as_dict(),
        "public_key": _base64(public_key),
        "previous": previous.as_dict() if previous else None,
        "tree": tree.as_dict(),
        "billing": billing.as_dict(),
    }
    return gzip.compress(json.dumps(document, ensure_ascii=True, indent=1).encode("ascii"), mtime=0)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
