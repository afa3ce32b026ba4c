"""The points of a repository: found, rebuilt, verified. An engine (`engines.Engine`) on borg and zstd."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from . import chain, file_list, fs_tree, point_names
from .borg import Borg
from .engines import Engine, Rebuilt
from .errors import BackupError
from .file_list import Holders
from .repo_index import Index
from .repository import Repository
from .segments import Unpacker
from .zstd import Hashed, hash_file

MANIFEST, FILES = "manifest.json", "filestore"
MAX_MANIFEST = 64 << 20
START_SECONDS = 600
LEAST_SPEED = 1_000_000


class Points(Engine):
    """The points of one repository, as borg has them now."""

    def __init__(self, repository: Repository, index: Optional[Index] = None) -> None:
        self.repository = repository
        self._index = index

    @property
    def index(self) -> Index:
        """What is known of the points; read once."""
        if self._index is None:
            self._index = self.repository.index()
        return self._index

    def list(self) -> List[Dict[str, Any]]:
        """Return the points, oldest slot first."""
        return [self.describe(name) for name in sorted(self.index.points, key=point_names.slot_of)]

    def describe(self, name: str) -> Dict[str, Any]:
        """Return a point as lists show it."""
        entry = self.index.points[name]
        shown = {key: entry.get(key) for key in ("form", "base", "anchor", "bytes", "rows", "generation", "reasons")}
        dump = {"bytes": entry.get("dump_bytes", 0), "sha256": entry.get("sha256", "")}
        return dict(
            shown,
            name=name,
            kind=point_names.kind_of(name),
            slot=point_names.slot_of(name),
            judged=self.index.judged(name),
            dump_bytes=dump["bytes"],
            dump=dump,
            files=entry.get("files_count", 0),
            files_bytes=entry.get("files_bytes", 0),
            taken_to=entry.get("order", 0),
        )

    def entry(self, name: str) -> Dict[str, Any]:
        """Return the index's line of a point.

        :raise BackupError: `point_unknown`
        """
        point_names.check_point(name)
        if name not in self.index.points:
            raise BackupError("point_unknown", "The repository has no point %s." % name, "data")
        return self.index.points[name]

    def borg(self, name: str) -> Borg:
        """Return the borg repository that a point lies in."""
        return self.repository.borg(self.entry(name).get("generation"))

    def manifest(self, name: str) -> Dict[str, Any]:
        """Return a point's manifest, out of its archive.

        :raise BackupError: `point_damaged`, `point_unknown`
        """
        try:
            document = json.loads(self.read_text(name, MANIFEST))
        except ValueError:
            document = None
        if not isinstance(document, dict) or document.get("format") != 1 or document.get("name") != name:
            raise BackupError("point_damaged", "The manifest of %s cannot be read." % name, "data")
        entry = self.entry(name)
        return dict(document, bytes_stored=entry.get("bytes", 0), judged=self.index.judged(name))

    def rebuild(self, name: str, folder: Path, with_files: bool = True) -> Rebuilt:
        """Write a point's dump and files into a folder, out of the repository alone, and check the dump's SHA-256.

        :raise BackupError: `point_damaged`, `base_damaged`, `point_unknown`, `disk_full`
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.repository.reading():
            manifest = self.manifest(name)
            if point_names.kind_of(name) == "fs":
                fs_tree.rebuild(self.borg(name), manifest, folder)
            else:
                self.rebuild_dump(name, folder / "dump")
                self.write_files(self.files(name) if with_files else {}, folder)
        return Rebuilt(manifest, folder / "dump", folder / FILES)

    def rebuild_dump(self, name: str, target: Path) -> Hashed:
        """Write a point's dump, step by step along its chain; return its hash, which is the one that was noted.

        :raise BackupError: `point_damaged`, `base_damaged`
        """
        self.entry(name)
        base: Optional[Path] = None
        hashed = self.noted(name)
        path = chain.steps(name, self.index.links(point_names.kind_of(name)))
        self._check_room(name, target.parent)
        for number, step in enumerate(path):
            made = target.with_name("%s.%d" % (target.name, number % 2))
            hashed = self._make_step(step, base, made)
            if base:
                base.unlink()
            base = made
        os.replace(str(base), str(target))
        return hashed

    def noted(self, name: str) -> Hashed:
        """Return what is noted of a point's dump."""
        entry = self.entry(name)
        return Hashed(int(entry.get("dump_bytes", 0)), str(entry.get("sha256", "")))

    def files(self, name: str) -> Holders:
        """Return the files of a point, each with the point whose archive holds it.

        :raise BackupError: `point_damaged`
        """
        found: Holders = {}
        for step in chain.steps(name, self.index.links(point_names.kind_of(name))):
            if self.entry(step).get("base") is None:
                found = file_list.read_whole(self.read_text(step, file_list.WHOLE), step)
            else:
                found = file_list.read_patch(self.read_text(step, file_list.PATCH), step, found)
        if file_list.root_of(found) != self.entry(name).get("files_root"):
            raise BackupError("point_damaged", "The list of files of %s is another one than it was." % name, "data")
        return found

    def write_files(self, holders: Holders, folder: Path) -> None:
        """Write files below `<folder>/filestore`.

        :raise BackupError: `point_damaged`, `disk_full`
        """
        (folder / FILES).mkdir(mode=0o700, parents=True, exist_ok=True)
        by_point: Dict[str, List[str]] = {}
        for name, holder in holders.items():
            by_point.setdefault(holder, []).append(name)
        for holder, names in sorted(by_point.items()):
            self._extract_files(holder, sorted(names), folder)
        _drop_others(folder / FILES, holders)

    def read_text(self, name: str, path: str) -> str:
        """Return a small file of a point's archive."""
        parts: List[bytes] = []
        size = 0
        for piece in self.borg(name).read(name, path):
            size += len(piece)
            if size > MAX_MANIFEST:
                raise BackupError("point_damaged", "%s of %s has no end." % (path, name), "data")
            parts.append(piece)
        return b"".join(parts).decode("utf-8", "replace")

    def store(self, folder: Path, manifest: Dict[str, Any]) -> Dict[str, Any]:
        """Keep a point that lies in a folder as `dump` and `filestore/`, whole; the caller holds the lock.

        :raise BackupError: no point came to be
        """
        from .repo_heal import store_whole  # noqa: PLC0415  (it builds on this module)

        return store_whole(self, manifest, folder, lambda *_told: None)

    def delete(self, names: List[str], now: int, proved: Optional[str]) -> Dict[str, Any]:
        """Move points to the trash, by name, if every rule of deletion allows it.

        :raise BackupError: nothing was deleted
        """
        from .repo_trash import delete  # noqa: PLC0415  (it builds on this module)

        return delete(self.repository, names, now, proved)

    def verify(self, name: str) -> Dict[str, Any]:
        """Rebuild a point and throw it away again; return what was seen.

        :raise BackupError: `point_damaged`, `base_damaged`
        """
        began = time.monotonic()
        with self.repository.scratch() as folder:
            rebuilt = self.rebuild(name, folder)
            count, wrong = check_files(rebuilt.filestore_path, rebuilt.manifest["files"].get("odd") or {})
            count += rebuilt.manifest.get("folder_files", 0)
        if wrong:
            text = "%d files of %s are not what their names say, first %s." % (len(wrong), name, wrong[0])
            raise BackupError("point_damaged", text, "data")
        seconds = round(time.monotonic() - began, 2)
        return {"name": name, "ok": True, "sha256": self.noted(name).sha256, "files": count, "seconds": seconds}

    def _make_step(self, name: str, base: Optional[Path], target: Path) -> Hashed:
        """Write the dump of a point out of its archive and the dump of its base."""
        unpacker = Unpacker(self.repository.zstd, self.borg(name), name, target.parent)
        hashed = unpacker.unpack(self.entry(name), base, target)
        if hashed != self.noted(name):
            raise BackupError("point_damaged", "%s comes out as another dump than it was." % name, "data")
        return hashed

    def _extract_files(self, holder: str, names: List[str], folder: Path) -> None:
        """Ask for single files while they are few; all of an archive otherwise."""
        everything = len(names) > 2000
        paths = [FILES] if everything else ["%s/%s" % (FILES, name) for name in names]
        size = int(self.entry(holder).get("files_bytes", 0))
        for start in range(0, len(paths), 1000):
            seconds = START_SECONDS + size / LEAST_SPEED
            self.borg(holder).extract(holder, folder, paths[start : start + 1000], seconds)
        lacking = [name for name in names if not (folder / FILES / name).is_file()]
        if lacking:
            text = "%d files are not in %s, first %s." % (len(lacking), holder, lacking[0])
            raise BackupError("point_damaged", text, "data")

    def _check_room(self, name: str, folder: Path) -> None:
        size = int(self.entry(name).get("dump_bytes", 0))
        needed = 2 * size + int(self.entry(name).get("files_bytes", 0))
        free = shutil.disk_usage(str(folder)).free
        if free < needed:
            text = "%d bytes are free, rebuilding %s may need %d." % (free, name, needed)
            raise BackupError("disk_full", text, "capacity")


def check_files(folder: Path, odd: Dict[str, str]) -> Tuple[int, List[str]]:
    """Return how many files a filestore has, and which of them are not what their names say.

    :param odd: those that were not so at the source already, with their SHA-1
    """
    count, wrong = 0, []
    for path in sorted(folder.glob("*/*")):
        name = "%s/%s" % (path.parent.name, path.name)
        count += 1
        if hash_file(path, "sha1").sha256 != odd.get(name, path.name):
            wrong.append(name)
    return count, wrong


def _drop_others(folder: Path, holders: Holders) -> None:
    for path in folder.glob("*/*"):
        if "%s/%s" % (path.parent.name, path.name) not in holders:
            path.unlink()
