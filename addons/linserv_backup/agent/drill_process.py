"""Children of a drill: errors that say whether the point is wrong or the host."""

import os
import re
from typing import Any, Dict, List, Optional

from .engine import run_engine
from .errors import BackupError

_FULL = re.compile(r"No space left on device|could not (extend|write to) file|Disk quota exceeded", re.IGNORECASE)
_UNREACHABLE = re.compile(r"could not connect to server|connection to server .* failed|server closed the connection")
_REFUSED = re.compile(r"authentication failed|no pg_hba.conf entry|role .* does not exist|permission denied to create")
_NO_ODOO = re.compile(r"No module named '(odoo|psycopg2)|can't open file|-c: error: ")
_OLD = re.compile(r"unsupported version \(.*\) in file header|extension .* is not available|extension control file")


def run(
    argv: List[str],
    seconds: float,
    environment: Dict[str, str],
    stdin: Optional[str] = None,
    code: str = "drill_failed",
) -> str:
    """Run a program to its end and return what it wrote.

    :param code: the error's code where the program's words give no better one; its kind is then `data`
    :raise BackupError: it ended with another status than 0, or not in time
    """
    name = os.path.basename(argv[0])
    done = run_engine(
        argv,
        seconds,
        stdin=(stdin or "").encode("utf-8"),
        env=environment,
        explain=lambda status, words: explain(name, status, words, code),
    )
    return done.output.decode("utf-8", "surrogateescape")


def explain(program: str, status: int, words: str, code: str) -> BackupError:
    """Return the error that a program's last words call for."""
    message = "%s ended with %d: %s" % (program, status, words.strip())
    if _FULL.search(words):
        return BackupError("disk_full", message, "capacity")
    if _UNREACHABLE.search(words):
        return BackupError("database_unreachable", message, "transient")
    if any(pattern.search(words) for pattern in (_REFUSED, _OLD, _NO_ODOO)):
        return BackupError("drill_unfit", message, "configuration")
    if status < 0:
        return BackupError("drill_killed", message, "transient")
    return BackupError(code, message, "data")


def own_source(name: str) -> str:
    """Return the text of the file `name` beside this one: from a folder, or from the agent's archive."""
    loader: Any = globals()["__loader__"]
    data: bytes = loader.get_data(os.path.join(os.path.dirname(__file__), name))
    return data.decode("utf-8")
