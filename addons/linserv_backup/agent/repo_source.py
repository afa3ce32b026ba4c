"""A customer's host as its backup host reads it. Nothing that it says is believed without a look."""

import json
import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

from . import point_names
from .errors import BackupError
from .mirror import Arrivals, Mirror
from .peer import Conversation, Peer
from .repo_limits import Limits
from .repository import Repository
from .source_stream import FileReader
from .zstd import Hasher

AT_ONCE = 20000
MAX_DOCUMENT = 512 << 20
MAX_TABLES = 20000
LOOK_EVERY = 32 << 20
MAX_HASHES = 16 << 20
MAGIC = b"PGDMP"
_HASH = re.compile(r"-?[0-9]{1,40}\Z")


class Held(NamedTuple):
    """An instance that is held still: the snapshot, its clock, the rows of each table, the files that it names."""

    snapshot: str
    clock: float
    counts: Dict[str, int]
    attachments: List[str]
    strange: int


class SourceHost:
    """The customer's host of a repository."""

    def __init__(self, repository: Repository, limits: Limits) -> None:
        self._peer: Peer = repository.peer()
        self._folder = repository.folder
        self._limits = limits

    @contextmanager
    def hold(self) -> Iterator[Tuple[Conversation, Held]]:
        """Hold the instance still; leaving early lets it go.

        :raise BackupError: `attachments_busy`, `bad_answer`, or what the line says
        """
        limits = self._limits
        talk = self._peer.converse("source.hold", {}, limits.hold_seconds, limits.stall_seconds, MAX_DOCUMENT)
        with talk:
            yield talk, read_held(talk.read_document(MAX_DOCUMENT), limits)

    def dump(self, snapshot: str, path: Path, last: int) -> Dict[str, Any]:
        """Write the dump of a snapshot to a file; return what the host says of it, which is what arrived.

        :param last: the size of the last good dump, 0 when there is none
        :raise BackupError: `dump_cut`, `too_large`, `disk_full`, or what the host or the line says
        """
        with open(str(path), "wb") as stream:
            hasher = Hasher(self._guarded(stream.write))
            most = self._limits.most_of_dump(last)
            told = self._stream("source.dump", {"snapshot": snapshot}, hasher.write, most)
            stream.flush()
            os.fsync(stream.fileno())
        if (told.get("bytes"), told.get("sha256")) != tuple(hasher.result()):
            raise BackupError("dump_cut", "The dump that arrived is not the one that was sent.", "data")
        with open(str(path), "rb") as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                raise BackupError("dump_broken", "What arrived is no dump of PostgreSQL.", "data")
        return told

    def hashes(self, snapshot: str) -> Dict[str, str]:
        """Return the hash over the rows of each table in a snapshot.

        :raise BackupError: `bad_answer`, or what the host or the line says
        """
        document, limits = bytearray(), self._limits
        args = {"snapshot": snapshot}
        self._peer.stream("source.hashes", args, document.extend, limits.hold_seconds, limits.stall_seconds, MAX_HASHES)
        return read_hashes(bytes(document))

    def files(self, names: List[str], mirror: Mirror) -> Tuple[List[str], Dict[str, str]]:
        """Bring files into the mirror; return those that the host has not, and the odd ones (name -> SHA-1).

        :raise BackupError: `bad_answer`, `too_large`, `disk_full`, or what the line says
        """
        missing: List[str] = []
        odd: Dict[str, str] = {}
        for start in range(0, len(names), AT_ONCE):
            part = names[start : start + AT_ONCE]
            arrivals = Arrivals(mirror, part, self._check_room)
            reader = FileReader(arrivals.begin, arrivals.end)
            try:
                told = self._stream("source.files", {"names": part}, reader.feed)
                reader.close()
            finally:
                arrivals.close()
            missing += _lacking(part, arrivals, told)
            odd.update(arrivals.odd)
        return sorted(missing), odd

    def tree(self, sink: Callable[[bytes], Any]) -> Dict[str, Any]:
        """Hand over the lines about the files of the instance's folders; return what the host notes."""
        return self._stream("source.tree", {}, sink)

    def fetch(self, folder: str, paths: List[str], reader: FileReader) -> Dict[str, Any]:
        """Bring files of one of the folders."""
        told = self._stream("source.fetch", {"folder": folder, "paths": paths}, reader.feed)
        reader.close()
        return told

    def check_room(self, size: int) -> None:
        """See that so many bytes fit on the disk.

        :raise BackupError: `disk_full`
        """
        self._check_room(size)

    def _stream(self, verb: str, args: Dict[str, Any], sink: Callable[[bytes], Any], most: int = 0) -> Dict[str, Any]:
        limits = self._limits
        return self._peer.stream(verb, args, sink, limits.hold_seconds, limits.stall_seconds, most or limits.max_bytes)

    def _guarded(self, write: Callable[[bytes], Any]) -> Callable[[bytes], None]:
        """Look at the room on the disk every now and then: a host that never ends must not fill it."""
        since = [LOOK_EVERY]

        def take(data: bytes) -> None:
            since[0] += len(data)
            if since[0] >= LOOK_EVERY:
                since[0] = 0
                self._check_room(LOOK_EVERY)
            write(data)

        return take

    def _check_room(self, size: int) -> None:
        free = shutil.disk_usage(str(self._folder)).free
        if free - size < self._limits.reserve_bytes:
            text = "%d bytes are free on the backup host's disk, %d more would be taken." % (free, size)
            raise BackupError("disk_full", text, "capacity")


def read_held(document: Dict[str, Any], limits: Limits) -> Held:
    """Return what a held instance says about itself, checked.

    :raise BackupError: `bad_answer`, `too_large`
    """
    counts, names = document.get("counts"), document.get("attachments")
    snapshot, clock = document.get("snapshot"), document.get("clock")
    if not isinstance(snapshot, str) or type(clock) not in (int, float) or not isinstance(counts, dict):
        raise _bad("no snapshot")
    if len(counts) > MAX_TABLES or not all(type(rows) is int and 0 <= rows < 1 << 53 for rows in counts.values()):
        raise _bad("tables that nobody can have")
    if not isinstance(names, list) or not all(point_names.is_file(name) for name in names):
        raise _bad("files with impossible names")
    if len(names) > limits.max_files:
        raise BackupError("too_large", "The host names %d files." % len(names), "data")
    strange = document.get("strange")
    return Held(snapshot, float(clock or 0), counts, sorted(set(names)), strange if type(strange) is int else 0)


def read_hashes(document: bytes) -> Dict[str, str]:
    """Return what a host says of its rows, checked.

    :raise BackupError: `bad_answer`
    """
    try:
        told = json.loads(document.decode("ascii"))
    except ValueError as error:
        raise _bad("no hashes") from error
    if not isinstance(told, dict) or len(told) > MAX_TABLES or not all(_is_hash(value) for value in told.values()):
        raise _bad("hashes that nobody can have")
    return told


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and bool(_HASH.match(value))


def _lacking(asked: List[str], arrivals: Arrivals, told: Dict[str, Any]) -> List[str]:
    """Return the files that the host says it has not; every other one must have arrived."""
    left = sorted(set(asked) - arrivals.arrived)
    if set(left) != {name for name in told.get("missing") or [] if isinstance(name, str)}:
        raise _bad("other files than were asked for")
    return left


def _bad(what: str) -> BackupError:
    return BackupError("bad_answer", "The customer's host answers %s." % what, "data")
