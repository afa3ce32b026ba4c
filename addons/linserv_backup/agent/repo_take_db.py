"""Takes a point of a database: the instance held still, the dump in its own snapshot, the new files of the filestore.

Phases: pull (under the hold), pack, store (which reads back). What a cut leaves is dropped by the next work.
"""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import chain, file_list, judge, segments
from .chain import Choice
from .dump_cache import DumpCache
from .engine import usage
from .errors import BackupError
from .file_list import Holders
from .mirror import Mirror
from .points import Points
from .repo_source import Held, SourceHost
from .repo_store import FILES, Expected, Load, Store, filestore_file
from .repo_take import Order, Progress, tools
from .segments import Packed
from .zstd import Hashed

MAX_TOLD = 1000
HASHED_BYTES = 2 << 30  # a larger database is held still for too long


class Pulled(NamedTuple):
    """What came from the customer's host."""

    held: Held
    told: Dict[str, Any]
    missing: List[str]
    odd: Dict[str, str]
    clock_skew: int
    taken: Tuple[float, float]
    hashes: Dict[str, str]

    @property
    def dump(self) -> Hashed:
        """The dump that arrived."""
        return Hashed(int(self.told["bytes"]), str(self.told["sha256"]))

    @property
    def names(self) -> List[str]:
        """The files of the point."""
        lacking = set(self.missing)
        return [name for name in self.held.attachments if name not in lacking]


