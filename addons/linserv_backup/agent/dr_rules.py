"""What a DR host may forget, decided without a disk or a clock of its own: values in, names or a refusal out."""

import calendar
import hashlib
import re
import time
from typing import Dict, List, NamedTuple, Optional, Sequence

from .errors import BackupError

DAY = 86400
CLOCKS_AGREE_SECONDS = 300
DELETE_AT_ONCE_DAYS = 2
TRASH_DAYS = 7
FRESH_DAYS = 2
_SLOT = re.compile(r"\d{8}T\d{6}Z\Z")


class Copy(NamedTuple):
    """One copy as the DR repository lists it. `slot` is the moment it is for, `trashed` a moment or None (epochs)."""

    name: str
    slot: int
    state: str
    trashed: Optional[int] = None


def parse_slot(text: str) -> int:
    """Return the epoch of a slot such as `20261101T010000Z`.

    :raise BackupError: `argument_invalid`
    """
    try:
        if not _SLOT.match(text):
            raise ValueError(text)
        return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise BackupError("argument_invalid", "This is no slot of UTC: %.40s" % text, "configuration") from None


def format_slot(moment: int) -> str:
    """Return the text of a slot."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


def day_of(moment: int) -> str:
    """Return the UTC day of a moment, `20261101`."""
    return time.strftime("%Y%m%d", time.gmtime(moment))


def root_of(names: Sequence[str]) -> str:
    """Return the hash that stands for a set of file names."""
    return hashlib.sha256("\n".join(sorted(names)).encode("ascii")).hexdigest()


def check_clocks(asked: int, own: int) -> None:
    """Two hosts agree on the time, or nothing is decided by it.

    :raise BackupError: `clocks_differ`
    """
    if abs(asked - own) > CLOCKS_AGREE_SECONDS:
        words = "The clocks of Odoo and of this host are %d s apart; nothing was deleted."
        raise BackupError("clocks_differ", words % abs(asked - own), "configuration")


def find_of_day(copies: Sequence[Copy], slot: int) -> Optional[Copy]:
    """Return the proved copy of the slot's UTC day, if the day has one."""
    proved = [copy for copy in copies if copy.state == "proved" and day_of(copy.slot) == day_of(slot)]
    return proved[0] if proved else None


def last_proved(copies: Sequence[Copy]) -> Optional[Copy]:
    """Return the newest proved copy."""
    return max((copy for copy in copies if copy.state == "proved"), key=lambda copy: copy.slot, default=None)


def expired(copies: Sequence[Copy], now: int, days: int) -> List[str]:
    """Return the names of the copies older than `days`, oldest first: what this host itself would forget."""
    old = [copy for copy in copies if copy.state in ("proved", "damaged") and copy.slot < now - days * DAY]
    return [copy.name for copy in sorted(old, key=lambda copy: copy.slot)]


def check_deletion(names: Sequence[str], copies: Sequence[Copy], held: Dict[str, str], now: int, days: int) -> None:
    """Both sides computed the names; this side agrees with every single one or deletes nothing.

    :raise BackupError: with the code of the first rule that forbids it
    """
    last = last_proved(copies)
    if len(names) > DELETE_AT_ONCE_DAYS:
        raise _refusal("too_many", "At most %d days' copies go at once." % DELETE_AT_ONCE_DAYS)
    for name in names:
        if name in held:
            raise _refusal("held", "%s is held: %s" % (name, held[name]))
        if last is None or name == last.name:
            raise _refusal("last_proved", "%s is the last proved copy." % name)
        if name not in expired(copies, now, days):
            raise _refusal("not_expired", "%s is unknown here or younger than %d days." % (name, days))
    if names and (last is None or last.slot < now - FRESH_DAYS * DAY):
        raise _refusal("frozen", "There is no fresh proved copy: nothing is deleted until there is.")


def purgeable(copies: Sequence[Copy], now: int) -> List[str]:
    """Return the names that have been in the trash for a week."""
    return [copy.name for copy in copies if copy.trashed is not None and copy.trashed <= now - TRASH_DAYS * DAY]


def _refusal(code: str, message: str) -> BackupError:
    return BackupError(code, message, "configuration")
