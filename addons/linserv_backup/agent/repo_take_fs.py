"""Takes a point of the file system: the instance's folders, of which only what has changed travels."""

import time
from collections import Counter
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

from . import fs_tree, judge
from .dump_cache import DumpCache
from .errors import BackupError
from .fs_mirror import Arrivals, FolderMirror
from .fs_tree import Entry, Key
from .mirror import Mirror
from .points import Points
from .repo_source import SourceHost
from .repo_store import FILES, Expected, Load, Store, filestore_file
from .repo_take import Order, Progress, tools
from .source_stream import FileReader

AT_ONCE = 20000
MAX_REQUEST = 4 << 20
MAX_TOLD = 1000


class Seen(NamedTuple):
    """What the customer's host has: the files of folders, those of the filestore, and what was noted about them."""

    entries: Dict[Key, Entry]
    filestore: List[str]
    told: Dict[str, Any]
    odd: Dict[str, str]
    fresh: Dict[Key, Entry]
    notes: Dict[str, List[Any]]


class FilesTake:
    """One attempt; the caller holds the repository's lock."""

    def __init__(self, points: Points, order: Order, progress: Progress) -> None:
        self._points, self._order, self._progress = points, order, progress
        self._repository = points.repository
        self._source = SourceHost(self._repository, order.limits)
        self._store = Store(self._repository, points.index)
        self._cache = DumpCache(self._repository.folder / "cache")
        self._files = Mirror(self._store.tree / FILES)
        self._folders = FolderMirror(self._store.tree, self._repository.folder / "cache" / "folders.json")

    def make(self) -> Dict[str, Any]:
        """Pull what has changed, store; return the manifest of the point.

        :raise BackupError: no point came to be
        """
        began = time.time()
        self._progress(0, 2, "pulling")
        new = set(self._files.names())
        seen = self._pull()
        pulled = time.time()
        self._folders.save(seen.entries.values())
        manifest = self._describe(seen, new, (began, pulled))
        self._progress(1, 2, "storing and reading back")
        stored = self._store.put(manifest, self._load(seen, new))
        self._files.forget(seen.odd)
        if stored["judged"] == "good":
            self._cache.keep_manifest(stored)
        seconds = {"pull": round(pulled - began, 3), "store": round(time.time() - pulled, 3)}
        return dict(stored, seconds=seconds)

    def _pull(self) -> Seen:
        reader = fs_tree.TreeReader(self._order.limits.max_files)
        told = self._source.tree(reader.feed)
        listed = reader.close()
        self._check_folders(told)
        names = sorted(entry.path for entry in listed.values() if entry.is_filestore())
        plain = {key: entry for key, entry in listed.items() if not entry.is_filestore()}
        self._folders.drop_others(plain)
        missing, odd = self._source.files(self._files.lacking(names), self._files)
        fresh, changed, gone = self._fetch([entry for entry in plain.values() if self._folders.find(entry) is None])
        vanished = [*gone, *((fs_tree.FILESTORE, name) for name in missing)]
        here = {key: fresh.get(key) or self._folders.find(entry) for key, entry in plain.items() if key not in gone}
        notes = {"changed": changed, "vanished": [list(key) for key in vanished]}
        left = set(missing)
        filestore = [name for name in names if name not in left]
        return Seen({key: entry for key, entry in here.items() if entry}, filestore, told, odd, fresh, notes)

    def _check_folders(self, told: Dict[str, Any]) -> None:
        """The folders that were agreed must be there."""
        folders = told.get("folders")
        lacking = [name for name in self._order.folders if not isinstance(folders, dict) or name not in folders]
        if lacking:
            text = "The customer's host knows no folder %s." % ", ".join(lacking)
            raise BackupError("folder_unknown", text, "configuration")

    def _fetch(self, entries: List[Entry]) -> Tuple[Dict[Key, Entry], List[Any], List[Key]]:
        """Bring files; those that changed meanwhile twice. Return what came, what still changed, what is gone."""
        fresh: Dict[Key, Entry] = {}
        changed: List[Any] = []
        gone: List[Key] = []
        for folder, part in _portions(entries):
            wanted = {entry.path: entry for entry in part}
            arrivals = self._fetch_once(folder, wanted)
            again = {path: wanted[path] for path in arrivals.changed}
            second = self._fetch_once(folder, again) if again else None
            fresh.update((entry.key, entry) for entry in arrivals.arrived.values())
            fresh.update((entry.key, entry) for entry in (second.arrived.values() if second else ()))
            changed += [[folder, path] for path in (second.changed if second else ())]
            gone += [entry.key for entry in part if entry.path not in arrivals.arrived]
        return fresh, changed, gone

    def _fetch_once(self, folder: str, wanted: Dict[str, Entry]) -> Arrivals:
        arrivals = Arrivals(self._folders, wanted, self._source.check_room)
        try:
            told = self._source.fetch(folder, list(wanted), FileReader(arrivals.begin, arrivals.end))
        finally:
            arrivals.close()
        if set(wanted) - set(arrivals.arrived) != set(told.get("missing") or []):
            raise BackupError("bad_answer", "The customer's host sends other files than were asked for.", "data")
        return arrivals

    def _load(self, seen: Seen, before: "set[str]") -> Load:
        """Return what goes into the archive; only what is new is read back."""
        listed = self._store.write(fs_tree.TREE, fs_tree.write(seen.entries.values()))
        plain = [Expected(entry.stored, entry.size, "sha256", entry.sha256) for entry in seen.entries.values()]
        fresh = {entry.stored for entry in seen.fresh.values()}
        kept = [filestore_file(name, self._files.size(name), seen.odd) for name in seen.filestore]
        new = [each for each in plain if each.path in fresh]
        new += [each for each in kept if each.path[len(FILES) + 1 :] not in before]
        paths = {each.path for each in new}
        return Load([listed], new, [each for each in [*plain, *kept] if each.path not in paths], remember=True)

    def _describe(self, seen: Seen, before: "set[str]", taken: Tuple[float, float]) -> Dict[str, Any]:
        entries, order = seen.entries.values(), self._order
        folders = Counter(entry.folder for entry in entries)
        size = sum(entry.size for entry in entries) + sum(self._files.size(name) for name in seen.filestore)
        files = {
            "count": len(entries) + len(seen.filestore),
            "bytes": size,
            "new": len(seen.fresh) + len([name for name in seen.filestore if name not in before]),
            "root": fs_tree.root_of(entries),
            "missing": [],
            "odd": seen.odd,
        }
        manifest = {
            "format": 1,
            "repository": self._repository.name,
            "instance": self._repository.settings["source"].get("instance"),
            "kind": "fs",
            "name": order.name,
            "slot": order.slot,
            "form": "files",
            "base": None,
            "anchor": False,
            "taken_from": taken[0],
            "taken_to": taken[1],
            "rows": 0,
            "files": files,
            "folder_files": len(entries),
            "folders": {name: folders.get(name, 0) for name in sorted(seen.told.get("folders") or {})},
            "links": (seen.told.get("links") or [])[:MAX_TOLD],
            "notes": (seen.told.get("notes") or [])[:MAX_TOLD],
            "tools": tools(self._repository, order, {}),
            "clock_skew": 0,
        }
        manifest.update({name: noted[:MAX_TOLD] for name, noted in seen.notes.items() if noted})
        return self._judge(manifest)

    def _judge(self, manifest: Dict[str, Any]) -> Dict[str, Any]:
        last = self._points.index.last_good("fs")
        before = (self._cache.manifest("fs", last) or self._points.manifest(last)) if last else None
        judged, reasons = judge.judge_files(manifest, before)
        return dict(manifest, judged=judged, reasons=reasons)


def _portions(entries: List[Entry]) -> Iterator[Tuple[str, List[Entry]]]:
    """Yield the files by folder, as many as fit into one request."""
    part: List[Entry] = []
    size = 0
    for entry in sorted(entries):
        if part and (entry.folder != part[0].folder or len(part) >= AT_ONCE or size > MAX_REQUEST):
            yield part[0].folder, part
            part, size = [], 0
        part.append(entry)
        size += 6 * len(entry.path)
    if part:
        yield part[0].folder, part
