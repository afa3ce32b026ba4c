"""The facts of an approved count, as they are signed and chained (docs/evidence.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from .merkle import build_statement


@dataclass(frozen=True)
class Rule:
    """How the lines were counted: series profile, sha256 of the host's cloc.py, Python minor version."""

    profile: str
    cloc_sha256: str | None
    python: str

    def as_dict(self) -> dict[str, Any]:
        """The rule as it stands in the statement."""
        return {"profile": self.profile, "cloc_sha256": self.cloc_sha256, "python": self.python}


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


def statement_text(facts: Facts) -> str:
    """The exact text whose bytes are signed."""
    values = {
        "instance": facts.instance,
        "customer": facts.customer,
        "date": facts.date.isoformat(),
        "rule": facts.rule.as_dict(),
        "root": facts.root,
        "code": facts.code,
        "total": facts.total,
    }
    return build_statement(values, facts.previous)
