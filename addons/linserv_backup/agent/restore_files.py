"""Files of a restore: written whole, checked by their names, removed without following links."""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, Optional

BLOCK = 1 << 20
FILE_MODE = 0o640
FOLDER_MODE = 0o2770  # Odoo, which shares the group, writes new files into them
NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{40}\Z")


def read_json(path: Path) -> Optional[Dict[str, Any]]:
    """Return a document, or None when there is none that can be read."""
    try:
        document = json.loads(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def write_json(path: Path, document: Dict[str, Any]) -> None:
    """Replace a document in one step, after its contents have reached the disk."""
    draft = path.with_name(path.name + ".new")
    with open(str(draft), "wb") as stream:
        stream.write(json.dumps(document, separators=(",", ":")).encode("ascii"))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(str(draft), str(path))


def is_file_name(text: Any) -> bool:
    """Tell whether this is the name of a file in a filestore: two digits of a sha1, a slash, the sha1."""
    return isinstance(text, str) and bool(NAME.match(text)) and text[:2] == text[3:5]


def make_folder(path: Path) -> None:
    """Make a folder that the group of Odoo may write to."""
    path.mkdir(parents=True, exist_ok=True)
    os.chmod(str(path), FOLDER_MODE)


def list_files(folder: Path) -> Iterator[str]:
    """Yield the names of the files of a filestore."""
    if not folder.is_dir():
        return
    for part in sorted(os.listdir(str(folder))):
        if len(part) == 2 and (folder / part).is_dir():
            for each in sorted(os.listdir(str(folder / part))):
                if is_file_name("%s/%s" % (part, each)):
                    yield "%s/%s" % (part, each)


def files_root(names: Any) -> str:
    """Return the SHA-256 of the sorted names, one a line: what a point's manifest calls its root."""
    return hashlib.sha256("\n".join(sorted(names)).encode("ascii")).hexdigest()


class Arriving:
    """A file as it arrives: under another name until it is whole and its content is the expected one."""

    def __init__(self, path: Path, algorithm: str) -> None:
        self.path = path
        self._draft = path.with_name(path.name + ".part")
        self._digest = hashlib.new(algorithm)
        self._stream: BinaryIO = open(str(self._draft), "wb")  # noqa: SIM115  (closed by `keep` or `drop`)

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._digest.update(data)
        self._stream.write(data)

    def keep(self, expected: str, sync: bool = False) -> bool:
        """Put the file into its place if it hashes to `expected`; otherwise drop it and return False."""
        if self._digest.hexdigest() != expected:
            self.drop()
            return False
        self._stream.flush()
        if sync:
            os.fsync(self._stream.fileno())
        self._stream.close()
        os.chmod(str(self._draft), FILE_MODE)
        os.replace(str(self._draft), str(self.path))
        return True

    def drop(self) -> None:
        """Forget what has arrived."""
        self._stream.close()
        forget(self._draft)


def forget(path: Path) -> None:
    """Remove a file, if it is there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it; first under another name, so that it is never seen half."""
    gone = path.with_name(".linserv-gone-%s" % path.name.lstrip("."))
    if path.is_dir() and not path.is_symlink():
        if gone.exists():
            shutil.rmtree(str(gone))
        os.rename(str(path), str(gone))
    if gone.exists():
        shutil.rmtree(str(gone))
