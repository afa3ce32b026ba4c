"""One way of writing JSON, so that a hash or a signature of it means something."""

from __future__ import annotations

import json
from typing import Any


def canonical_list(value: Any) -> bytes:
    """Bytes of a list-like JSON value in the order it was given (leaves of the Merkle tree)."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def canonical_object(value: dict[str, Any]) -> bytes:
    """Bytes of a JSON object with its keys sorted (the statement that is signed)."""
    return json.dumps(
        value, ensure_ascii=True, separators=(",", ":"), sort_keys=True
    ).encode("ascii")
