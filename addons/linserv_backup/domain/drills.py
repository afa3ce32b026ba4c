"""What a host says of a drill, read with distrust, and what is made of it. Rules 40-46 in docs/backups.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STEPS: Mapping[str, tuple[str, ...]] = {
    "ordered": ("proved", "faulty", "failed", "cancelled"),
    "proved": (),
    "faulty": (),
    "failed": (),
    "cancelled": (),
}
OPEN = ("ordered",)
HELD = ("proved", "faulty")  # the point was restored, or could not be: either is a finding, and signed
PHASES = ("rebuild", "hash", "restore", "registry", "rows", "files")
KNOWN_FAULTS = (
    "point_missing",
    "point_damaged",
    "dump_differs",
    "dump_damaged",
    "registry_broken",
    "rows_differ",
    "hashes_differ",
    "files_damaged",
    "files_missing",
    "files_unreadable",
)
MAX_SECONDS = 7 * 86400
MAX_NUMBER = 2**53
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


class MalformedDrillError(Exception):
    """A host's answer that has not the form of a drill's result; the text says where."""


@dataclass(frozen=True)
class Fault:
    """One thing that was wrong with a point, as the host tells it or as we found it by its figures."""

    code: str
    text: str = ""


@dataclass(frozen=True)
class Files:
    """What came of the filestore."""

    count: int
    bytes: int
    damaged: int
    missing: int
    root: str


@dataclass(frozen=True)
class Registry:
    """What Odoo said of the restored database."""

    odoo: str
    modules: int
    missing_modules: tuple[str, ...]
    models: int


@dataclass(frozen=True)
class Finding:
    """The result of a drill, checked for its form. What a phase did not reach is None."""

    name: str
    began: int
    ended: int
    faults: tuple[Fault, ...]
    seconds: Mapping[str, float]
    usable_seconds: float
    total_seconds: float
    cpu_seconds: float
    peak_memory_mb: int
    dump_bytes: int | None = None
    dump_sha256: str | None = None
    tables: int | None = None
    rows: int | None = None
    rows_root: str | None = None
    rows_compared: int = 0
    hashes_compared: int = 0
    files: Files | None = None
    registry: Registry | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every phase was gone through."""
        return all(phase in self.seconds for phase in PHASES)


@dataclass(frozen=True)
class Known:
    """What Odoo knows of the point from the day that it was taken; None where it does not."""

    name: str
    dump_bytes: int | None = None
    dump_sha256: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What a drill has shown: `proved` or `faulty`, and why."""

    state: str
    faults: tuple[Fault, ...]

    @property
    def codes(self) -> list[str]:
        """The codes of the faults, each once."""
        return sorted({fault.code for fault in self.faults})


def may_become(state: str, new: str) -> bool:
    """Tell whether a drill may go from one state to another."""
    return new in STEPS.get(state, ())


def judge(finding: Finding, known: Known) -> Verdict:
    """Compare what the host found with what Odoo was told when the point was taken: it is not the host that decides."""
    faults = list(finding.faults)
    if finding.name != known.name:
        faults.append(Fault("other_point"))
    if None not in (known.dump_sha256, finding.dump_sha256) and finding.dump_sha256 != known.dump_sha256:
        faults.append(Fault("other_dump"))
    if None not in (known.rows, finding.rows) and finding.rows != known.rows:
        faults.append(Fault("other_rows"))
    if not faults and not finding.is_whole:
        faults.append(Fault("not_whole"))
    if not faults and (finding.dump_sha256 is None or finding.rows is None or finding.files is None):
        faults.append(Fault("not_whole"))
    return Verdict("faulty" if faults else "proved", tuple(faults))


def parse(result: Any) -> Finding:
    """Read what a host answered.

    :raise MalformedDrillError: it is no result of a drill
    """
    told = _dict(result, "result")
    seconds = _dict(told.get("seconds"), "seconds")
    dump, files, registry = told.get("dump"), told.get("files"), told.get("registry")
    faults = _list(told.get("faults"), "faults")
    if told.get("ok") is not (not faults):
        raise MalformedDrillError("ok")
    return Finding(
        name=_text(told.get("name"), "name", _NAME),
        began=_number(told.get("began"), "began"),
        ended=_number(told.get("ended"), "ended"),
        faults=tuple(_fault(one) for one in faults[:100]),
        seconds={phase: _seconds(seconds[phase], phase) for phase in PHASES if phase in seconds},
        usable_seconds=_seconds(told.get("usable_seconds"), "usable_seconds"),
        total_seconds=_seconds(seconds.get("total"), "total"),
        cpu_seconds=_seconds(told.get("cpu_seconds"), "cpu_seconds"),
        peak_memory_mb=_number(told.get("peak_memory_mb"), "peak_memory_mb"),
        dump_bytes=_number(dump.get("bytes"), "dump.bytes") if isinstance(dump, dict) else None,
        dump_sha256=_text(dump.get("sha256"), "dump.sha256", _SHA256) if isinstance(dump, dict) else None,
        tables=_number(told["tables"], "tables") if "tables" in told else None,
        rows=_number(told["rows"], "rows") if "rows" in told else None,
        rows_root=_text(told["rows_root"], "rows_root", _SHA256) if "rows_root" in told else None,
        rows_compared=_number(told.get("rows_compared", 0), "rows_compared"),
        hashes_compared=_number(told.get("hashes_compared", 0), "hashes_compared"),
        files=_files(files) if files is not None else None,
        registry=_registry(registry) if registry is not None else None,
    )


def _fault(told: Any) -> Fault:
    values = _dict(told, "fault")
    return Fault(_text(values.get("code"), "fault.code", _CODE), str(values.get("text", ""))[:1000])


def _files(told: Any) -> Files:
    values = _dict(told, "files")
    count, size, damaged, missing = (
        _number(values.get(key), "files." + key) for key in ("count", "bytes", "damaged", "missing")
    )
    return Files(count, size, damaged, missing, _text(values.get("root"), "files.root", _SHA256))


def _registry(told: Any) -> Registry:
    values = _dict(told, "registry")
    missing = _list(values.get("missing_modules", []), "registry.missing_modules")
    return Registry(
        odoo=str(values.get("odoo", ""))[:40],
        modules=_number(values.get("modules"), "registry.modules"),
        missing_modules=tuple(str(name)[:100] for name in missing[:1000]),
        models=_number(values.get("models"), "registry.models"),
    )


def _dict(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedDrillError(where)
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedDrillError(where)
    return value


def _text(value: Any, where: str, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.match(value):
        raise MalformedDrillError(where)
    return value


def _number(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_NUMBER:
        raise MalformedDrillError(where)
    return int(value)


def _seconds(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_SECONDS:
        raise MalformedDrillError(where)
    return float(value)
