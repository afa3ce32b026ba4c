"""The files of a customer's folders as this host has received them, kept equal to what the customer's host lists."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import IO, Any, Callable, Dict, Iterable, List, Optional

from . import fs_tree
from .dr_json import read_json, write_json
from .errors import BackupError
from .fs_tree import Entry, Key


class FolderMirror:
    """A mirror below `folders/`, with a note of what each file was when it was fetched.

    :param tree: the folder that archives are made of
    """

    def __init__(self, tree: Path, note: Path) -> None:
        self._tree = tree
        self._note = note
        known = (read_json(note) or {}).get("files") or []
        self._known: Dict[Key, Entry] = {entry.key: entry for entry in (Entry(*each) for each in known)}

    def path(self, entry: Entry) -> Path:
        """Return where a file lies here."""
        return self._tree / entry.stored

    def find(self, entry: Entry) -> Optional[Entry]:
        """Return the file with its SHA-256 when it is here as it is listed now."""
        known = self._known.get(entry.key)
        same = known is not None and known[2:5] == entry[2:5]
        return known if same and self._is_here(entry) else None

    def take(self, entry: Entry) -> None:
        """Note a file that was fetched."""
        self._known[entry.key] = entry

    def drop_others(self, wanted: Iterable[Key]) -> None:
        """Remove what is not listed any more, and folders that are empty then: what comes may need their names."""
        kept = {self._tree / Entry(*key, 0, 0, 0).stored for key in wanted}
        top = str(self._tree / fs_tree.FOLDERS)
        for place, folders, files in os.walk(top, topdown=False):
            for name in files:
                if Path(place, name) not in kept:
                    os.unlink(os.path.join(place, name))
            if place != top and not os.listdir(place):
                os.rmdir(place)
            del folders

    def save(self, entries: Iterable[Entry]) -> None:
        """Keep the note."""
        write_json(self._note, {"files": [list(entry) for entry in entries]})

    def _is_here(self, entry: Entry) -> bool:
        try:
            found = os.stat(str(self.path(entry)))
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (entry.size, entry.mtime_ns)


class Arrivals:
    """Writes the files of a `source.fetch` into the mirror, each under its name when it is whole.

    :param wanted: path -> the file as it was listed; others are refused
    """

    def __init__(self, mirror: FolderMirror, wanted: Dict[str, Entry], check_room: Callable[[int], None]) -> None:
        self._mirror, self._wanted, self._check_room = mirror, wanted, check_room
        self._stream: Optional[IO[bytes]] = None
        self._digest = hashlib.sha256()
        self.arrived: Dict[str, Entry] = {}
        self.changed: List[str] = []

    def begin(self, header: Any) -> Callable[[bytes], Any]:
        """Take the line that announces a file."""
        name = header["name"]
        numbers = [header.get(key) for key in ("size", "mtime_ns", "mode")]
        if name not in self._wanted or name in self.arrived or not all(type(number) is int for number in numbers):
            raise BackupError("bad_answer", "The host sends a file that nobody asked for.", "data")
        self._check_room(header["size"])
        path = self._mirror.path(self._wanted[name])
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(str(path))
        self._stream = open(str(path), "wb")  # noqa: SIM115  (closed by `close`)
        self._digest = hashlib.sha256()
        return self._take

    def end(self, header: Any, trailer: Any) -> None:
        """A file is whole: it must be what its trailer says; it gets the time that it has on the customer's host."""
        self.close()
        if not isinstance(trailer, dict) or trailer.get("sha256") != self._digest.hexdigest():
            raise BackupError("bad_answer", "A file that arrived is not the one that was sent.", "data")
        listed = self._wanted[header["name"]]
        entry = listed._replace(size=header["size"], mtime_ns=header["mtime_ns"], sha256=trailer["sha256"])
        path = str(self._mirror.path(entry))
        os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))
        os.chmod(path, 0o600 | entry.mode & 0o777)
        self.arrived[entry.path] = entry
        if trailer.get("changed") is True:
            self.changed.append(entry.path)
        self._mirror.take(entry)

    def close(self) -> None:
        """Close what is open."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _take(self, data: bytes) -> None:
        self._digest.update(data)
        assert self._stream is not None
        self._stream.write(data)
