"""Tells cheaply whether anything on the disk changed since a count."""

import os
from typing import Any, List, Optional, Sequence


def signature(path: str) -> Optional[List[int]]:
    """Return what changes when a file or folder does; the last value, the change time, cannot be set by its owner."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return [found.st_mode, found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def unchanged(tracked: Sequence[Sequence[Any]]) -> bool:
    """Tell whether every tracked path is as it was."""
    return all(signature(path) == mark for path, mark in tracked)
