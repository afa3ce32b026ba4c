"""The newest dumps of a repository, unpacked: the next point is a patch of one of them, or it is rebuilt from borg.

Nothing in here counts as a backup, and nothing is used before its SHA-256 was compared with what was noted.
"""

import os
from pathlib import Path
from typing import Any, Dict, Iterable, Optional

from . import file_list
from .dr_json import read_json, write_json
from .file_list import Holders
from .zstd import Hashed, hash_file


class DumpCache:
    """The folder `cache` of a repository."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def dump(self, name: str, noted: Hashed) -> Optional[Path]:
        """Return the file with the dump of a point, if it is here and sound."""
        path = self._folder / (name + ".dump")
        if path.exists() and path.stat().st_size == noted.bytes and hash_file(path) == noted:
            return path
        return None

    def files(self, name: str, root: str) -> Optional[Holders]:
        """Return the files of a point, if they are noted here."""
        known = read_json(self._folder / (name + ".files"))
        if known and file_list.root_of(known) == root:
            return {str(file): str(holder) for file, holder in known.items()}
        return None

    def keep(self, name: str, dump: Path, holders: Holders, kept: Iterable[str]) -> None:
        """Take over the dump of a new point; forget those of all others but `kept`."""
        names = {*kept, name}
        for path in self._folder.glob("*-*.*"):
            if path.name.rsplit(".", 1)[0] not in names:
                path.unlink()
        write_json(self._folder / (name + ".files"), holders)
        os.replace(str(dump), str(self._folder / (name + ".dump")))

    def forget(self) -> None:
        """Forget everything."""
        for path in self._folder.glob("*-*.*"):
            path.unlink()

    def manifest(self, kind: str, name: str) -> Optional[Dict[str, Any]]:
        """Return the manifest of the last good point of a kind, if that is this one."""
        known = read_json(self._folder / ("last.%s.json" % kind))
        return known if known and known.get("name") == name else None

    def keep_manifest(self, manifest: Dict[str, Any]) -> None:
        """Note the manifest of a good point, the measure for the next one."""
        write_json(self._folder / ("last.%s.json" % manifest["kind"]), manifest)
