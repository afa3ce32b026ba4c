"""Reads what another host's agent sends: lines of JSON, and raw data announced by such a line. Nothing is believed.

`{"run": R, "data": n}` is followed by n bytes; `{"run": R, "progress": …}` may come at any time; the last line holds
`result` or `error`. Only a last line of our own run, after every announced byte, is an answer.
"""

import json
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional

from .errors import BackupError

MAX_LINE_BYTES = 1 << 20
MAX_FRAME_BYTES = 4 << 20
CONFIGURATION = frozenset(
    [
        "verb_unknown",
        "agent_outdated",
        "agent_missing",
        "protocol_unknown",
        "instance_unknown",
        "argument_unknown",
        "argument_invalid",
        "config_invalid",
        "driver_missing",
        "database_missing",
        "database_refused",
        "pg_dump_missing",
        "pg_dump_old",
        "folder_missing",
        "filestore_missing",
        "folder_unknown",
        "instance_incomplete",
        "not_odoo",
    ]
)
CAPACITY = frozenset(["disk_full", "too_large"])


class Final(NamedTuple):
    """The last line: a result, or the error that the other host answered."""

    result: Optional[Dict[str, Any]]
    error: Optional[BackupError]


class FrameReader:
    """Takes the bytes of an answer as they arrive.

    :param run: the run that was asked
    :param max_bytes: how many bytes of data are taken at most
    """

    def __init__(self, run: str, max_bytes: int) -> None:
        self._run = run
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._owed = 0
        self.received = 0
        self.final: Optional[Final] = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the data in the next bytes, in pieces.

        :raise BackupError: `bad_answer` or `too_large`
        """
        self._buffer += chunk
        while self._buffer:
            if self._owed:
                yield self._take_data()
            elif not self._take_line():
                return

    def finish(self) -> Dict[str, Any]:
        """Return the result, when the other side has closed the line.

        :raise BackupError: the error that was answered, or `connection_lost` when the answer has no end
        """
        if self.final is None or self._owed or self._buffer:
            raise BackupError("connection_lost", "The line was cut before the answer had ended.", "transient")
        if self.final.error:
            raise self.final.error
        assert self.final.result is not None
        return self.final.result

    def _take_data(self) -> bytes:
        piece = bytes(self._buffer[: self._owed])
        del self._buffer[: self._owed]
        self._owed -= len(piece)
        return piece

    def _take_line(self) -> bool:
        """Read one whole line, if there is one yet."""
        end = self._buffer.find(b"\n", 0, MAX_LINE_BYTES + 1)
        if end < 0:
            if len(self._buffer) > MAX_LINE_BYTES:
                raise _bad("a line without end")
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._read(_parse(line))
        return True

    def _read(self, document: Dict[str, Any]) -> None:
        if self.final is not None:
            raise _bad("more after its answer")
        if document.get("run") != self._run:
            raise _bad("something that does not belong to this run")
        if "data" in document:
            self._announce(document["data"])
        elif "progress" not in document:
            self.final = read_final(document)

    def _announce(self, size: Any) -> None:
        if type(size) is not int or not 0 <= size <= MAX_FRAME_BYTES:
            raise _bad("data of an impossible size")
        self.received += size
        if self.received > self._max_bytes:
            raise BackupError("too_large", "The host sends more than %d bytes." % self._max_bytes, "data")
        self._owed = size


def read_final(document: Dict[str, Any]) -> Final:
    """Read the last line.

    :raise BackupError: `bad_answer`
    """
    result, error = document.get("result"), document.get("error")
    if isinstance(result, dict) and error is None:
        return Final(result, None)
    if isinstance(error, dict) and result is None and isinstance(error.get("code"), str):
        return Final(None, remote_error(error))
    raise _bad("a last line that is neither a result nor an error")


def remote_error(error: Dict[str, Any]) -> BackupError:
    """Return what another host answered as an error of ours, in its class."""
    code, retryable = error["code"][:64], error.get("retryable") is True
    message = str(error.get("message") or code)[:2000]
    kind = "capacity" if code in CAPACITY else "configuration" if code in CONFIGURATION else ""
    return BackupError(code, message, kind or ("transient" if retryable else "data"))


def read_lines(feed: Callable[[], bytes], limit: int = MAX_LINE_BYTES) -> Iterator[Dict[str, Any]]:
    """Yield the JSON documents, one a line, of data that `feed()` returns in pieces (b"" at the end).

    :raise BackupError: `bad_answer`
    """
    rest = b""
    for piece in iter(feed, b""):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield _parse(line)
        if len(rest) > limit:
            raise _bad("a line without end")
    if rest:
        raise _bad("half a line")


def _parse(line: bytes) -> Dict[str, Any]:
    try:
        document = json.loads(line.decode("utf-8"), parse_int=_short_int, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _bad("%r" % line[:80]) from None
    if not isinstance(document, dict):
        raise _bad("%r" % line[:80])
    return document


def _short_int(text: str) -> int:
    if len(text) > 30:
        raise ValueError("a number that takes minutes to read")
    return int(text)


def _no_constant(text: str) -> Any:
    raise ValueError("no JSON: %s" % text)


def _bad(what: str) -> BackupError:
    return BackupError("bad_answer", "The host answered %s." % what, "data")
