"""What PostgreSQL's complaints mean for a backup: a code, and the class of failure that decides what happens next."""

import re
from typing import Optional, Tuple

from .errors import BackupError

_STATE = re.compile(r"^[^\n:]+:\s+([0-9A-Z]{5}): ", re.MULTILINE)
_STATES = {
    "55P03": ("attachments_busy", "transient"),
    "40P01": ("database_busy", "transient"),
    "57014": ("database_timeout", "transient"),
    "57P01": ("database_unreachable", "transient"),
    "57P02": ("database_unreachable", "transient"),
    "57P03": ("database_unreachable", "transient"),
    "53300": ("database_unreachable", "transient"),
    "53100": ("disk_full", "capacity"),
    "53200": ("database_busy", "transient"),
    "3D000": ("database_missing", "configuration"),
    "42501": ("database_refused", "configuration"),
    "42P01": ("not_odoo", "configuration"),
    "3F000": ("not_odoo", "configuration"),
    "XX001": ("database_damaged", "data"),
    "XX002": ("database_damaged", "data"),
}
# Words for what has no SQLSTATE: errors before the login, and everything that pg_dump says.
_WORDS: Tuple[Tuple[str, str, str], ...] = (
    (r"server version mismatch", "pg_dump_old", "configuration"),
    (r"invalid snapshot identifier|SET TRANSACTION SNAPSHOT", "snapshot_gone", "transient"),
    (
        r"invalid page|could not read block|missing chunk|invalid memory alloc|unexpected chunk",
        "database_damaged",
        "data",
    ),
    (r"No space left on device", "disk_full", "capacity"),
    (r"permission denied|must be owner", "database_refused", "configuration"),
    (r"lock timeout|could not obtain lock|deadlock detected", "database_busy", "transient"),
    (r"too many clients|connection slots|starting up|shutting down|recovery mode", "database_unreachable", "transient"),
    (r"terminating connection|closed the connection|connection .*lost", "database_unreachable", "transient"),
    (r'database ".*" does not exist', "database_missing", "configuration"),
    (
        r"authentication failed|no pg_hba\.conf|no password supplied|role .* does not exist",
        "database_refused",
        "configuration",
    ),
    (r"could not connect|Connection refused|No such file|timeout expired", "database_unreachable", "transient"),
)
_TEXTS = {
    "attachments_busy": "The table of attachments was locked by somebody else for too long; nothing was disturbed.",
    "pg_dump_old": "pg_dump of the host is older than its PostgreSQL server: a newer postgresql-client is needed.",
    "snapshot_gone": "The database no longer has the snapshot that the backup reads from.",
    "database_missing": "PostgreSQL has no database of this name: it was dropped, renamed or never made.",
    "not_odoo": "The database has no table of attachments: it is not an Odoo database.",
}


def fault(errors: bytes, otherwise: str = "database_unexpected", kind: str = "unknown") -> BackupError:
    """Return the error for what a program of PostgreSQL complained about.

    :param otherwise: the code of what is not recognised, `kind` its class
    """
    text = errors.decode("utf-8", "replace").strip()
    code, kind = _recognise(text) or (otherwise, kind)
    detail = " ".join(text.split())[-600:]
    return BackupError(code, " ".join(part for part in (_TEXTS.get(code), detail) if part), kind)


def _recognise(text: str) -> Optional[Tuple[str, str]]:
    states = _STATE.findall(text)
    if states and states[-1] in _STATES:
        return _STATES[states[-1]]
    for pattern, code, kind in _WORDS:
        if re.search(pattern, text, re.IGNORECASE):
            return code, kind
    return None
