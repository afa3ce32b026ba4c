"""What the asker of a conversation says after its request: lines on stdin, until it hangs up."""

import os
import select
import sys
from typing import Any, List

from .errors import BackupError

MAX_LINE = 4096


class Asker:
    """The other end of the line; `descriptor` becomes readable when it says something or hangs up."""

    def __init__(self) -> None:
        self.descriptor = sys.stdin.fileno()
        self._rest = self._already_read()

    def _already_read(self) -> bytes:
        """Return what came together with the request and lies in Python's buffer: from here on that is not used."""
        os.set_blocking(self.descriptor, False)
        try:
            stream: Any = sys.stdin.buffer
            waiting = stream.peek()
            return bytes(stream.read(len(waiting))) if waiting else b""
        finally:
            os.set_blocking(self.descriptor, True)

    def lines(self, seconds: float = 0.0) -> List[str]:
        """Return the lines that were said by now, or within so many seconds.

        :raise BackupError: `line_cut` when the asker has hung up, or says a line without end
        """
        if b"\n" not in self._rest and select.select([self.descriptor], [], [], seconds)[0]:
            data = os.read(self.descriptor, MAX_LINE)
            self._rest += data
            if not data or len(self._rest) > 4 * MAX_LINE:
                raise BackupError("line_cut", "The backup host hung up; nothing is held any longer.", "transient")
        *whole, self._rest = self._rest.split(b"\n")
        return [line.decode("ascii", "replace").strip() for line in whole]
