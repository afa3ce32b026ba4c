"""The agent's own log on the host: one JSON line a request, refused ones included, two files of at most 1 MB."""

import json
import os
import time
from pathlib import Path
from typing import Any

MAX_BYTES = 1024 * 1024
MAX_FIELD = 200


def write(state_directory: Path, **fields: Any) -> None:
    """Append a line. A log that cannot be written (a full disk) stops nothing."""
    line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    line.update({key: str(value)[:MAX_FIELD] for key, value in fields.items() if value is not None})
    try:
        state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _append(state_directory / "agent.log", json.dumps(line).encode("ascii") + b"\n")
    except OSError:
        return


def note_asked(state_directory: Path) -> None:
    """Remember that Linserv has just asked something: the time of the file `asked` is when it did last."""
    try:
        (state_directory / "asked").touch(mode=0o600)
    except OSError:
        return


def _append(path: Path, data: bytes) -> None:
    descriptor = os.open(str(path), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.fstat(descriptor).st_size + len(data) > MAX_BYTES:
            os.replace(str(path), str(path) + ".1")
            os.close(descriptor)
            descriptor = os.open(str(path), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
