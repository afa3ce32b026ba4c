"""Puts what lies in a repository's folder `tree` into borg as a point: under another name, read back, then renamed.

A point exists from the instant of its renaming. Whatever cuts the work before leaves an archive `pending-…`, which
counts for nothing and is removed by the next one who holds the lock.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from . import point_names
from .borg import Borg, Content
from .errors import BackupError
from .repo_index import Index, summarise, to_comment
from .repository import Repository
from .segments import Part

MANIFEST, FILES = "manifest.json", "filestore"
FEW = 2000


class Expected(NamedTuple):
    """A file that an archive must give back."""

    path: str
    bytes: int
    algorithm: str
    digest: str


class Load(NamedTuple):
    """What a point is made of, below the folder `tree`.

    `files` are all with their hashes; those that are `old` need not be read back again. `fine` asks for small chunks.
    """

    parts: Sequence[Part]
    files: Sequence[Expected] = ()
    old: Sequence[Expected] = ()
    fine: bool = False
    remember: bool = False


class Store:
    """Stores points of a repository; the caller holds its lock."""

    def __init__(self, repository: Repository, index: Index) -> None:
        self._repository = repository
        self._index = index
        self.tree: Path = repository.folder / "tree"

    def put(self, manifest: Dict[str, Any], load: Load) -> Dict[str, Any]:
        """Store a point, read it back, let it count; return its manifest with what it takes.

        :raise BackupError: `read_back_differs`, `disk_full`, `busy` and others; no point came to be then
        """
        name, generation = manifest["name"], self._repository.generations[-1]
        manifest = dict(manifest, generation=generation)
        entry = summarise(manifest)
        parts = [self.write(MANIFEST, json.dumps(manifest, sort_keys=True, separators=(",", ":"))), *load.parts]
        told = [Expected(part.path, part.bytes, "sha256", part.sha256) for part in parts]
        with self._repository.changing() as borg:
            stored = borg.create(point_names.PENDING + name, self._content(told, load, to_comment(entry)))
            self._read_back(borg, point_names.PENDING + name, told, load)
            borg.rename(point_names.PENDING + name, name)
        self._index.add(name, entry, generation, stored)
        self._repository.save(self._index)
        return dict(manifest, bytes_stored=stored)

    def compact(self) -> None:
        """Give back the room of what borg has written over: with thousands of points, its list of them is not small."""
        with self._repository.changing() as borg:
            borg.compact()
        self._repository.save(self._index)

    def write(self, path: str, text: str) -> Part:
        """Write a small file of a point."""
        data = text.encode("ascii")
        with open(str(self.tree / path), "wb") as stream:
            stream.write(data)
        return Part(path, len(data), hashlib.sha256(data).hexdigest())

    def _content(self, told: List[Expected], load: Load, comment: str) -> Content:
        everything = [*told, *load.files, *load.old]
        paths, size = [each.path for each in everything], sum(each.bytes for each in everything)
        return Content(self.tree, paths, size, comment, load.fine, load.remember)

    def _read_back(self, borg: Borg, archive: str, told: List[Expected], load: Load) -> None:
        """Read what is new, or everything where that is more than can be named."""
        wanted = [*told, *load.files]
        if not load.old:
            check_stream(borg.read(archive, size=_size(wanted)), wanted)
        elif len(wanted) <= FEW:
            check_stream(borg.read(archive, *(each.path for each in wanted), size=_size(wanted)), wanted)
        else:
            wanted = [*wanted, *load.old]
            check_stream(borg.read(archive, size=_size(wanted)), wanted)


def _size(files: Sequence[Expected]) -> int:
    return sum(each.bytes for each in files)


def check_stream(stream: Iterator[bytes], expected: Sequence[Expected]) -> None:
    """See that a stream is these files, one after the other.

    :raise BackupError: `read_back_differs`
    """
    checker = _Checker(expected)
    for piece in stream:
        checker.feed(piece)
    checker.close()


class _Checker:
    def __init__(self, expected: Sequence[Expected]) -> None:
        self._expected = iter(expected)
        self._now: Optional[Expected] = None
        self._left = 0
        self._digest: Any = None
        self._next()

    def feed(self, piece: bytes) -> None:
        view = memoryview(piece)
        while view:
            if self._now is None:
                raise _differs("more than was stored")
            part = view[: self._left]
            self._digest.update(part)
            self._left -= len(part)
            view = view[len(part) :]
            if not self._left:
                self._next()

    def close(self) -> None:
        if self._now is not None:
            raise _differs(self._now.path)

    def _next(self) -> None:
        """Judge the file that has ended and go on to the next one that is not empty."""
        while not self._left:
            if self._now is not None and self._digest.hexdigest() != self._now.digest:
                raise _differs(self._now.path)
            self._now = next(self._expected, None)
            if self._now is None:
                return
            self._left, self._digest = self._now.bytes, hashlib.new(self._now.algorithm)


def _differs(what: str) -> BackupError:
    return BackupError("read_back_differs", "The repository does not give back what was stored: %s." % what, "data")


def filestore_file(name: str, size: int, odd: Dict[str, str]) -> Expected:
    """Return a file of the filestore as an archive must give it back."""
    return Expected(os.path.join(FILES, name), size, "sha1", odd.get(name) or name.split("/")[1])
