"""The names of points and of what lies in a repository. A name says the kind and the slot, so it sorts by time."""

import calendar
import re
import time
from typing import NamedTuple, Optional

from .errors import BackupError

DAY = 86400
KINDS = ("db", "fs")
_REPOSITORY = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")
_SLOT = re.compile(r"\d{8}T\d{6}Z\Z")
_NAME = re.compile(r"(db|fs)-(\d{8}T\d{6}Z)\Z")
_TRASH = re.compile(r"trash-(\d{8}T\d{6}Z)-((?:db|fs)-\d{8}T\d{6}Z)\Z")
_FILE = re.compile(r"[0-9a-f]{2,3}/[0-9a-f]{40}\Z")
PENDING = "pending-"


class Trash(NamedTuple):
    """A point in the trash: the name that it had, and since when (epoch)."""

    name: str
    since: int


def check_repository(name: str) -> str:
    """Return the name when it is one of a repository.

    :raise BackupError: `argument_invalid`
    """
    if not _REPOSITORY.match(name):
        raise BackupError("argument_invalid", "This is no name of a repository: %.80r" % name, "configuration")
    return name


def parse_slot(text: str) -> int:
    """Return the epoch of a slot such as `20261101T103000Z`.

    :raise BackupError: `argument_invalid`
    """
    try:
        if not _SLOT.match(text):
            raise ValueError(text)
        return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise BackupError("argument_invalid", "This is no slot of UTC: %.40r" % text, "configuration") from None


def format_slot(moment: float) -> str:
    """Return the text of a slot.

    >>> format_slot(1793529000)
    '20261101T103000Z'
    """
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


def point_name(kind: str, slot: str) -> str:
    """Return the name of a point.

    :raise BackupError: `argument_invalid`
    """
    if kind not in KINDS:
        raise BackupError("argument_invalid", "There are no points of the kind %.20r." % kind, "configuration")
    parse_slot(slot)
    return "%s-%s" % (kind, slot)


def check_point(name: str) -> str:
    """Return the name when it is one of a point.

    :raise BackupError: `argument_invalid`
    """
    match = _NAME.match(name)
    if not match:
        raise BackupError("argument_invalid", "This is no name of a point: %.80r" % name, "configuration")
    parse_slot(match.group(2))
    return name


def is_point(name: str) -> bool:
    """Tell whether an archive of this name counts as a point."""
    return bool(_NAME.match(name))


def kind_of(name: str) -> str:
    """Return the kind of a point."""
    return name.partition("-")[0]


def slot_of(name: str) -> str:
    """Return the slot of a point."""
    return name.partition("-")[2]


def day_of(name: str) -> str:
    """Return the UTC day of a point's slot.

    >>> day_of("db-20261101T103000Z")
    '20261101'
    """
    return slot_of(name)[:8]


def trash_name(name: str, now: float) -> str:
    """Return the name under which a point waits for its removal."""
    return "trash-%s-%s" % (format_slot(now), name)


def read_trash(name: str) -> Optional[Trash]:
    """Return what the name of an archive in the trash says, None for another one."""
    match = _TRASH.match(name)
    return Trash(match.group(2), parse_slot(match.group(1))) if match else None


def is_file(name: object) -> bool:
    """Tell whether this is a name within a filestore: the file's SHA-1 below its first characters."""
    return isinstance(name, str) and bool(_FILE.match(name)) and name.split("/")[1].startswith(name.split("/")[0])