class DatabaseTake:
    """One attempt; the caller holds the repository's lock."""

    def __init__(self, points: Points, order: Order, progress: Progress) -> None:
        self._points, self._order, self._progress = points, order, progress
        self._repository = points.repository
        self._source = SourceHost(self._repository, order.limits)
        self._store = Store(self._repository, points.index)
        self._cache = DumpCache(self._repository.folder / "cache")
        self._mirror = Mirror(self._store.tree / FILES)
        self._seconds: Dict[str, float] = {}
        self._mark = time.monotonic()

    def make(self) -> Dict[str, Any]:
        """Pull, pack, store; return the manifest of the point.

        :raise BackupError: no point came to be
        """
        try:
            return self._make()
        finally:
            segments.drop(self._store.tree)

    def _make(self) -> Dict[str, Any]:
        segments.drop(self._store.tree)
        self._progress(0, 3, "pulling")
        pulled = self._pull()
        self._note("pull")
        self._progress(1, 3, "packing")
        with ExitStack() as stack:
            scratch = stack.enter_context(self._repository.scratch())
            manifest, load, holders = self._pack(pulled, scratch)
        self._note("pack")
        self._progress(2, 3, "storing and reading back")
        manifest = self._store.put(dict(manifest, **self._cost()), load)
        self._note("store")
        self._settle(manifest, holders, pulled)
        return dict(manifest, **self._cost())

    def _pull(self) -> Pulled:
        """Bring the dump and the new files while the instance is held still."""
        tree, began = self._store.tree, time.time()
        with self._source.hold() as (talk, held):
            own = time.time()
            told = self._source.dump(held.snapshot, tree / segments.DUMP, self._last_size())
            self._note("dump")
            missing, odd = self._source.files(self._mirror.lacking(held.attachments), self._mirror)
            hashes = self._hash(held, int(told["bytes"]))
            if talk.finish("release").get("held") is not True:
                raise BackupError("hold_lost", "The instance was not held to the end.", "transient")
        return Pulled(held, told, missing, odd, int(round(held.clock - own)), (began, time.time()), hashes)

    def _hash(self, held: Held, size: int) -> Dict[str, str]:
        """Return hashes over all rows for the first point of a day; a point is worth more than they are."""
        day = self._order.name.split("T")[0]
        if size > HASHED_BYTES or any(name.startswith(day) for name in self._points.index.points):
            return {}
        try:
            return self._source.hashes(held.snapshot)
        except BackupError as error:
            self._progress(0, 3, "the rows are not hashed: %s" % error)
            return {}

    def _last_size(self) -> int:
        last = self._points.index.last_good("db")
        return self._points.noted(last).bytes if last else 0

    def _pack(self, pulled: Pulled, scratch: Path) -> Tuple[Dict[str, Any], Load, Holders]:
        index, newest = self._points.index, self._repository.generations[-1]
        links = {name: link for name, link in index.links().items() if index.points[name]["generation"] == newest}
        choice = chain.choose(self._order.name, links, index.broken())
        base = self._find_base(choice, scratch) if pulled.dump.bytes <= self._order.limits.chunk_bytes else None
        choice = choice if base else Choice(None, True)
        packer = segments.Packer(self._repository.zstd, self._store.tree, scratch, self._order.limits)
        packed = packer.pack(pulled.dump, base)
        known = self._find_files(choice.base)
        manifest = self._describe(pulled, choice, packed, known)
        load = self._load(pulled, packed, known, choice)
        holders = {name: known.get(name, self._order.name) for name in pulled.names}
        return manifest, load, holders

    def _find_base(self, choice: Choice, scratch: Path) -> Optional[Path]:
        """Return the dump that this one becomes a patch of: the one kept here, or else out of the repository."""
        if choice.base is None:
            return None
        found = self._cache.dump(choice.base, self._points.noted(choice.base))
        if found is None:
            found = scratch / "base"
            self._points.rebuild_dump(choice.base, found)
        return found

    def _find_files(self, base: Optional[str]) -> Holders:
        if base is None:
            return {}
        root = str(self._points.entry(base).get("files_root"))
        found = self._cache.files(base, root)
        return self._points.files(base) if found is None else found

    def _load(self, pulled: Pulled, packed: Packed, known: Holders, choice: Choice) -> Load:
        """Return what goes into the archive: the payload, the list of files, the files that are new in the chain."""
        alone = choice.base is None
        text = file_list.write_whole(pulled.names) if alone else file_list.write_patch(pulled.names, known)
        listed = self._store.write(file_list.WHOLE if alone else file_list.PATCH, text)
        files = [self._expect(name, pulled) for name in pulled.names if name not in known or name in pulled.odd]
        old: List[Expected] = []
        if alone and sum(each.bytes for each in files) > self._order.limits.read_back_bytes:
            stored = self._previous_files()
            old = [each for each in files if each.path in stored]
            files = [each for each in files if each.path not in stored]
        return Load([*packed.parts, listed], files, old, packed.form == "chunks", alone)

    def _expect(self, name: str, pulled: Pulled) -> Expected:
        return filestore_file(name, self._mirror.size(name), pulled.odd)

    def _previous_files(self) -> "set[str]":
        last = self._points.index.last_good("db")
        return {"%s/%s" % (FILES, name) for name in self._find_files(last or None)}

    def _describe(self, pulled: Pulled, choice: Choice, packed: Packed, known: Holders) -> Dict[str, Any]:
        names, order = pulled.names, self._order
        files = {
            "count": len(names),
            "bytes": sum(self._mirror.size(name) for name in names),
            "new": len([name for name in names if name not in known]),
            "root": file_list.root_of(names),
            "missing": pulled.missing[:MAX_TOLD],
            "missing_count": len(pulled.missing),
            "odd": pulled.odd,
            "strange": pulled.held.strange,
        }
        known_facts = {"format": 1, "repository": self._repository.name, "kind": "db", "name": order.name}
        manifest = dict(
            known_facts,
            instance=self._repository.settings["source"].get("instance"),
            slot=order.slot,
            form=packed.form,
            base=choice.base,
            anchor=choice.anchor,
            taken_from=pulled.taken[0],
            taken_to=pulled.taken[1],
            payload=packed.payload,
            dump=pulled.dump._asdict(),
            counts=pulled.held.counts,
            rows=sum(pulled.held.counts.values()),
            files=files,
            tools=tools(self._repository, order, pulled.told),
            clock_skew=pulled.clock_skew,
        )
        return self._judge(dict(manifest, **({"hashes": pulled.hashes} if pulled.hashes else {})))

    def _judge(self, manifest: Dict[str, Any]) -> Dict[str, Any]:
        last = self._points.index.last_good("db")
        before = (self._cache.manifest("db", last) or self._points.manifest(last)) if last else None
        judged, reasons = judge.judge(manifest, before)
        lost = judge.describe(manifest, before)
        return dict(manifest, judged=judged, reasons=reasons, **({"lost": lost} if lost else {}))

    def _settle(self, manifest: Dict[str, Any], holders: Holders, pulled: Pulled) -> None:
        """Keep what the next point is made from. The point is there already: nothing that fails here undoes it."""
        try:
            self._mirror.forget(pulled.odd)
            if manifest["form"] == "chunks":
                self._cache.forget()
            else:
                self._cache.keep(manifest["name"], self._store.tree / segments.DUMP, holders, self._anchors())
            if manifest["judged"] == "good":
                self._cache.keep_manifest(manifest)
            if manifest["base"] is None:
                self._mirror.tidy(pulled.names)
                self._store.compact()
        except (BackupError, OSError) as error:
            self._progress(3, 3, "the next point will take longer: %s" % error)

    def _anchors(self) -> List[str]:
        """Return the point that the next anchor is made from."""
        links = self._points.index.links()
        return chain.since_anchor(links[self._order.name], links)[-1:]

    def _note(self, phase: str) -> None:
        now = time.monotonic()
        self._seconds[phase] = round(now - self._mark, 3)
        self._mark = now

    def _cost(self) -> Dict[str, Any]:
        used = usage()
        return {"seconds": dict(self._seconds, cpu=used["cpu"]), "peak_memory_mb": used["peak_memory_mb"]}
