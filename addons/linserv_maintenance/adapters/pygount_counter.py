"""Asks pygount, in a child process with limits, what is in a list of sources. Nothing is written to disk."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from ..domain.alarm import LanguageLines

CHILD = Path(__file__).with_name("pygount_child.py")
CPU_SECONDS = 120
WALL_SECONDS = 180
MEMORY_BYTES = 1536 * 2**20

Counted = Optional[LanguageLines]


def count_sources(sources: Sequence[tuple[str, bytes]]) -> list[Counted]:
    """What pygount finds in each (path, content), None where it gave up or ran into a limit."""
    if not sources:
        return []
    order = {
        "cpu_seconds": CPU_SECONDS,
        "memory_bytes": MEMORY_BYTES,
        "files": [[path, base64.b64encode(content).decode("ascii")] for path, content in sources],
    }
    lines = _run(json.dumps(order)).splitlines()
    found = [_parse(line) for line in lines[: len(sources)]]
    return found + [None] * (len(sources) - len(found))


def _run(order: str) -> str:
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "GIT_PYTHON_REFRESH": "quiet", "PATH": "/usr/bin:/bin"}
    try:
        child = subprocess.run(  # noqa: S603  (an argument list, no shell)
            [sys.executable, str(CHILD)],
            input=order,
            capture_output=True,
            text=True,
            env=environment,
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        partial = error.stdout or b""
        return partial.decode("utf-8", "replace") if isinstance(partial, bytes) else partial
    return child.stdout


def _parse(line: str) -> Counted:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return LanguageLines(row[0], 1, *row[1:]) if row else None
