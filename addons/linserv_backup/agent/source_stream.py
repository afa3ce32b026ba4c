"""What a customer's host hands over, on the wire: data frames whose bytes, put together, are one stream.

Files are sent one after the other: a line of JSON (`name`, `size`, `mtime`, `mtime_ns`, `mode`), then exactly `size`
bytes, then, where the line says `"trailer": true`, another line of JSON (`sha256`, `changed`).
"""

import json
import signal
from typing import Any, Callable, List, Tuple

from .errors import BackupError

FRAME = 256 * 1024
STALL_SECONDS = 60.0


class Sender:
    """Gathers what is small into frames, hands frames on, and gives up on a line that takes nothing for a minute."""

    def __init__(self, send: Callable[[bytes], None], frame: int = FRAME, stall: float = STALL_SECONDS) -> None:
        self._send, self._frame, self._stall = send, frame, stall
        self._parts: List[bytes] = []
        self._held = 0
        self.sent = 0

    def line(self, document: Any) -> None:
        """Add a line of JSON."""
        self.add(json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n")

    def add(self, data: bytes) -> None:
        """Add bytes; whole frames go out."""
        self._parts.append(data)
        self._held += len(data)
        if self._held >= self._frame:
            self.flush()

    def flush(self) -> None:
        """Send what has been gathered."""
        data = b"".join(self._parts)
        self._parts, self._held = [], 0
        if data:
            guarded(self._send, self._stall, data)
            self.sent += len(data)


def guarded(action: Callable[..., Any], seconds: float, *args: Any) -> Any:
    """Do something that may block, such as writing to a line whose other end is frozen; the run's own deadline stays.

    :raise Stopped: it took longer (by the agent's own handler of its deadline)
    """
    if not callable(signal.getsignal(signal.SIGALRM)):
        return action(*args)
    left = signal.setitimer(signal.ITIMER_REAL, seconds)[0]
    if 0 < left < seconds:
        signal.setitimer(signal.ITIMER_REAL, left)
        return action(*args)
    try:
        return action(*args)
    finally:
        spent = seconds - signal.setitimer(signal.ITIMER_REAL, 0)[0]
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, left - spent))


class FileReader:
    """Takes such a stream of files apart on the receiving side, which believes nothing of it; never holds a whole file.

    `begin(header)` is called for each file and returns what takes its bytes (called with each piece) ; `end(header,
    trailer)` when it is whole.
    """

    def __init__(
        self,
        begin: Callable[[Any], Callable[[bytes], Any]],
        end: Callable[[Any, Any], Any],
        max_line: int = 65536,
    ) -> None:
        self._begin, self._end, self._max_line = begin, end, max_line
        self._line = b""
        self._header: Any = None
        self._left = 0
        self._take: Callable[[bytes], Any] = len

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream.

        :raise BackupError: `bad_answer`
        """
        view = memoryview(data)
        while view:
            if self._header is not None and self._left:
                piece = view[: self._left]
                self._take(bytes(piece))
                self._left -= len(piece)
                view = view[len(piece) :]
                self._finish_plain()
            else:
                view = self._feed_line(view)

    def close(self) -> None:
        """Say that the stream has ended.

        :raise BackupError: `bad_answer` in the middle of a file
        """
        if self._line or self._header is not None:
            raise BackupError("bad_answer", "The stream of files ends in the middle.", "data")

    def _feed_line(self, view: memoryview) -> memoryview:
        text, rest = _split(view)
        self._line += text
        if len(self._line) > self._max_line:
            raise BackupError("bad_answer", "A line in the stream of files has no end.", "data")
        if self._line.endswith(b"\n"):
            line, self._line = self._line, b""
            self._take_line(_parse(line))
        return rest

    def _take_line(self, document: Any) -> None:
        if self._header is not None:
            header, self._header = self._header, None
            self._end(header, document)
            return
        size = document.get("size")
        if not isinstance(document.get("name"), str) or type(size) is not int or not 0 <= size < 2**50:
            raise BackupError("bad_answer", "A file in the stream has no name or no size.", "data")
        self._header, self._left = document, size
        self._take = self._begin(document)
        self._finish_plain()

    def _finish_plain(self) -> None:
        """End a file whose bytes are all there, unless a trailer follows."""
        if self._header is not None and not self._left and self._header.get("trailer") is not True:
            header, self._header = self._header, None
            self._end(header, None)


def _split(view: memoryview) -> Tuple[bytes, memoryview]:
    """Return the bytes up to and with the first newline, and the rest."""
    data = bytes(view[:65536])
    index = data.find(b"\n")
    cut = len(data) if index < 0 else index + 1
    return data[:cut], view[cut:]


def _parse(line: bytes) -> Any:
    try:
        document = json.loads(line.decode("ascii"))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BackupError("bad_answer", "The stream of files holds a line that is no JSON object.", "data")
    return document
