"""What a DR copy holds, and reading it back: manifest.json, dump.zst, filestore/xx/sha1 as one tar stream.

Reading back is the same work whether the copy is only proved or also written to a folder: every byte is read, the dump
is unpacked and hashed, every file is hashed and compared with its name.
"""

import hashlib
import json
import os
import re
import tarfile
import threading
from pathlib import Path
from typing import IO, Any, BinaryIO, Callable, Dict, List, NamedTuple, Optional, Sequence, cast

from . import dr_rules
from .engine import Running
from .errors import BackupError

MANIFEST = "manifest.json"
DUMP = "dump.zst"
FILES = "filestore/"
PIECE = 1 << 20
MAX_MANIFEST_BYTES = 64 << 20
UNPACK_SECONDS = 6 * 3600
_FILE = re.compile(r"[0-9a-f]{2,3}/[0-9a-f]{40}\Z")


class Contents(NamedTuple):
    """What was read: the manifest, the dump's size and hash, the files' names."""

    manifest: Dict[str, Any]
    dump_bytes: int
    dump_sha256: str
    names: List[str]


def is_file_name(name: object) -> bool:
    """Tell whether this is the name of a file in a filestore: `xx/sha1`, so never a way out of the folder."""
    return isinstance(name, str) and bool(_FILE.match(name)) and digest_of(name).startswith(name.partition("/")[0])


def digest_of(name: str) -> str:
    """Return the sha1 that the contents of a filestore's file should have."""
    return name.rpartition("/")[2]


class TreeReader:
    """Reads one copy.

    :param zstd: the program that unpacks the dump
    :param folder: write `dump` and `filestore/` below it; None proves only
    """

    def __init__(self, zstd: str, folder: Optional[Path] = None) -> None:
        self._zstd = zstd
        self._folder = folder
        self._manifest: Dict[str, Any] = {}
        self._dump = (0, "")
        self._names: List[str] = []
        self._odd: Dict[str, str] = {}

    def read(self, tar: tarfile.TarFile) -> Contents:
        """Read to the end.

        :raise BackupError: `damaged` with what is wrong
        """
        for member in tar:
            if member.isreg():
                self._take(member.name, cast(IO[bytes], tar.extractfile(member)))
        odd = (self._manifest.get("files") or {}).get("odd") or {}
        wrong = sorted(name for name, digest in self._odd.items() if odd.get(name) != digest)
        if wrong:
            raise damaged("%d files are not what their names say, first %s" % (len(wrong), wrong[0]))
        return Contents(self._manifest, self._dump[0], self._dump[1], self._names)

    def _take(self, name: str, stream: IO[bytes]) -> None:
        if name == MANIFEST:
            self._manifest = read_manifest(stream.read(MAX_MANIFEST_BYTES))
        elif name == DUMP:
            self._dump = unpack(self._zstd, stream, self._folder / "dump" if self._folder else None)
        elif name.startswith(FILES) and is_file_name(name[len(FILES) :]):
            self._take_file(name[len(FILES) :], stream)
        else:
            raise damaged("there is something else in it: %.80s" % name)

    def _take_file(self, name: str, stream: IO[bytes]) -> None:
        path = self._folder / "filestore" / name if self._folder else None
        digest = save(stream, path)
        self._names.append(name)
        if digest != digest_of(name):
            self._odd[name] = digest


def check(contents: Contents) -> None:
    """Compare what was read with what the manifest says.

    :raise BackupError: `damaged`
    """
    manifest, files = contents.manifest, contents.manifest.get("files") or {}
    dump = manifest.get("dump") or {}
    if (contents.dump_bytes, contents.dump_sha256) != (dump.get("bytes"), dump.get("sha256")):
        raise damaged("the dump is not what its manifest says")
    if (len(contents.names), dr_rules.root_of(contents.names)) != (files.get("count"), files.get("root")):
        raise damaged("the files are not those of its manifest")


def read_manifest(data: bytes) -> Dict[str, Any]:
    """Parse a manifest.

    :raise BackupError: `damaged`
    """
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise damaged("its manifest cannot be read")
    return document


def save(stream: IO[bytes], path: Optional[Path]) -> str:
    """Read a stream to its end, into a file if there is a path; return its sha1 (the name of a filestore's file)."""
    digest = hashlib.sha1()  # noqa: S324  (Odoo names its files so)
    with _sink(path) as target:
        for piece in iter(lambda: stream.read(PIECE), b""):
            digest.update(piece)
            target.write(piece)
    return digest.hexdigest()


def unpack(zstd: str, stream: IO[bytes], path: Optional[Path]) -> "tuple[int, str]":
    """Unpack a dump, into a file if there is a path; return its size and sha256.

    :raise BackupError: `damaged`
    """
    digest, size = hashlib.sha256(), 0
    with Feeder([zstd, "-q", "-d", "-c"], stream.read) as program, _sink(path) as target:
        for piece in program.chunks():
            digest.update(piece)
            target.write(piece)
            size += len(piece)
        program.finish(explain=lambda _status, said: damaged("its dump cannot be unpacked: %s" % said[-200:]))
    return size, digest.hexdigest()


class Feeder(Running):
    """A program whose input is what `read(size)` gives, fed by a thread while its output is read."""

    def __init__(self, argv: Sequence[str], read: Callable[[int], bytes], stdout: Optional[BinaryIO] = None) -> None:
        self._read = read
        self._failure: Optional[BaseException] = None
        source, self._input = os.pipe()
        with os.fdopen(source, "rb", 0) as stdin:
            super().__init__(argv, UNPACK_SECONDS, stdin=stdin, stdout=stdout)
        self._feeding = threading.Thread(target=self._pump, daemon=True)
        self._feeding.start()

    def finish(self, *args: Any, **options: Any) -> Any:
        """Wait for both; an error of the source is told before one of the program."""
        self._feeding.join()
        if self._failure is not None and not isinstance(self._failure, BrokenPipeError):
            raise self._failure
        return super().finish(*args, **options)

    def _pump(self) -> None:
        try:
            with os.fdopen(self._input, "wb") as target:
                for piece in iter(lambda: self._read(PIECE), b""):
                    target.write(piece)
        except BaseException as error:  # noqa: BLE001  (told by `finish`, in the thread that can act on it)
            self._failure = error


def _sink(path: Optional[Path]) -> BinaryIO:
    if path is None:
        return open(os.devnull, "wb")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open(str(path), "wb")


def damaged(what: str) -> BackupError:
    """Return the error for a copy that is not what was stored."""
    return BackupError("damaged", "The copy is damaged: %s." % what, "data")
