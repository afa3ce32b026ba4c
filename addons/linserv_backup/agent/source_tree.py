"""The folders of an instance, walked without following a link out of them and without opening what is no file."""

import errno
import os
import stat
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from . import source_instance
from .errors import BackupError
from .source_instance import Source
from .source_stream import Sender

MAX_DEPTH = 64
MAX_NOTES = 1000
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)


class Folder(NamedTuple):
    """A folder that may be handed over; `only` names the files of it when it is not the whole folder."""

    path: str
    only: Optional[Tuple[str, ...]] = None

    def allows(self, path: str) -> bool:
        """Tell whether a file of the folder may be handed over."""
        return self.only is None or path in self.only


def get_folders(source: Source) -> Dict[str, Folder]:
    """Return what belongs to the instance: filestore, modules, odoo.conf and the agreed extra folders."""
    folders = {name: Folder(path) for name, path in source.folders.items()}
    folders["filestore"] = Folder(source.filestore)
    if source.config_file:
        place, name = os.path.split(source.config_file)
        folders["configuration"] = Folder(place, (name,))
    return folders


def tree(context: Any, _args: Dict[str, Any]) -> Dict[str, Any]:
    """Send a line of JSON `[folder, path, size, mtime_ns, mode]` for every plain file of the instance's folders.

    Links are not followed: they are told in `links` as [folder, path, target]. What cannot be read, is no file
    (a FIFO, a device) or lies on another file system is told in `notes` as [folder, path, reason].
    """
    folders = get_folders(source_instance.load(context.instance))
    walk = _Walk(Sender(context.send))
    for name in sorted(folders):
        walk.folder(name, folders[name])
    walk.sender.flush()
    paths = {name: folder.path for name, folder in folders.items()}
    result = {"files": walk.files, "bytes": walk.bytes, "folders": paths, "links": walk.links[:MAX_NOTES]}
    return dict(result, notes=walk.notes[:MAX_NOTES], noted=len(walk.notes), linked=len(walk.links))


class _Walk:
    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.files = self.bytes = 0
        self.notes: List[Tuple[str, str, str]] = []
        self.links: List[Tuple[str, str, str]] = []

    def folder(self, name: str, folder: Folder) -> None:
        try:
            root = open_folder(folder.path, "folder_missing")
        except BackupError as error:
            self.notes.append((name, "", str(error)))
            return
        try:
            self._enter(name, folder, root, "", os.fstat(root).st_dev)
        finally:
            os.close(root)

    def _enter(self, name: str, folder: Folder, descriptor: int, prefix: str, device: int) -> None:
        for entry, status in self._entries(name, descriptor, prefix):
            path = prefix + entry
            if stat.S_ISDIR(status.st_mode):
                if folder.only is None:
                    self._descend(name, folder, descriptor, entry, path, status.st_dev == device)
            elif folder.allows(path):
                self._tell(name, descriptor, entry, path, status)

    def _entries(self, name: str, descriptor: int, prefix: str) -> Iterator[Tuple[str, os.stat_result]]:
        for entry in self._names(name, descriptor, prefix):
            try:
                yield entry, os.stat(entry, dir_fd=descriptor, follow_symlinks=False)
            except OSError as error:
                self.notes.append((name, prefix + entry, error.strerror or "unreadable"))

    def _names(self, name: str, descriptor: int, prefix: str) -> List[str]:
        try:
            return sorted(os.listdir(descriptor))
        except OSError as error:
            self.notes.append((name, prefix, error.strerror or "unreadable"))
            return []

    def _descend(self, name: str, folder: Folder, parent: int, entry: str, path: str, same: bool) -> None:
        if not same or path.count("/") >= MAX_DEPTH:
            self.notes.append((name, path, "another file system" if not same else "too deep"))
            return
        try:
            descriptor = os.open(entry, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
        except OSError as error:
            self.notes.append((name, path, error.strerror or "unreadable"))
            return
        try:
            self._enter(name, folder, descriptor, path + "/", os.fstat(descriptor).st_dev)
        finally:
            os.close(descriptor)

    def _tell(self, name: str, parent: int, entry: str, path: str, status: os.stat_result) -> None:
        if stat.S_ISREG(status.st_mode):
            self.files += 1
            self.bytes += status.st_size
            self.sender.line([name, path, status.st_size, status.st_mtime_ns, stat.S_IMODE(status.st_mode)])
        elif stat.S_ISLNK(status.st_mode):
            self.links.append((name, path, _target(entry, parent)))
        else:
            self.notes.append((name, path, "no file"))


def _target(entry: str, parent: int) -> str:
    try:
        return os.readlink(entry, dir_fd=parent)
    except OSError:
        return ""


def is_plain(path: str) -> bool:
    """Tell whether a path stays inside the folder that it is taken in."""
    return bool(path) and "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))


def open_folder(path: str, code: str) -> int:
    """Return a descriptor of a folder that the host's administrator named.

    :raise BackupError: `code`
    """
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BackupError(code, "%s cannot be read: %s" % (path, error.strerror), "configuration") from error


def open_file(root: int, path: str) -> Optional[int]:
    """Return a descriptor of a plain file below `root`, reached through no link; None when there is no such file.

    :raise OSError: it is there and cannot be opened
    """
    *folders, name = path.split("/")
    opened: List[int] = []
    try:
        parent = root
        for folder in folders:
            parent = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
            opened.append(parent)
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=parent)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    finally:
        for folder_descriptor in opened:
            os.close(folder_descriptor)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return descriptor
