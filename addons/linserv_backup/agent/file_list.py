"""Which files of the filestore belong to a point, and in whose archive each of them lies.

In an archive the list is a small text. Of a point that stands alone, `files.txt`: a line `xx/sha1` for each file, all
of which lie in its own archive. Of one that is a patch, `files.patch`: lines `+ xx/sha1` (in its own archive) and
`- xx/sha1` against the list of its base. So a point without new files costs nothing, and any program can read it.
"""

import hashlib
from typing import Dict, Iterable, Mapping

from . import point_names
from .errors import BackupError

WHOLE, PATCH = "files.txt", "files.patch"
Holders = Dict[str, str]


def root_of(names: Iterable[str]) -> str:
    """Return the hash that stands for a set of files."""
    return hashlib.sha256("\n".join(sorted(names)).encode("ascii")).hexdigest()


def write_whole(names: Iterable[str]) -> str:
    """Return the list of a point that stands alone."""
    return "".join("%s\n" % name for name in sorted(names))


def write_patch(names: Iterable[str], base: Mapping[str, str]) -> str:
    """Return the list of a point as what differs from its base."""
    wanted = set(names)
    added = ["+ %s\n" % name for name in sorted(wanted.difference(base))]
    return "".join(added + ["- %s\n" % name for name in sorted(set(base) - wanted)])


def read_whole(text: str, point: str) -> Holders:
    """Return where the files of a point that stands alone lie.

    :raise BackupError: `point_damaged`
    """
    return {_checked(line): point for line in text.splitlines()}


def read_patch(text: str, point: str, base: Mapping[str, str]) -> Holders:
    """Return where the files of a point lie that is a patch.

    :param base: the same of its base
    :raise BackupError: `point_damaged`
    """
    found = dict(base)
    for line in text.splitlines():
        sign, _space, name = line.partition(" ")
        if sign == "-":
            found.pop(_checked(name), None)
        elif sign == "+":
            found[_checked(name)] = point
        else:
            raise _damaged()
    return found


def _checked(name: str) -> str:
    if not point_names.is_file(name):
        raise _damaged()
    return name


def _damaged() -> BackupError:
    return BackupError("point_damaged", "The list of a point's files cannot be read.", "data")
