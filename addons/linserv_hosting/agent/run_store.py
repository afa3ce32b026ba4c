"""The folders of detached runs: what was asked, how far it is, what came of it.

`<state>/runs/<uuid>/` holds `status.json`, `result.json` when done, `log`, and `lock`, which the working process
holds for as long as it lives: a run whose lock is free and whose status is not final has died.
"""

import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import Any, Dict, Optional

from . import files
from .errors import AgentError
from .protocol import is_run

FINAL = ("done", "failed", "cancelled")
KEEP_SECONDS = 7 * 86400
RESERVE_BYTES = 16384


class RunFolder:
    """The folder of one detached run."""

    def __init__(self, state_directory: Path, run: str) -> None:
        if not is_run(run):
            raise AgentError("argument_invalid", "This is no identifier of a run.")
        self.run = run
        self.path = state_directory / "runs" / run

    def create(self) -> None:
        """Make the folder; nothing happens when it is there already."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def acquire(self, patience: float = 0.0) -> Optional[int]:
        """Take the run's lock and return its descriptor, or None when a living process holds it.

        :param patience: seconds; someone who only looks whether the run is alive holds the lock for an instant
        """
        limit = time.monotonic() + patience
        descriptor = os.open(str(self.path / "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while not _lock(descriptor):
            if time.monotonic() >= limit:
                os.close(descriptor)
                return None
            time.sleep(0.02)
        return descriptor

    def is_alive(self) -> bool:
        """Tell whether a process works on the run."""
        descriptor = self.acquire()
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def read_status(self) -> Dict[str, Any]:
        """Return the status with its true state: `unknown`, `running`, `died`, `done`, `failed` or `cancelled`."""
        if not self.path.is_dir():
            return {"state": "unknown"}
        alive = self.is_alive()
        status = files.read_json(self.path / "status.json") or {"state": "starting"}
        if status.get("state") not in FINAL:
            status["state"] = "running" if alive else "died"
        return status

    def write_status(self, **fields: Any) -> None:
        """Merge the fields into status.json, in one step; a full disk is met with the reserved space."""
        status = files.read_json(self.path / "status.json") or {}
        status.update(fields, updated=time.time())
        try:
            files.write_json(self.path / "status.json", status)
        except OSError:
            if not self._free_reserve():
                raise
            files.write_json(self.path / "status.json", status)

    def write_result(self, result: Dict[str, Any]) -> None:
        """Keep the result, whole or not at all.

        :raise OSError: nothing was kept
        """
        files.write_json(self.path / "result.json", result)

    def read_result(self) -> Dict[str, Any]:
        """Return the result of a run that is done.

        :raise AgentError: `result_missing`
        """
        result = files.read_json(self.path / "result.json")
        if result is None:
            raise AgentError("result_missing", "The result of the run is gone.", retryable=True)
        return result

    def reserve(self) -> None:
        """Set some space aside, so that a disk that fills up meanwhile can still be told about."""
        with open(str(self.path / "reserve"), "wb") as stream:
            stream.write(b"\0" * RESERVE_BYTES)
            os.fsync(stream.fileno())

    def release_reserve(self) -> None:
        """Give the reserved space back."""
        self._free_reserve()

    def _free_reserve(self) -> bool:
        try:
            (self.path / "reserve").unlink()
        except OSError:
            return False
        return True


def forget_old(state_directory: Path, now: float) -> int:
    """Remove runs that nobody has touched for a week; return how many."""
    folder = state_directory / "runs"
    old = [path for path in folder.iterdir() if _is_old(path, now)] if folder.is_dir() else []
    for path in old:
        if not RunFolder(state_directory, path.name).is_alive():
            shutil.rmtree(str(path), ignore_errors=True)
    return len(old)


def _is_old(path: Path, now: float) -> bool:
    try:
        return is_run(path.name) and path.stat().st_mtime < now - KEEP_SECONDS
    except OSError:
        return False


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
