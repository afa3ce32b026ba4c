"""A scratch database and a folder that go away whatever happens: a guard of their own removes them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import List, Optional, Type

from .drill_process import own_source, run
from .drill_settings import Settings
from .errors import BackupError

START_SECONDS = 90
TIDY_SECONDS = 180
RESTORE_SECONDS = 6 * 3600
PSQL = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
_NAME = re.compile(r"drill_[0-9a-f]{32}\Z")
_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
_DEAD = "SELECT name FROM (VALUES %s) AS left_over (name) WHERE pg_try_advisory_lock(hashtext(name))"
_SWEEP = """
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS false', datname), format('DROP DATABASE %I', datname)
FROM pg_database
WHERE datname ~ '^drill_[0-9a-f]{32}$' AND pg_get_userbyid(datdba) = current_user
    AND pg_try_advisory_lock(hashtext(datname)) \\gexec
"""


class Scratch:
    """One drill's database and folder; a context manager. Leaving it waits until both are gone."""

    def __init__(self, settings: Settings, run_id: str) -> None:
        self.settings = settings
        self.name = "drill_" + run_id.replace("-", "")
        self.folder = settings.folder / self.name
        self._guard: Optional["subprocess.Popen[str]"] = None
        if not _NAME.match(self.name):
            raise BackupError("argument_invalid", "This is no identifier of a run.")

    def __enter__(self) -> "Scratch":
        self.settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.query(_SUPERUSER, "postgres") != [["f"]]:
            raise BackupError(
                "drill_unfit", "The role of drills is a superuser; restored code must not be one.", "configuration"
            )
        self._start_guard()
        try:
            sweep(self.settings)
            self.folder.mkdir(mode=0o700)
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, _kind: Optional[Type[BaseException]], _error: Optional[BaseException], _trace: Optional[TracebackType]
    ) -> None:
        self._release()

    def create(self) -> None:
        """Make the empty database as Odoo makes its own."""
        words = ["createdb", "-T", "template0", "-E", "UTF8", "--lc-collate=C", "--", self.name]
        run(words, START_SECONDS, self.settings.environment, code="drill_unfit")

    def restore(self, dump: Path) -> None:
        """Read a dump into the database; any complaint is an error.

        :raise BackupError: `dump_damaged` when PostgreSQL refuses what the dump holds
        """
        words = ["pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "-j", str(self.settings.jobs)]
        command = [*words, "-d", self.name, "--", str(dump)]
        run(command, RESTORE_SECONDS, self.settings.environment, code="dump_damaged")

    def query(self, sql: str, database: Optional[str] = None, seconds: float = START_SECONDS) -> List[List[str]]:
        """Return the rows of a script's last statements."""
        return query(self.settings, sql, database or self.name, seconds)

    def _start_guard(self) -> None:
        order = {
            "psql": [*PSQL, "-d", "postgres"],
            "database": self.name,
            "folder": str(self.folder),
            "environment": self.settings.environment,
        }
        pipe = subprocess.PIPE
        words = [sys.executable or "/usr/bin/python3", "-I", "-c", own_source("drill_guard.py")]
        self._guard = subprocess.Popen(  # noqa: S603  (an argument list, no shell)
            words, stdin=pipe, stdout=pipe, cwd="/", start_new_session=True, universal_newlines=True
        )
        assert self._guard.stdin and self._guard.stdout
        self._guard.stdin.write(json.dumps(order) + "\n")
        self._guard.stdin.flush()
        if self._guard.stdout.readline().strip() != "held":
            self._guard.kill()
            self._guard.wait()
            self._guard = None
            raise BackupError("database_unreachable", "The scratch database's server does not answer.", "transient")

    def _release(self) -> None:
        """Let the guard tidy, and wait for it.

        :raise BackupError: `drill_left_over`: something of the drill is still there; the next one sweeps it
        """
        guard, self._guard = self._guard, None
        if guard is None:
            return
        try:
            answer = guard.communicate(timeout=TIDY_SECONDS)[0]
        except subprocess.TimeoutExpired:
            answer = ""
        if "tidied" not in answer.split():
            raise BackupError("drill_left_over", "The scratch database %s could not be removed." % self.name)


def query(settings: Settings, sql: str, database: str, seconds: float = START_SECONDS) -> List[List[str]]:
    """Return the rows of a script: lists of texts."""
    words = [*PSQL, "-d", database]
    output = run(words, seconds, settings.environment, stdin=sql, code="database_unexpected")
    return [line.split("\t") for line in output.splitlines()]


def sweep(settings: Settings) -> None:
    """Remove databases and folders of drills that died with their guard (the host was switched off)."""
    run([*PSQL, "-d", "postgres"], TIDY_SECONDS, settings.environment, stdin=_SWEEP, code="drill_unfit")
    names = [name for name in os.listdir(str(settings.folder)) if _NAME.match(name)]
    if names:
        values = ", ".join("('%s')" % name for name in names)
        for row in query(settings, _DEAD % values, "postgres"):
            shutil.rmtree(str(settings.folder / row[0]), ignore_errors=True)
