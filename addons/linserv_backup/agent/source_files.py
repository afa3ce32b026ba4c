"""Hands over files of an instance: of its filestore by their names, of its other folders by their paths."""

import hashlib
import os
import re
import stat
from typing import Any, Callable, Dict, List, Optional, Pattern, Sequence

from . import source_instance, source_tree
from .errors import BackupError
from .source_stream import FRAME, Sender

MAX_NAMES = 20000
MAX_TOLD = 100
_NAME = re.compile(r"[0-9a-f]{2,3}/[0-9a-f]{40}\Z")


def files(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Send files of the filestore.

    `missing` are those that could not be sent (`unreadable` says of which of them why), `damaged` those that were, but
    whose contents are not what their name says.

    :raise BackupError: `argument_invalid` for anything but names of files, `filestore_missing`
    """
    names = _checked(args.get("names", []), _NAME)
    source = source_instance.load(context.instance)
    root = source_tree.open_folder(source.filestore, "filestore_missing")
    delivery = _Delivery(Sender(context.send), root, trailer=False)
    delivery.deliver(names)
    return delivery.report("damaged")


def fetch(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Send files of one of the instance's folders, each with its sha256 and whether it changed while it was read.

    :raise BackupError: `folder_unknown`, `folder_missing`, `argument_invalid`
    """
    paths = _checked(args.get("paths", []), None)
    folders = source_tree.get_folders(source_instance.load(context.instance))
    folder = folders.get(args.get("folder", ""))
    if folder is None:
        raise BackupError("folder_unknown", "agent.json has no such folder for the instance.", "configuration")
    root = source_tree.open_folder(folder.path, "folder_missing")
    delivery = _Delivery(Sender(context.send), root, trailer=True)
    delivery.missing = [path for path in paths if not folder.allows(path)]
    delivery.deliver([path for path in paths if folder.allows(path)])
    return delivery.report("changed")


def _checked(names: Sequence[Any], form: Optional[Pattern[str]]) -> List[str]:
    if len(names) > MAX_NAMES:
        raise BackupError(
            "argument_invalid", "At most %d files are handed over at a time." % MAX_NAMES, "configuration"
        )
    for name in names:
        if not isinstance(name, str) or (form and not form.match(name)) or not source_tree.is_plain(name):
            raise BackupError("argument_invalid", "A name of a file has the wrong form.", "configuration")
    return list(names)


class _Delivery:
    """Sends files one after the other, and keeps the books: what is missing, what is not what it should be."""

    def __init__(self, sender: Sender, root: int, trailer: bool) -> None:
        self._sender, self._root, self._trailer = sender, root, trailer
        self._files = 0
        self.missing: List[str] = []
        self._unreadable: List[List[str]] = []
        self._wrong: List[str] = []

    def deliver(self, names: Sequence[str]) -> None:
        try:
            for name in names:
                self._deliver_one(name)
        finally:
            os.close(self._root)
        self._sender.flush()

    def report(self, wrong: str) -> Dict[str, Any]:
        known = {"files": self._files, "bytes": self._sender.sent, "missing": self.missing, wrong: self._wrong}
        return dict(known, unreadable=self._unreadable[:MAX_TOLD])

    def _deliver_one(self, name: str) -> None:
        try:
            descriptor = source_tree.open_file(self._root, name)
        except OSError as error:
            self._unreadable.append([name, error.strerror or "unreadable"])
            descriptor = None
        if descriptor is None:
            self.missing.append(name)
            return
        try:
            good = self._send(name, descriptor)
        finally:
            os.close(descriptor)
        self._files += 1
        if not good:
            self._wrong.append(name)

    def _send(self, name: str, descriptor: int) -> bool:
        """Send one file; return whether it is what its name says, or stayed the same while it was read."""
        before = os.fstat(descriptor)
        self._sender.line(_header(name, before, self._trailer))
        digest = hashlib.sha256() if self._trailer else hashlib.sha1()  # noqa: S324  (Odoo's name of the file)
        whole = self._copy(descriptor, before.st_size, digest.update)
        if not self._trailer:
            return digest.hexdigest() == name.rpartition("/")[2]
        after = os.fstat(descriptor)
        same = whole and (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        self._sender.line({"sha256": digest.hexdigest(), "changed": not same})
        return same

    def _copy(self, descriptor: int, size: int, look: Callable[[bytes], Any]) -> bool:
        """Send exactly `size` bytes, as was promised; return whether the file had them."""
        left, whole = size, True
        while left:
            piece = _read(descriptor, min(FRAME, left))
            whole = whole and bool(piece)
            piece = piece or bytes(min(FRAME, left))
            left -= len(piece)
            look(piece)
            self._sender.add(piece)
        return whole


def _read(descriptor: int, size: int) -> bytes:
    """Return the next bytes; none at the end of the file, and none where the disk cannot read it."""
    try:
        return os.read(descriptor, size)
    except OSError:
        return b""


def _header(path: str, status: os.stat_result, trailer: bool) -> Dict[str, Any]:
    header: Dict[str, Any] = {"name": path, "size": status.st_size, "mode": stat.S_IMODE(status.st_mode)}
    header.update(mtime=int(status.st_mtime), mtime_ns=status.st_mtime_ns)
    return dict(header, trailer=True) if trailer else header
