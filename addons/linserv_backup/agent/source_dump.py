"""Streams a dump of the database out of a snapshot that somebody holds: nothing is kept on the customer's disk."""

import hashlib
import re
import subprocess
import time
from typing import Any, Dict, Iterator, List, Tuple

from . import source_faults, source_instance
from .errors import BackupError
from .source_child import Child, peak_memory
from .source_instance import Source
from .source_psql import Session
from .source_stream import FRAME, STALL_SECONDS, guarded

LOCK_MILLISECONDS = 10000
SILENCE_SECONDS = 10.0
SNAPSHOT = re.compile(r"[0-9A-F]{1,16}(-[0-9A-F]{1,16}){1,3}\Z")
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


def dump(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Stream `pg_dump -Fc -Z0`; return its size and sha256, which exist only when pg_dump said that all went well.

    :raise BackupError: `pg_dump_old`, `snapshot_gone`, `dump_killed`, `dump_failed` and others
    """
    snapshot = args.get("snapshot", "")
    if not SNAPSHOT.match(snapshot):
        raise BackupError("argument_invalid", "This is no snapshot of PostgreSQL.", "configuration")
    source = source_instance.load(context.instance)
    program, versions = choose(source)
    begun, digest, size = time.monotonic(), hashlib.sha256(), 0
    with Child(_command(program, snapshot), source.environment) as child:
        for piece in _pieces(child, context):
            digest.update(piece)
            size += len(piece)
            guarded(context.send, STALL_SECONDS, piece)
        _check_end(child)
    seconds = round(time.monotonic() - begun, 3)
    return dict(versions, bytes=size, sha256=digest.hexdigest(), seconds=seconds, peak_memory=peak_memory())


def _pieces(child: Child, context: Any) -> Iterator[memoryview]:
    """Give what the child writes in frames of one and the same piece of memory."""
    frame = memoryview(bytearray(FRAME))
    filled = 0
    while True:
        count = child.read_into(frame[filled:], SILENCE_SECONDS)
        if count is None:  # whoever asked may have hung up meanwhile: then this raises
            context.progress(0, 0, "waiting for the database")
            continue
        filled += count
        if filled and (filled == FRAME or not count):
            yield frame[:filled]
            filled = 0
        if not count:
            return


def choose(source: Source) -> Tuple[str, Dict[str, str]]:
    """Return the pg_dump to use, and its version and the server's.

    :raise BackupError: `pg_dump_old`, `pg_dump_missing`
    """
    with Session(source) as session:
        server = session.value("SHOW server_version;")
    program = source.pg_dump or source_instance.find_program("pg_dump", major_name(server))
    own = client_version(source, program)
    if major(own) < major(server):
        text = "%s is of release %s, its PostgreSQL server %s: install postgresql-client-%s or name a newer pg_dump."
        raise BackupError("pg_dump_old", text % (program, own, server, major_name(server)), "configuration")
    return program, {"pg_dump": own, "pg_server": server.split()[0]}


def client_version(source: Source, program: str) -> str:
    """Return the version of a pg_dump, such as `13.16`.

    :raise BackupError: `pg_dump_missing`
    """
    try:
        done = subprocess.run(  # noqa: S603  (an argument list, no shell)
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=source.environment,
            timeout=20,
            check=True,
        )
        found = _VERSION.search(done.stdout.decode("ascii", "replace"))
    except (OSError, subprocess.SubprocessError) as error:
        raise BackupError("pg_dump_missing", "%s cannot be run: %s" % (program, error), "configuration") from error
    if not found:
        raise BackupError("pg_dump_missing", "%s does not say its version." % program, "configuration")
    return found.group(0)


def major(version: str) -> Tuple[int, int]:
    """Return what orders releases between which dumps may fail: 13 of `13.4`, but 9.6 of `9.6.24`."""
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]] + [0, 0]
    return (numbers[0], numbers[1] if numbers[0] < 10 else 0)


def major_name(version: str) -> str:
    """Return the release as packages name it: `13`, `9.6`."""
    first, second = major(version)
    return "%d.%d" % (first, second) if first < 10 else str(first)


def _command(program: str, snapshot: str) -> List[str]:
    options = ["--format=custom", "--compress=0", "--no-password", "--snapshot=" + snapshot]
    return [program, *options, "--lock-wait-timeout=%d" % LOCK_MILLISECONDS]


def _check_end(child: Child) -> None:
    status = child.finish()
    if status < 0:
        raise BackupError("dump_killed", "pg_dump was killed by signal %d." % -status, "transient")
    if status:
        raise source_faults.fault(child.errors, "dump_failed")
