"""Small JSON files that are whole or absent, never half."""

import json
import os
from pathlib import Path
from typing import Any, Dict, Optional


def write_json(path: Path, document: Any) -> None:
    """Replace a file in one step, after its contents have reached the disk.

    :raise OSError: nothing was replaced
    """
    draft = path.with_name("%s.%d.new" % (path.name, os.getpid()))
    try:
        with open(str(draft), "wb") as stream:
            stream.write(json.dumps(document, separators=(",", ":"), sort_keys=True).encode("ascii"))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(str(draft), str(path))
    except OSError:
        _forget(draft)
        raise


def read_json(path: Path) -> Optional[Dict[str, Any]]:
    """Return the document, or None when there is none that can be read."""
    try:
        document = json.loads(path.read_bytes().decode("ascii"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _forget(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        return
