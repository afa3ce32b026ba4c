"""Hands over files of an instance: of its filestore by their names, of its other folders by their paths."""

import hashlib
import os
import re
import stat
from typing import Any, Callable, Dict, Iterator, List, Optional, Pattern, Sequence

from . import source_instance, source_tree
from .errors import BackupError
from .source_stream import FRAME, Sender

MAX_NAMES = 20000
_NAME = re.compile(r"[0-9a-f]{2,3}/[0-9a-f]{40}\Z")


def files(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Send files of the filestore; `missing` and `damaged` (the contents are not what the name says) are told.

    :raise BackupError: `argument_invalid` for anything but names of files, `filestore_missing`
    """
    names = _checked(args.get("names", []), _NAME)
    source = source_instance.load(context.instance)
    sender, missing, damaged, sent = Sender(context.send), [], [], 0
    root = source_tree.open_folder(source.filestore, "filestore_missing")
    try:
        for name in names:
            digest = hashlib.sha1()  # noqa: S324  (Odoo's name of the file, no protection)
            if _send(sender, root, name, digest.update, trailer=False) is None:
                missing.append(name)
                continue
            sent += 1
            if digest.hexdigest() != name.rpartition("/")[2]:
                damaged.append(name)
    finally:
        os.close(root)
    sender.flush()
    return {"files": sent, "bytes": sender.sent, "missing": missing, "damaged": damaged}


def fetch(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Send files of one of the instance's folders, each with its sha256 and whether it changed while it was read.

    :raise BackupError: `folder_unknown`, `folder_missing`, `argument_invalid`
    """
    paths = _checked(args.get("paths", []), None)
    folders = source_tree.get_folders(source_instance.load(context.instance))
    folder = folders.get(args.get("folder", ""))
    if folder is None:
        raise BackupError("folder_unknown", "agent.json has no such folder for the instance.", "configuration")
    sender, missing, changed, sent = Sender(context.send), [], [], 0
    root = source_tree.open_folder(folder.path, "folder_missing")
    try:
        for path in paths:
            same = _send(sender, root, path, None, trailer=True) if folder.allows(path) else None
            sent += same is not None
            if same is None:
                missing.append(path)
            elif not same:
                changed.append(path)
    finally:
        os.close(root)
    sender.flush()
    return {"files": sent, "bytes": sender.sent, "missing": missing, "changed": changed}


def _checked(names: Sequence[Any], form: Optional[Pattern[str]]) -> List[str]:
    if len(names) > MAX_NAMES:
        raise BackupError(
            "argument_invalid", "At most %d files are handed over at a time." % MAX_NAMES, "configuration"
        )
    for name in names:
        if not isinstance(name, str) or (form and not form.match(name)) or not source_tree.is_plain(name):
            raise BackupError("argument_invalid", "A name of a file has the wrong form.", "configuration")
    return list(names)


def _send(
    sender: Sender, root: int, path: str, look: Optional[Callable[[bytes], Any]], trailer: bool
) -> Optional[bool]:
    """Send one file; return None when there is none, else whether it stayed the same meanwhile."""
    descriptor = source_tree.open_file(root, path)
    if descriptor is None:
        return None
    try:
        before = os.fstat(descriptor)
        sender.line(_header(path, before, trailer))
        digest = hashlib.sha256()
        for piece in _pieces(descriptor, before.st_size):
            (look or digest.update)(piece)
            sender.add(piece)
        after = os.fstat(descriptor)
        same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if trailer:
            sender.line({"sha256": digest.hexdigest(), "changed": not same})
        return same
    finally:
        os.close(descriptor)


def _pieces(descriptor: int, size: int) -> Iterator[bytes]:
    """Give exactly `size` bytes: a file that became shorter meanwhile is filled up (and told to have changed)."""
    left = size
    while left:
        piece = os.read(descriptor, min(FRAME, left)) or b"\0" * min(FRAME, left)
        left -= len(piece)
        yield piece


def _header(path: str, status: os.stat_result, trailer: bool) -> Dict[str, Any]:
    header: Dict[str, Any] = {"name": path, "size": status.st_size, "mode": stat.S_IMODE(status.st_mode)}
    header.update(mtime=int(status.st_mtime), mtime_ns=status.st_mtime_ns)
    return dict(header, trailer=True) if trailer else header
