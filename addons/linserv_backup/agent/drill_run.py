"""Proves a point by restoring it: rebuild, sha256, restore, rows, files, registry; then everything goes away again.

What is wrong with the *point* is a finding of the drill (`faults`, and `ok` is false); what is wrong with the *host*
is an error, and the drill has not been held.
"""

import hashlib
import importlib
import resource
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

from . import drill_files, drill_rows
from .drill_registry import load_registry
from .drill_scratch import Scratch
from .drill_settings import Settings, read_settings
from .errors import BackupError

PHASES = ("rebuild", "hash", "restore", "registry", "rows", "files")
TO_USABLE = ("rebuild", "hash", "restore", "registry")  # what must be done before people can work again: the RTO
CHUNK = 1024 * 1024
ROWS_SECONDS = 3600
NAMED = 50
STORED = "SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname ~ '^[0-9a-f]{2,3}/[0-9a-f]{40}$';"
HAS_FILES = "SELECT to_regclass('public.ir_attachment') IS NOT NULL;"
Opener = Callable[[Any, str], Any]


class Drill:
    """One drill, phase by phase; `result` grows as they pass."""

    def __init__(self, context: Any, settings: Settings, repository: Any, name: str, samples: int) -> None:
        self.context, self.settings, self.repository = context, settings, repository
        self.name, self.samples = name, samples
        self.rebuilt: Any = None
        self.faults: List[Dict[str, Any]] = []
        self.seconds: Dict[str, float] = {}
        self.found: Dict[str, Any] = {}

    def hold(self) -> Dict[str, Any]:
        """Hold the drill and return what it found; a damaged point ends it early, and says in which phase."""
        begun, used = time.time(), _cpu()
        with Scratch(self.settings, self.context.run_id) as scratch:
            for number, phase in enumerate(PHASES):
                self.context.progress(number, len(PHASES), phase)
                if not self._pass(phase, scratch):
                    break
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        return self._result(begun, _cpu() - used, peak)

    def _pass(self, phase: str, scratch: Scratch) -> bool:
        """Do one phase; whether the next one can be done."""
        begun = time.monotonic()
        try:
            return bool(getattr(self, "_do_" + phase)(scratch))
        except BackupError as error:
            if error.kind != "data":
                raise
            self._blame(error.code, str(error))
            return phase == "registry"
        finally:
            self.seconds[phase] = round(time.monotonic() - begun, 3)

    def _blame(self, code: str, text: str, **more: Any) -> None:
        self.faults.append({"code": code, "text": text[:1000], **more})

    def _do_rebuild(self, scratch: Scratch) -> bool:
        self.rebuilt = self.repository.rebuild(self.name, scratch.folder / "point")
        return True

    def _do_hash(self, _scratch: Scratch) -> bool:
        """The rebuilt dump must be the one that was taken."""
        told, found = self.rebuilt.manifest["dump"], _sha256(Path(self.rebuilt.dump_path))
        self.found["dump"] = found
        if found != {"bytes": told["bytes"], "sha256": told["sha256"]}:
            self._blame("dump_differs", "The rebuilt dump is not the one that was taken.")
            return False
        return True

    def _do_restore(self, scratch: Scratch) -> bool:
        scratch.create()
        scratch.restore(Path(self.rebuilt.dump_path))
        return True

    def _do_registry(self, scratch: Scratch) -> bool:
        answer = load_registry(self.settings, scratch.name, self._filestore(), scratch.folder, self.samples)
        self.found["registry"] = answer
        if answer and answer["opened"]["good"] < answer["opened"]["asked"]:
            self._blame("files_unreadable", "Odoo could not read every file that it was asked for.")
        return True

    def _do_rows(self, scratch: Scratch) -> bool:
        """Rows and hashes against what the source said in the dump's own snapshot."""
        states = drill_rows.read_states(lambda sql: scratch.query(sql, seconds=ROWS_SECONDS))
        manifest = self.rebuilt.manifest
        counts = drill_rows.count_faults(states, manifest.get("counts") or {}) if manifest.get("counts") else []
        hashes = drill_rows.hash_faults(states, manifest.get("hashes") or {})
        if counts:
            text = "Other numbers of rows than at the source: %s." % ", ".join(one["table"] for one in counts[:NAMED])
            self._blame("rows_differ", text, tables=counts[:NAMED])
        if hashes:
            self._blame("hashes_differ", "Other rows than at the source: %s." % ", ".join(hashes[:NAMED]))
        self.found.update(
            tables=len(states),
            rows=sum(state.rows for state in states.values()),
            rows_root=drill_rows.root_of(states),
            rows_compared=len(manifest.get("counts") or {}),
            hashes_compared=len(manifest.get("hashes") or {}),
            hashes={label: [state.rows, state.hash] for label, state in states.items()},
        )
        return True

    def _do_files(self, scratch: Scratch) -> bool:
        has_files = scratch.query(HAS_FILES) == [["t"]]
        wanted = [row[0] for row in scratch.query(STORED)] if has_files else []
        found = drill_files.check_files(self._filestore(), wanted)
        self.found["files"] = found
        if found["damaged"]:
            self._blame("files_damaged", "%d files are not what their names say." % found["damaged"])
        if found["missing"]:
            self._blame("files_missing", "%d files that the database names are missing." % found["missing"])
        return True

    def _filestore(self) -> Optional[Path]:
        return Path(self.rebuilt.filestore_path) if self.rebuilt.filestore_path else None

    def _result(self, begun: float, cpu: float, peak: int) -> Dict[str, Any]:
        manifest = self.rebuilt.manifest if self.rebuilt else {}
        return {
            "ok": not self.faults,
            "faults": self.faults,
            "name": self.name,
            "slot": manifest.get("slot"),
            "taken_to": manifest.get("taken_to"),
            "form": manifest.get("form"),
            "began": int(begun),
            "ended": int(time.time()),
            "seconds": {**self.seconds, "total": round(time.time() - begun, 3)},
            "usable_seconds": round(sum(self.seconds.get(phase, 0.0) for phase in TO_USABLE), 3),
            "cpu_seconds": round(cpu, 3),
            "peak_memory_mb": peak,
            "tools": manifest.get("tools") or {},
            **self.found,
        }


def run_drill(context: Any, args: Dict[str, Any], opener: Optional[Opener] = None) -> Dict[str, Any]:
    """Hold a drill of a point of a repository.

    :raise BackupError: the drill could not be held on this host
    """
    settings = read_settings(context)
    repository = (opener or open_repository)(context, args["repository"])
    return {
        "repository": args["repository"],
        **Drill(context, settings, repository, args["name"], args.get("samples", 20)).hold(),
    }


def open_repository(context: Any, name: str) -> Any:
    """Return the repository of this host: restic's on a DR host, borg's on a backup host."""
    section = context.config.get_section("backup")
    if section.get("restic"):
        from .dr_copies import Copies  # noqa: PLC0415

        return Copies(section, name)
    repositories: Any = importlib.import_module(".repository", __package__)
    return repositories.open(context, name)


def _sha256(path: Path) -> Dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    for part in _parts(path):
        digest.update(part)
        size += len(part)
    return {"bytes": size, "sha256": digest.hexdigest()}


def _parts(path: Path) -> Iterator[bytes]:
    with open(str(path), "rb") as stream:
        yield from iter(lambda: stream.read(CHUNK), b"")


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
