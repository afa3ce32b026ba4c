"""The dump of a point in its archive: whole, as one patch of its base, or as a patch for every gigabyte of it.

zstd reaches back 2 GiB at most. So a large dump is cut into segments, and each is a patch of that stretch of the base
which lies around the same place, with room on both sides for what has moved.
"""

import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional

from .borg import Borg
from .errors import BackupError
from .repo_limits import Limits
from .zstd import BLOCK, Hashed, Hasher, Zstd, hash_file

DUMP, PATCH = "dump", "dump.patch"
Sink = Callable[[bytes], Any]


class Part(NamedTuple):
    """A file of an archive: its path, size and SHA-256."""

    path: str
    bytes: int
    sha256: str


class Packed(NamedTuple):
    """A dump as an archive keeps it: the form, what the manifest says, and the files."""

    form: str
    payload: Dict[str, Any]
    parts: List[Part]


class Packer:
    """Packs the dump in a folder, and proves each patch by unpacking it again.

    :param tree: the folder that archives are made of; `dump` lies in it
    :param scratch: a folder for stretches of the base
    """

    def __init__(self, zstd: Zstd, tree: Path, scratch: Path, limits: Limits) -> None:
        self._zstd = zstd
        self._tree = tree
        self._scratch = scratch
        self._limits = limits

    def pack(self, dump: Hashed, base: Optional[Path]) -> Packed:
        """Return the dump as it is kept.

        :raise BackupError: `read_back_differs`, `disk_full`, `engine_failed`
        """
        form = self._limits.form_of(dump.bytes, base.stat().st_size if base else None)
        if form == "patch" and base is not None:
            return self._patch(dump, base)
        if form == "segments" and base is not None:
            return self._segments(dump, base)
        part = Part(DUMP, dump.bytes, dump.sha256)
        return Packed(form, {"name": DUMP, "bytes": dump.bytes, "sha256": dump.sha256}, [part])

    def _patch(self, dump: Hashed, base: Path) -> Packed:
        part = self._pack_one(base, self._tree / DUMP, dump, PATCH)
        return Packed("patch", {"name": PATCH, "bytes": part.bytes, "sha256": part.sha256}, [part])

    def _segments(self, dump: Hashed, base: Path) -> Packed:
        step = self._limits.segment_bytes
        parts: List[Part] = []
        sizes: List[int] = []
        for number, start in enumerate(range(0, dump.bytes, step)):
            segment, window = self._scratch / "segment", self._scratch / "window"
            told = cut(self._tree / DUMP, segment, start, step)
            cut_window(base, window, start, step)
            parts.append(self._pack_one(window, segment, told, "%s.%03d" % (PATCH, number)))
            sizes.append(told.bytes)
        told_parts = [dict(part._asdict(), unpacked=size) for part, size in zip(parts, sizes)]
        total = sum(part.bytes for part in parts)
        return Packed("segments", {"name": PATCH, "bytes": total, "segment_bytes": step, "parts": told_parts}, parts)

    def _pack_one(self, base: Path, source: Path, expected: Hashed, name: str) -> Part:
        target = self._tree / name
        self._zstd.patch(base, source, target)
        if self._zstd.unpack(target, expected.bytes, _nowhere, base) != expected:
            raise BackupError("read_back_differs", "A patch does not give back what it was made of.", "data")
        return Part(name, *hash_file(target))


class Unpacker:
    """Writes the dump of a point out of its archive and the dump of its base.

    :param scratch: a folder for patches and for stretches of the base
    """

    def __init__(self, zstd: Zstd, borg: Borg, archive: str, scratch: Path) -> None:
        self._zstd = zstd
        self._borg = borg
        self._archive = archive
        self._scratch = scratch

    def unpack(self, entry: Dict[str, Any], base: Optional[Path], target: Path) -> Hashed:
        """Write the dump; return what it is.

        :param entry: the point's line of the index
        :raise BackupError: `point_damaged`
        """
        with open(str(target), "wb") as stream:
            hasher = Hasher(stream.write)
            if entry.get("form") in ("whole", "chunks"):
                for piece in self._borg.read(self._archive, DUMP, size=int(entry["dump_bytes"])):
                    hasher.write(piece)
            else:
                self._unpack_parts(entry, base, hasher)
        return hasher.result()

    def _unpack_parts(self, entry: Dict[str, Any], base: Optional[Path], hasher: Hasher) -> None:
        payload = entry["payload"]
        if base is None:
            raise BackupError("base_damaged", "%s is a patch of nothing." % self._archive, "data")
        if entry["form"] == "patch":
            self._unpack_one(Part(PATCH, payload["bytes"], payload["sha256"]), base, entry["dump_bytes"], hasher)
            return
        step = payload["segment_bytes"]
        for number, told in enumerate(payload["parts"]):
            window = self._scratch / "window"
            cut_window(base, window, number * step, step)
            part = Part(told["path"], told["bytes"], told["sha256"])
            self._unpack_one(part, window, told["unpacked"], hasher)

    def _unpack_one(self, part: Part, base: Path, size: int, hasher: Hasher) -> None:
        packed = self._scratch / "patch"
        with open(str(packed), "wb") as stream:
            seen = Hasher(stream.write)
            for piece in self._borg.read(self._archive, part.path, size=part.bytes):
                seen.write(piece)
        if seen.result() != (part.bytes, part.sha256):
            raise BackupError("point_damaged", "%s of %s is damaged." % (part.path, self._archive), "data")
        self._zstd.unpack(packed, size, hasher.write, base)


def cut_window(base: Path, target: Path, start: int, size: int) -> None:
    """Write the stretch of the base around a segment: a quarter more on both sides; the end of a shorter base."""
    margin = size // 4
    last = max(0, base.stat().st_size - size - margin)
    cut(base, target, min(max(0, start - margin), last), size + 2 * margin)


def cut(source: Path, target: Path, start: int, size: int) -> Hashed:
    """Write a stretch of a file into another one; return what it is."""
    with open(str(source), "rb") as reading, open(str(target), "wb") as writing:
        reading.seek(start)
        hasher = Hasher(writing.write)
        for piece in _stretch(reading, size):
            hasher.write(piece)
    return hasher.result()


def _stretch(stream: Any, size: int) -> Iterator[bytes]:
    while size > 0:
        piece = stream.read(min(BLOCK, size))
        if not piece:
            return
        size -= len(piece)
        yield piece


def _nowhere(_data: bytes) -> None:
    return


def drop(folder: Path) -> None:
    """Remove what a point was packed from and into."""
    for path in folder.glob(DUMP + "*"):
        if path.is_file():
            path.unlink()
        else:
            shutil.rmtree(str(path))
