"""Children of a drill: argument lists, hard timeouts, and errors that say what went wrong."""

import os
import re
import signal
import subprocess
from typing import Any, Dict, List, Optional

from .errors import BackupError

ERROR_BYTES = 4096
_FULL = re.compile(r"No space left on device|could not (extend|write to) file|Disk quota exceeded", re.IGNORECASE)
_UNREACHABLE = re.compile(r"could not connect to server|connection to server .* failed|server closed the connection")
_REFUSED = re.compile(r"authentication failed|no pg_hba.conf entry|role .* does not exist|permission denied to create")
_OLD = re.compile(r"unsupported version \(.*\) in file header|extension .* is not available|extension control file")


def run(
    argv: List[str],
    seconds: float,
    environment: Dict[str, str],
    stdin: Optional[str] = None,
    code: str = "drill_failed",
) -> str:
    """Run a program to its end and return what it wrote.

    :raise BackupError: `code` when it ended with another status than 0 and its words give no better one
    """
    try:
        child = subprocess.Popen(  # noqa: S603  (an argument list, no shell)
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise BackupError("program_missing", "%s cannot be started: %s" % (argv[0], error), "configuration") from error
    try:
        output, errors = child.communicate((stdin or "").encode("utf-8"), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise BackupError("drill_timeout", "%s took longer than %d s." % (argv[0], seconds), "transient") from None
    finally:
        end(child)
    if child.returncode:
        raise explain(argv[0], child.returncode, errors.decode("utf-8", "replace"), code)
    return output.decode("utf-8", "surrogateescape")


def explain(program: str, status: int, words: str, code: str) -> BackupError:
    """Return the error that a program's last words call for."""
    message = "%s ended with %d: %s" % (program, status, words.strip()[-ERROR_BYTES:])
    if _FULL.search(words):
        return BackupError("disk_full", message, "capacity")
    if _UNREACHABLE.search(words):
        return BackupError("database_unreachable", message, "transient")
    if _REFUSED.search(words) or _OLD.search(words):
        return BackupError("drill_unfit", message, "configuration")
    return BackupError(code, message, "data")


def end(child: "subprocess.Popen[Any]") -> None:
    """End a child and all that it started, unless it has ended by itself."""
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()


def own_source(name: str) -> str:
    """Return the text of the file `name` beside this one: from a folder, or from the agent's archive."""
    loader: Any = globals()["__loader__"]
    data: bytes = loader.get_data(os.path.join(os.path.dirname(__file__), name))
    return data.decode("utf-8")
