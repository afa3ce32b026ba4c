"""The manifest of a point as a host tells it: read value by value, and judged a second time from what Odoo knows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from . import slots, values
from .retention import CLOCK_TOLERANCE
from .values import AnswerRefusedError, a_list, a_match, a_moment, a_number, an_object, equal

FORMS = ("whole", "patch", "segments", "chunks", "files", "copy")
MOST_TABLES = 20000
MOST_ROWS = 2**31 - 1  # what a column keeps; more in one database is no database of Odoo's
MOST_REASONS = 20
ROWS_LEFT, ROWS_COUNTED, DUMP_LEFT = 0.7, 100, 0.5
PRINTED = 64 * 1024


@dataclass(frozen=True)
class Asked:
    """Which point was ordered."""

    repository: str
    kind: str
    slot: int

    @property
    def name(self) -> str:
        """Return the name that the point must have."""
        return slots.point_name(self.kind, self.slot)


@dataclass(frozen=True)
class Taken:
    """A point as its manifest tells it, checked."""

    name: str
    form: str
    taken_at: float
    bytes_stored: int
    dump_bytes: int
    sha256: str
    rows: int
    files: int
    generation: int
    clock_skew: int
    reasons: tuple[str, ...]
    text: str

    @property
    def suspect(self) -> bool:
        """Tell whether the point needs a person's eye before it counts."""
        return bool(self.reasons)


@dataclass(frozen=True)
class Before:
    """What is known of the last proved point: the measure for sudden losses."""

    rows: int = 0
    dump_bytes: int = 0


def read(manifest: Any, asked: Asked, now: int) -> Taken:
    """Return the checked point.

    :raise AnswerRefusedError: `bad_manifest` or `other_point`; nothing of the answer is used then
    """
    known = an_object(manifest, "the manifest")
    _check_identity(known, asked)
    dump, files = _part(known, "dump", asked.kind), an_object(known.get("files", {}), "files")
    begun, ended = a_moment(known.get("taken_from"), "taken_from"), a_moment(known.get("taken_to"), "taken_to")
    if begun > ended:
        raise AnswerRefusedError("bad_manifest", "the point ended before it began")
    return Taken(
        name=asked.name,
        form=_form(known.get("form")),
        taken_at=begun,
        bytes_stored=a_number(known.get("bytes_stored", 0), "bytes_stored"),
        dump_bytes=a_number(dump.get("bytes", 0), "dump.bytes"),
        sha256=a_match(dump["sha256"], "dump.sha256", values.HEX64) if "sha256" in dump else "",
        rows=_rows(known, asked.kind),
        files=a_number(files.get("count", 0), "files.count", MOST_ROWS),
        generation=a_number(known.get("generation", 1), "generation", 1000),
        clock_skew=_skew(known.get("clock_skew", 0)),
        reasons=tuple(dict.fromkeys([*_told_reasons(known), *_own_reasons(files, begun, ended, asked, now)])),
        text=_text(known),
    )


def doubts(taken: Taken, before: Before | None) -> tuple[str, ...]:
    """Return why the point is suspect, seen from the last proved one: rows down 30 %, a dump of less than half."""
    if before is None:
        return taken.reasons
    found = list(taken.reasons)
    if before.rows >= ROWS_COUNTED and taken.rows < before.rows * ROWS_LEFT:
        found.append("rows_down")
    if before.dump_bytes and taken.dump_bytes < before.dump_bytes * DUMP_LEFT:
        found.append("dump_small")
    return tuple(dict.fromkeys(found))


def _check_identity(known: dict[str, Any], asked: Asked) -> None:
    equal(known.get("format"), 1, "format")
    equal(known.get("repository"), asked.repository, "repository")
    equal(known.get("kind"), asked.kind, "kind")
    equal(known.get("slot"), slots.to_text(asked.slot), "slot")
    equal(known.get("name"), asked.name, "name")


def _part(known: dict[str, Any], name: str, kind: str) -> dict[str, Any]:
    """Return a part that a database point must have and a point of files need not."""
    part = known.get(name)
    if part is None and kind == "fs":
        return {}
    part = an_object(part, name)
    if kind != "fs" and ("sha256" not in part or not part.get("bytes")):
        raise AnswerRefusedError("bad_manifest", "%s has no bytes or no sha256" % name)
    return part


def _form(value: Any) -> str:
    if value not in FORMS:
        raise AnswerRefusedError("bad_manifest", "form is unknown: %s" % values.shown(value))
    return str(value)


def _rows(known: dict[str, Any], kind: str) -> int:
    counts = an_object(known.get("counts") or {}, "counts")
    if len(counts) > MOST_TABLES:
        raise AnswerRefusedError("bad_manifest", "counts has %d tables" % len(counts))
    if kind != "fs" and not counts:
        raise AnswerRefusedError("bad_manifest", "a database without tables")
    total = sum(a_number(count, "counts", MOST_ROWS) for count in counts.values())
    rows = a_number(known.get("rows", 0), "rows", MOST_ROWS)
    if rows != total:
        raise AnswerRefusedError("bad_manifest", "rows is %d, the tables have %d" % (rows, total))
    return rows


def _skew(value: Any) -> int:
    if type(value) not in (int, float) or abs(value) > 2**33:
        raise AnswerRefusedError("bad_manifest", "clock_skew is no number: %s" % values.shown(value))
    return int(round(value))


def _told_reasons(known: dict[str, Any]) -> list[str]:
    reasons = a_list(known.get("reasons", []), "reasons", MOST_REASONS)
    codes = [a_match(reason, "reasons", values.CODE) for reason in reasons]
    if known.get("judged") not in ("good", "suspect"):
        raise AnswerRefusedError("bad_manifest", "judged is %s" % values.shown(known.get("judged")))
    return codes or (["doubt"] if known["judged"] == "suspect" else [])


def _own_reasons(files: dict[str, Any], begun: float, ended: float, asked: Asked, now: int) -> list[str]:
    found = []
    if a_list(files.get("missing", []), "files.missing", 10**6):
        found.append("files_missing")
    # A copy on a DR host has the state of the point that it was made of.
    too_early = asked.kind != "dr" and begun < asked.slot - CLOCK_TOLERANCE
    if too_early or ended > now + CLOCK_TOLERANCE:
        found.append("clock")
    return found


def _text(known: dict[str, Any]) -> str:
    """Return the manifest as it is kept: without the rows of each table, which the repository has."""
    kept = {key: value for key, value in known.items() if key not in ("counts", "hashes")}
    files = kept.get("files")
    if isinstance(files, dict) and isinstance(files.get("missing"), list):
        kept["files"] = dict(files, missing=files["missing"][:100])
    text = json.dumps(kept, sort_keys=True)
    return text if len(text) <= PRINTED else "{}"
