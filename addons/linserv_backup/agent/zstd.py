"""zstd: a dump as a patch of another dump, and back. Program in, files and hashes out.

The parameters were measured (docs/decisions): long-distance matching with a table of more positions than zstd's own
choice finds moved rows at a third less, for 4 s of CPU per 300 MB; higher levels bring nothing.
"""

import hashlib
import re
from pathlib import Path
from typing import IO, Any, Callable, Iterable, List, NamedTuple, Optional

from .engine import Running, run_engine
from .errors import BackupError

PATCH_LEVEL = 9
LEAST_SPEED = 2_000_000  # bytes a second, below which something is wrong
START_SECONDS = 120
BLOCK = 1 << 20
Sink = Callable[[bytes], Any]


class Hashed(NamedTuple):
    """What went by: how many bytes, and their SHA-256."""

    bytes: int
    sha256: str


class Hasher:
    """Counts and hashes bytes on their way to where they go."""

    def __init__(self, sink: Optional[Sink] = None) -> None:
        self._digest = hashlib.sha256()
        self._sink = sink
        self.bytes = 0

    def write(self, data: bytes) -> None:
        """Take some bytes."""
        self._digest.update(data)
        self.bytes += len(data)
        if self._sink:
            self._sink(data)

    def result(self) -> Hashed:
        """Return what went by."""
        return Hashed(self.bytes, self._digest.hexdigest())


class Zstd:
    """zstd on this host.

    :param program: its path, out of agent.json
    """

    def __init__(self, program: str) -> None:
        self.program = program

    def version(self) -> str:
        """Return the version, such as `1.4.8`."""
        found = re.search(rb"v(\d+\.\d+\.\d+)", run_engine([self.program, "--version"], 20).output)
        return found.group(1).decode("ascii") if found else "unknown"

    def patch(self, base: Path, source: Path, target: Path) -> None:
        """Pack a file as what differs from another one; needs about 3 times its size in memory.

        :raise BackupError: `disk_full`, `engine_failed` and others
        """
        size = max(base.stat().st_size, source.stat().st_size, 1)
        hashed = "--zstd=lhlog=%d,lhrlog=5,lmml=48" % max(6, min(size.bit_length(), 31) - 5)
        self._run(["-%d" % PATCH_LEVEL, hashed, "--patch-from=%s" % base, source, "-o", target], size)

    def unpack(self, packed: Path, size: int, sink: Sink, base: Optional[Path] = None) -> Hashed:
        """Unpack a file, hand its contents to `sink` and return their hash.

        :param size: how many bytes are expected; more is refused
        :param base: the file that it is a patch of
        :raise BackupError: `point_damaged`
        """
        words: List[Any] = [self.program, "-q", "-d", "-c", "--long=31"]
        words += ["--patch-from=%s" % base] if base else []
        with Running([*words, packed], _seconds(size)) as program:
            return _drain(program, size, sink)

    def _run(self, words: List[Any], size: int) -> None:
        run_engine([self.program, "-q", "-f", "-T1", *words], _seconds(size))


def _drain(program: Running, size: int, sink: Sink) -> Hashed:
    hasher = Hasher(sink)
    for piece in program.chunks():
        hasher.write(piece)
        if hasher.bytes > size:
            raise BackupError("point_damaged", "What is unpacked is larger than it was.", "data")
    program.finish(explain=_explain)
    return hasher.result()


def _explain(status: int, complaints: str) -> Optional[BackupError]:
    """What zstd itself refuses is damaged; when it was killed or had no memory, nobody knows."""
    if status < 0 or any(word in complaints.lower() for word in ("memory", "allocat")):
        return None
    return BackupError("point_damaged", "zstd cannot unpack it: %s" % complaints[-300:], "data")


def hash_file(path: Path, kind: str = "sha256") -> Hashed:
    """Return the size and the hash of a file."""
    digest, size = hashlib.new(kind), 0
    with open(str(path), "rb") as stream:
        for piece in read_blocks(stream):
            digest.update(piece)
            size += len(piece)
    return Hashed(size, digest.hexdigest())


def read_blocks(stream: IO[bytes]) -> Iterable[bytes]:
    """Yield what is left of an open file."""
    return iter(lambda: stream.read(BLOCK), b"")


def _seconds(size: int) -> float:
    return START_SECONDS + size / LEAST_SPEED
