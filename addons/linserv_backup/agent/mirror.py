"""The files of a customer's filestore as this host has received them: each under the name that its SHA-1 gives it."""

import hashlib
import os
import time
from pathlib import Path
from typing import IO, Any, Callable, Dict, Iterable, List, Optional, Set

from . import point_names
from .errors import BackupError

KEPT_SECONDS = 7 * 86400


class Mirror:
    """A folder of files.

    :param folder: it lies below the folder that archives are made of
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def lacking(self, names: Iterable[str]) -> List[str]:
        """Return those of the files that are not here."""
        there = set(self.names())
        return [name for name in names if name not in there]

    def names(self) -> List[str]:
        """Return the files that are here."""
        found = []
        for part in os.listdir(str(self.folder)):
            found += ["%s/%s" % (part, name) for name in os.listdir(str(self.folder / part)) if len(name) == 40]
        return found

    def size(self, name: str) -> int:
        """Return the bytes of a file."""
        return (self.folder / name).stat().st_size

    def forget(self, names: Iterable[str]) -> None:
        """Remove files, such as those that were not what their names say: they are asked for again."""
        for name in names:
            path = self.folder / name
            if path.exists():
                path.unlink()

    def tidy(self, wanted: Iterable[str]) -> None:
        """Remove what is not wanted and arrived long ago, and what never arrived whole."""
        limit, kept = time.time() - KEPT_SECONDS, set(wanted)
        self.forget(name for name in self.names() if name not in kept and (self.folder / name).stat().st_mtime < limit)
        for draft in self.folder.glob("*/.*"):
            draft.unlink()


class Arrivals:
    """Writes the files of a stream (`source_stream.FileReader`) into a mirror; each has its name when it is whole.

    :param wanted: the names that were asked for; others are refused
    """

    def __init__(self, mirror: Mirror, wanted: Iterable[str], check_room: Callable[[int], None]) -> None:
        self._mirror = mirror
        self._wanted = set(wanted)
        self._check_room = check_room
        self._stream: Optional[IO[bytes]] = None
        self._digest = hashlib.sha1()  # noqa: S324  (Odoo's name of the file)
        self.arrived: Set[str] = set()
        self.odd: Dict[str, str] = {}

    def begin(self, header: Any) -> Callable[[bytes], Any]:
        """Take the line that announces a file."""
        name = header["name"]
        if name not in self._wanted or name in self.arrived or not point_names.is_file(name):
            raise BackupError("bad_answer", "The host sends a file that nobody asked for.", "data")
        self._check_room(header["size"])
        draft = self._draft(name)
        draft.parent.mkdir(mode=0o700, exist_ok=True)
        self._stream = open(str(draft), "wb")  # noqa: SIM115  (closed by `close`)
        self._digest = hashlib.sha1()  # noqa: S324
        return self._take

    def end(self, header: Any, _trailer: Any) -> None:
        """A file is whole."""
        name = header["name"]
        self.close()
        if self._digest.hexdigest() != name.split("/")[1]:
            self.odd[name] = self._digest.hexdigest()
        os.replace(str(self._draft(name)), str(self._mirror.folder / name))
        self.arrived.add(name)

    def close(self) -> None:
        """Close what is open."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _take(self, data: bytes) -> None:
        self._digest.update(data)
        assert self._stream is not None
        self._stream.write(data)

    def _draft(self, name: str) -> Path:
        path = self._mirror.folder / name
        return path.with_name("." + path.name)
