"""The statement that is signed for each approved count, and the chain the statements form."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from .canonical import canonical_object

VERSION = 1


@dataclass(frozen=True)
class Rule:
    """How the lines were counted: series profile, sha256 of the host's cloc.py, Python minor version."""

    profile: str
    cloc_sha256: str | None
    python: str

    def as_dict(self) -> dict[str, Any]:
        """The rule as it stands in the statement."""
        return {
            "profile": self.profile,
            "cloc_sha256": self.cloc_sha256,
            "python": self.python,
        }


@dataclass(frozen=True)
class Facts:
    """What a statement says; `previous` is the chain hash of the statement before it."""

    instance: str
    customer: str
    date: date
    rule: Rule
    root: str
    code: int
    total: int
    previous: str | None


def statement_bytes(facts: Facts) -> bytes:
    """The exact bytes that are signed."""
    return canonical_object(
        {
            "version": VERSION,
            "instance": facts.instance,
            "customer": facts.customer,
            "date": facts.date.isoformat(),
            "rule": facts.rule.as_dict(),
            "root": facts.root,
            "code": facts.code,
            "total": facts.total,
            "previous": facts.previous,
        }
    )


def chain_hash(statement: bytes, signature: bytes) -> str:
    """What the next statement names as its `previous`: sha256 of statement and signature."""
    return hashlib.sha256(statement + signature).hexdigest()
