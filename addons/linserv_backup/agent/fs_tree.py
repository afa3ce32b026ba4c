"""What a point of the file system holds: the files of the instance's folders, with a list of them.

In the archive: `tree.jsonl`, a line `[folder, path, size, mtime_ns, mode, sha256]` for each file, the files themselves
as `folders/<folder>/<path>`, and those of the filestore, whose names are their hashes, as `filestore/xx/sha1` without
a line.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Tuple

from . import point_names
from .errors import BackupError
from .source_tree import is_plain
from .zstd import hash_file

TREE, FOLDERS, FILESTORE = "tree.jsonl", "folders", "filestore"
MAX_LINE = 64 << 10
EXTRACT_SECONDS = 6 * 3600
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
Key = Tuple[str, str]


class Entry(NamedTuple):
    """One file as the customer's host lists it; `sha256` is known when it was fetched."""

    folder: str
    path: str
    size: int
    mtime_ns: int
    mode: int
    sha256: str = ""

    @property
    def key(self) -> Key:
        """What is one file."""
        return (self.folder, self.path)

    @property
    def stored(self) -> str:
        """Where it lies below the folder that archives are made of."""
        return "/".join((FOLDERS, self.folder, self.path))

    def is_filestore(self) -> bool:
        """Tell whether its name is its hash."""
        return self.folder == FILESTORE and point_names.is_file(self.path)


class TreeReader:
    """Takes the lines of a tree as they arrive; nothing is believed.

    :param most: how many files are taken at most
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rest = b""
        self.entries: Dict[Key, Entry] = {}

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        :raise BackupError: `bad_answer`, `too_large`
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            entry = read_entry(line)
            self.entries[entry.key] = entry
        if len(self._rest) > MAX_LINE:
            raise _bad("a line without end")
        if len(self.entries) > self._most:
            raise BackupError("too_large", "The host has more than %d files." % self._most, "data")

    def close(self) -> Dict[Key, Entry]:
        """Return the files.

        :raise BackupError: `bad_answer` for half a line, or a file that is a folder too
        """
        if self._rest:
            raise _bad("half a line")
        for folder, path in self.entries:
            if any((folder, above) in self.entries for above in _above(path)):
                raise _bad("a file that is a folder")
        return self.entries


def read_entry(line: bytes) -> Entry:
    """Return one line, checked.

    :raise BackupError: `bad_answer`
    """
    try:
        known = json.loads(line.decode("ascii"))
    except (ValueError, RecursionError):
        known = None
    if not isinstance(known, list) or len(known) not in (5, 6) or not all(isinstance(text, str) for text in known[:2]):
        raise _bad("a line of another form")
    if not all(type(number) is int and abs(number) < 1 << 63 for number in known[2:5]) or known[2] < 0:
        raise _bad("a file of an impossible size")
    if not _FOLDER.match(known[0]) or not is_plain(known[1]) or len(known[1]) > 4096:
        raise _bad("a path that leaves its folder")
    return Entry(*known)


def write(entries: Iterable[Entry]) -> str:
    """Return the list as an archive holds it."""
    return "".join(json.dumps(list(entry), separators=(",", ":")) + "\n" for entry in sorted(entries))


def root_of(entries: Iterable[Entry]) -> str:
    """Return the hash that stands for all files with their contents."""
    lines = sorted(json.dumps([each.folder, each.path, each.sha256]) for each in entries)
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()


def rebuild(borg: Any, manifest: Dict[str, Any], folder: Path) -> None:
    """Write the files of a point below a folder and compare each with the list.

    :raise BackupError: `point_damaged`
    """
    borg.extract(manifest["name"], folder, [], EXTRACT_SECONDS)
    wrong: List[str] = []
    count = 0
    for entry in read_list(folder / TREE):
        count += 1
        path = folder / entry.stored
        if not path.is_file() or hash_file(path) != (entry.size, entry.sha256):
            wrong.append(entry.stored)
    if count != manifest.get("folder_files") or wrong:
        text = "%d files of %s are not what they were, first %s." % (len(wrong), manifest["name"], wrong[:1])
        raise BackupError("point_damaged", text, "data")


def read_list(path: Path) -> Iterator[Entry]:
    """Yield the lines of a list.

    :raise BackupError: `point_damaged`
    """
    with open(str(path), "rb") as stream:
        for line in stream:
            yield read_entry(line)


def _above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _bad(what: str) -> BackupError:
    return BackupError("bad_answer", "The customer's host lists %s." % what, "data")
