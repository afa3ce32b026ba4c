"""A conversation with PostgreSQL through its own psql: no driver, little memory, errors with their SQLSTATE."""

import os
import time
from types import TracebackType
from typing import Callable, Iterator, Optional, Type

from . import source_faults
from .errors import BackupError
from .source_child import Child
from .source_instance import Source

SECONDS = 60.0
LOOK_SECONDS = 1.0
PIECE = 65536
MAX_LINE = 1024 * 1024
_FIRST = """SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8'; SET search_path = pg_catalog, public, pg_temp;
"""


class Session:
    """One login that stays open; a context manager. What was not committed is rolled back when it ends."""

    def __init__(self, source: Source, look: Optional[Callable[[], None]] = None) -> None:
        """Start psql.

        :param look: called about once a second while PostgreSQL keeps us waiting; may raise
        """
        argv = [source.psql, "-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"]
        self.child = Child(argv, source.environment)
        self._look = look
        self._mark = ("==%s==" % os.urandom(8).hex()).encode("ascii")
        self._rest = b""
        self._begun = False

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self,
        _kind: Optional[Type[BaseException]],
        _error: Optional[BaseException],
        _trace: Optional[TracebackType],
    ) -> None:
        self.child.kill()

    def value(self, sql: str, seconds: float = SECONDS) -> str:
        """Return the last line that the statements print."""
        last = b""
        for line in self.lines(sql, seconds):
            last = line
        return last.decode("utf-8")

    def lines(self, sql: str, seconds: float = SECONDS) -> Iterator[bytes]:
        """Run our own statements (no value of others is ever in them); give their output line by line.

        :raise BackupError: what PostgreSQL complains about, or `database_timeout`
        """
        head = "" if self._begun else _FIRST
        self._begun = True
        self.child.write(("%s%s\n\\echo %s\n" % (head, sql, self._mark.decode())).encode("utf-8"))
        limit = time.monotonic() + seconds
        while True:
            *whole, self._rest = self._rest.split(b"\n")
            for line in whole:
                if line == self._mark:
                    return
                yield line
            self._rest += self._read(limit)

    def _read(self, limit: float) -> bytes:
        while len(self._rest) < MAX_LINE:
            data = self.child.read(PIECE, LOOK_SECONDS)
            if data:
                return data
            if data == b"":
                self.child.finish()
                raise source_faults.fault(self.child.errors or b"server closed the connection")
            if time.monotonic() > limit:
                break
            if self._look:
                self._look()
        raise BackupError("database_timeout", "The database did not answer in time.", "transient")
