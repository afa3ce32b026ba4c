"""The statement of a drill, signed and chained, and the file that an outsider checks (docs/drills.md)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .drills import Finding, Verdict

STATEMENT_FORMAT = "linserv-drill"
FILE_FORMAT = "linserv-drill-evidence"
VERSION = 1


@dataclass(frozen=True)
class Subject:
    """Whose point was restored, where."""

    seller: str
    customer: str
    instance: str
    repository: str
    zone: str
    host: str
    kind: str
    slot: datetime
    run: str


@dataclass(frozen=True)
class Signed:
    """A statement with its Ed25519 signature and the public key that it was made for."""

    statement: str
    signature: bytes
    public_key: bytes

    def as_dict(self) -> dict[str, str]:
        """As it stands in the file."""
        return {
            "statement": self.statement,
            "signature": _base64(self.signature),
            "public_key": _base64(self.public_key),
        }


def canonical(document: Any) -> str:
    """The one text of a document: keys sorted, no spaces, ASCII only."""
    return json.dumps(document, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def chain_hash(signed: Signed) -> str:
    """What the next statement of the instance names as its `previous`."""
    return hashlib.sha256(signed.statement.encode("ascii") + signed.signature).hexdigest()


def statement_text(subject: Subject, finding: Finding, verdict: Verdict, sequence: int, previous: str | None) -> str:
    """The exact text whose bytes are signed."""
    return canonical(
        {
            "format": STATEMENT_FORMAT,
            "version": VERSION,
            "sequence": sequence,
            "previous": previous,
            "seller": subject.seller,
            "customer": subject.customer,
            "instance": subject.instance,
            "repository": subject.repository,
            "zone": subject.zone,
            "host": subject.host,
            "run": subject.run,
            "point": {"name": finding.name, "kind": subject.kind, "slot": _utc(subject.slot)},
            "began": _moment(finding.began),
            "ended": _moment(finding.ended),
            "result": verdict.state,
            "faults": verdict.codes,
            "seconds": {phase: _plain(seconds) for phase, seconds in finding.seconds.items()},
            "usable_seconds": _plain(finding.usable_seconds),
            **_proofs(finding),
        }
    )


def _proofs(finding: Finding) -> dict[str, Any]:
    files, registry = finding.files, finding.registry
    return {
        "dump": {"bytes": finding.dump_bytes, "sha256": finding.dump_sha256},
        "rows": {
            "tables": finding.tables,
            "rows": finding.rows,
            "root": finding.rows_root,
            "tables_compared": finding.rows_compared,
            "hashes_compared": finding.hashes_compared,
        },
        "files": files
        and {
            "count": files.count,
            "bytes": files.bytes,
            "damaged": files.damaged,
            "missing": files.missing,
            "root": files.root,
        },
        "odoo": registry
        and {
            "version": registry.odoo,
            "modules": registry.modules,
            "missing_modules": sorted(registry.missing_modules),
            "models": registry.models,
        },
    }


def evidence_file(chain: Iterable[Signed]) -> bytes:
    """The file with statements in the order of their chain; the same chain gives the same bytes."""
    document = {"format": FILE_FORMAT, "version": VERSION, "chain": [signed.as_dict() for signed in chain]}
    return (json.dumps(document, ensure_ascii=True, indent=1, sort_keys=True) + "\n").encode("ascii")


def _plain(seconds: float) -> str:
    """Seconds as a text, so that every language writes the same number."""
    return f"{seconds:.3f}"


def _moment(epoch: int) -> str:
    return _utc(datetime.fromtimestamp(epoch, timezone.utc))


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
