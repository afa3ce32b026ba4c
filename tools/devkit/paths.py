"""Where things are: the repository, the cache that is kept for ever, the state that `down` and `clean` own."""

import hashlib
import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ADDONS = REPOSITORY / "addons"


def cache_folder():
    """Folder shared by every clone of the suite: the Debian root, downloaded wheels."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "linserv"


def state_folder():
    """The one folder with this clone's databases, logs, sockets and made files."""
    chosen = os.environ.get("LINSERV_STATE_DIR")
    if chosen:
        return Path(chosen).resolve()
    clone = hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:10]
    return cache_folder() / "state" / clone


def suite_addons():
    """Names of the suite's addons in the order in which they depend on each other."""
    order = ["linserv_hosting", "linserv_contract", "linserv_maintenance", "linserv_backup"]
    found = sorted(path.parent.name for path in ADDONS.glob("*/__manifest__.py"))
    return [name for name in order if name in found] + [name for name in found if name not in order]


def digest_of(*parts):
    """Short hash over strings, and over the bytes of files and folders (names included)."""
    digest = hashlib.sha256()
    for part in parts:
        if not isinstance(part, Path):
            digest.update(str(part).encode() + b"\0")
            continue
        files = sorted(part.rglob("*")) if part.is_dir() else [part]
        for path in files:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(REPOSITORY)).encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
