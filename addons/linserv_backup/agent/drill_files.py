"""The files of a restored filestore: each is named by its own sha1, so each can be checked by itself."""

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

CHUNK = 1024 * 1024
NAMED = 50  # how many damaged or missing files are named; all are counted
_STORED = re.compile(r"([0-9a-f]{2,3})/(?=\1)[0-9a-f]{40}\Z")  # three letters in the folders of old series


def check_files(folder: Optional[Path], wanted: Iterable[str]) -> Dict[str, Any]:
    """Hash every file of a filestore, and look for those that the database names.

    :param wanted: the names in ir_attachment (`xx/sha1`)
    :return: count, bytes, damaged, damaged_names, missing, missing_names, root (sha256 of the sorted names)
    """
    names = sorted(_list_files(folder)) if folder else []
    base = folder or Path("/nonexistent")
    with ThreadPoolExecutor(max_workers=2) as pool:
        found: List[Tuple[int, bool]] = list(pool.map(lambda name: _check(base, name), names))
    damaged = [name for name, (_size, good) in zip(names, found) if not good]
    missing = sorted(set(wanted) - set(names))
    return {
        "count": len(names),
        "bytes": sum(size for size, _good in found),
        "damaged": len(damaged),
        "damaged_names": damaged[:NAMED],
        "missing": len(missing),
        "missing_names": missing[:NAMED],
        "root": hashlib.sha256("\n".join(names).encode("ascii", "replace")).hexdigest(),
    }


def _list_files(folder: Path) -> Iterable[str]:
    for place, folders, names in os.walk(str(folder)):
        folders[:] = [name for name in folders if name != "checklist"]
        prefix = os.path.relpath(place, str(folder))
        for name in names:
            yield name if prefix == "." else prefix + "/" + name


def _check(folder: Path, name: str) -> Tuple[int, bool]:
    digest, size = hashlib.sha1(), 0  # noqa: S324  (Odoo names its files so)
    try:
        descriptor = os.open(str(folder / name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            for part in iter(lambda: stream.read(CHUNK), b""):
                digest.update(part)
                size += len(part)
    except OSError:
        return 0, False
    return size, bool(_STORED.match(name)) and digest.hexdigest() == name[-40:]
