"""What is remembered of an instance between two counts. When it is lost or damaged, all is counted anew."""

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, NoReturn

from .errors import CountError

FORMAT = 1
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def load(path: Path) -> Dict[str, Any]:
    """Return what was saved, or an empty dictionary when there is nothing that can be trusted."""
    try:
        digest, _line, body = path.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode("ascii") != digest:
            return {}
        values = json.loads(body.decode("ascii"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) and values.get("format") == FORMAT else {}


def save(path: Path, values: Dict[str, Any]) -> None:
    """Replace what was saved, all or nothing; a full disk is told as `disk_full`."""
    body = json.dumps({**values, "format": FORMAT}).encode("ascii")
    fresh = path.with_name("%s.%d.tmp" % (path.name, os.getpid()))
    try:
        _write(fresh, hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body)
        fresh.replace(path)
    except OSError as error:
        _forget(fresh)
        refuse(error)


def refuse(error: OSError) -> NoReturn:
    """Raise what a failed write means to the asker."""
    if error.errno in FULL:
        raise CountError("disk_full", "no room left for the counts on the host", retryable=True) from error
    raise CountError("cache_unwritable", "the counts cannot be kept on the host: %s" % error) from error


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _forget(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        pass
