"""Takes back points from the DR host: whole, hashed, under the names that they had, into a generation that is sound."""

import json
import sys
from pathlib import Path
from typing import Any, BinaryIO, Callable, Dict, Iterator

from . import file_list, point_names, repo_limits, restore_files, segments
from .errors import BackupError
from .mirror import Mirror
from .points import FILES, Points
from .repo_store import Load, Store, filestore_file
from .repository import Repository
from .segments import Part
from .zstd import Hashed

MAX_LINE = 64 << 10
MAX_MANIFEST = 64 << 20
PATIENCE = 600
NEEDED = {"taken_from", "taken_to", "dump", "counts", "rows", "files", "judged", "reasons", "slot"}


def renew(repository: Repository, generation: int) -> Dict[str, Any]:
    """Begin a new generation after a damage; asked twice (with the number of the damaged one) it begins one."""
    with repository.lock(PATIENCE):
        if generation == repository.generations[-1]:
            repository.begin_generation()
    return {"generation": repository.generations[-1]}


def receive(repository: Repository, name: str, context: Any) -> Dict[str, Any]:
    """Take a point on standard input and store it; one that is here and sound is not taken.

    :raise BackupError: `bad_delivery`, `not_renewed`, `busy`, or what the engine says: no point came to be
    """
    point_names.check_point(name)
    with repository.lock(PATIENCE):
        points = Points(repository)
        known = points.index.points.get(name)
        if known and not points.index.is_damaged(name):
            _say(context, {"state": "received", "have": [], "dump": True})
            return {"name": name, "sha256": points.noted(name).sha256, "already": True}
        if known and known["generation"] == repository.generations[-1]:
            raise BackupError("not_renewed", "The damaged repository takes no more. Renew it first.", "configuration")
        with repository.scratch() as folder:
            _say(context, {"state": "prepared", "have": [], "dump": False})
            arrived = _Arrival(sys.stdin.buffer, folder, name, repo_limits.read(repository.limits).max_bytes)
            return store_whole(points, arrived.take(), folder, context.progress)


def _say(context: Any, document: Dict[str, Any]) -> None:
    context.send(json.dumps(document).encode("ascii") + b"\n")


def store_whole(points: Points, manifest: Dict[str, Any], folder: Path, progress: Any) -> Dict[str, Any]:
    """Store a point whole, out of a folder with `dump` and `filestore/`; the caller holds the lock."""
    store = Store(points.repository, points.index)
    mirror = Mirror(store.tree / FILES)
    segments.drop(store.tree)
    (folder / "dump").rename(store.tree / segments.DUMP)
    names = sorted(restore_files.list_files(folder / FILES))
    for name in names:
        (mirror.folder / name).parent.mkdir(mode=0o700, exist_ok=True)
        (folder / FILES / name).rename(mirror.folder / name)
    dump, odd = Hashed(**manifest["dump"]), manifest["files"].get("odd") or {}
    files = [filestore_file(name, mirror.size(name), odd) for name in names]
    told = dict(manifest["files"], count=len(names), new=len(names), root=file_list.root_of(names))
    told["bytes"] = sum(each.bytes for each in files)
    payload = {"name": segments.DUMP, "bytes": dump.bytes, "sha256": dump.sha256}
    listed = store.write(file_list.WHOLE, file_list.write_whole(names))
    whole = dict(manifest, format=1, form="whole", base=None, anchor=True, payload=payload, files=told)
    load = Load([Part(segments.DUMP, dump.bytes, dump.sha256), listed], files, remember=True)
    progress(1, 2, "storing and reading back")
    stored = store.put(dict(whole, repository=points.repository.name), load)
    mirror.forget(odd)
    segments.drop(store.tree)
    return {"name": stored["name"], "sha256": dump.sha256, "generation": stored["generation"], "already": False}


class _Arrival:
    """Reads a delivery (`deliver.Delivery`) into a folder."""

    def __init__(self, stream: BinaryIO, folder: Path, name: str, limit: int) -> None:
        self._stream, self._folder, self._name = stream, folder, name
        self._left = limit
        self._manifest: Dict[str, Any] = {}
        self._files = 0

    def take(self) -> Dict[str, Any]:
        """Read parts until the end; return the manifest, which everything fits.

        :raise BackupError: `bad_delivery`, `too_large`, `connection_lost`
        """
        takers: Dict[str, Callable[[Dict[str, Any]], None]] = {
            "manifest": self._take_manifest,
            "dump": self._take_dump,
            "file": self._take_file,
        }
        while True:
            head = self._head()
            if head.get("part") == "end":
                break
            if head.get("part") not in takers or (head["part"] != "manifest" and not self._manifest):
                raise _bad("parts in another order")
            takers[head["part"]](head)
        if not (self._folder / "dump").exists() or head.get("files") != self._files:
            raise _bad("an end before everything was there")
        return self._manifest

    def _head(self) -> Dict[str, Any]:
        line = self._stream.readline(MAX_LINE + 1)
        if not line.endswith(b"\n"):
            raise BackupError("connection_lost", "The delivery ended before it was whole.", "transient")
        try:
            head = json.loads(line.decode("ascii"))
        except ValueError:
            head = None
        if not isinstance(head, dict):
            raise _bad("a line that is no JSON")
        return head

    def _blocks(self, head: Dict[str, Any], limit: int) -> Iterator[bytes]:
        left = head.get("bytes")
        if type(left) is not int or not 0 <= left <= min(limit, self._left):
            raise BackupError("too_large", "More is delivered than can be.", "data")
        self._left -= left
        while left:
            data = self._stream.read(min(left, 1 << 20))
            if not data:
                raise BackupError("connection_lost", "The delivery ended before it was whole.", "transient")
            left -= len(data)
            yield data

    def _take_manifest(self, head: Dict[str, Any]) -> None:
        try:
            manifest = json.loads(b"".join(self._blocks(head, MAX_MANIFEST)).decode("utf-8"))
        except ValueError:
            manifest = None
        if not isinstance(manifest, dict) or manifest.get("name") != self._name or NEEDED - set(manifest):
            raise _bad("the manifest of another point")
        self._manifest = manifest

    def _take_dump(self, head: Dict[str, Any]) -> None:
        arriving = restore_files.Arriving(self._folder / "dump", "sha256")
        for data in self._blocks(head, self._left):
            arriving.write(data)
        if not arriving.keep(self._manifest["dump"]["sha256"], sync=True):
            raise _bad("another dump than the manifest's")

    def _take_file(self, head: Dict[str, Any]) -> None:
        name = head.get("name")
        if not point_names.is_file(name):
            raise _bad("a file with an impossible name")
        path = self._folder / FILES / str(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        arriving = restore_files.Arriving(path, "sha1")
        for data in self._blocks(head, self._left):
            arriving.write(data)
        odd = self._manifest["files"].get("odd") or {}
        if not arriving.keep(str(odd.get(name) or str(name).split("/")[1])):
            raise _bad("a file that does not fit its name")
        self._files += 1


def _bad(what: str) -> BackupError:
    return BackupError("bad_delivery", "The delivery holds %s." % what, "data")
