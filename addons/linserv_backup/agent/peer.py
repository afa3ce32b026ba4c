"""Speaks to the agent of another host over OpenSSH: what a backup host and a DR host pull with.

    peer = Peer("10.0.0.5", 22, "linserv", key_path, known_hosts_path, instance="norrvik")
    peer.call("source.inspect", {}, deadline=60)
    peer.stream("source.dump", {"snapshot": name}, sink=stream.write, deadline=3600, max_bytes=10 ** 10)
    with peer.converse("source.hold", {}, deadline=3600) as talk:
        snapshot = talk.read_document()
        …
        talk.finish("release")

The host key is pinned, no other key and no configuration of the account is used, and nothing counts but a last line of
this very run.
"""

import json
import os
import select
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional, Union

from . import login
from .engine import Running
from .errors import BackupError
from .frames import FrameReader

MAX_BYTES = 64 << 20
STALL_SECONDS = 60.0
READ_BYTES = 1 << 20

Sink = Callable[[bytes], Any]


class Peer:
    """Another host's agent, as one key of ours reaches it.

    :param known_hosts_path: a file made by `login.write_known_hosts`
    :param instance: which instance of the host is meant, None for the host itself
    :param expected_agent: refuse any other version of its agent; None takes every one
    """

    def __init__(  # noqa: PLR0913  (what a login needs)
        self,
        address: str,
        port: int,
        user: str,
        key_path: Union[str, Path],
        known_hosts_path: Union[str, Path],
        instance: Optional[str] = None,
        expected_agent: Optional[str] = None,
    ) -> None:
        self.instance = instance
        self.expected_agent = expected_agent
        self.argv = login.words(address, port, user, key_path, known_hosts_path)

    def call(self, verb: str, args: Optional[Dict[str, Any]] = None, deadline: float = 60) -> Dict[str, Any]:
        """Ask and return the result; data that comes with it is refused.

        :raise BackupError: see `stream`
        """
        return self.stream(verb, args, _refuse, deadline)

    def stream(  # noqa: PLR0913  (each limit is one of its own)
        self,
        verb: str,
        args: Optional[Dict[str, Any]],
        sink: Sink,
        deadline: float,
        stall: float = STALL_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> Dict[str, Any]:
        """Ask, hand every byte of data to `sink`, and return the result.

        :raise BackupError: `unreachable`, `timeout`, `connection_lost` (transient), `host_key_changed`, `auth_refused`
            (configuration), `bad_answer`, `too_large` (data), or what the other host answered
        """
        with Conversation(self, verb, args, deadline, stall, max_bytes) as talk:
            for piece in talk.data():
                sink(piece)
            return talk.finish()

    def converse(
        self,
        verb: str,
        args: Optional[Dict[str, Any]] = None,
        deadline: float = 3600,
        stall: float = STALL_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> "Conversation":
        """Ask, and keep the line open in both directions."""
        return Conversation(self, verb, args, deadline, stall, max_bytes)


class Conversation:
    """One request under way; a context manager. Leaving it early cuts the line, which the other side notices."""

    def __init__(  # noqa: PLR0913
        self, peer: Peer, verb: str, args: Optional[Dict[str, Any]], deadline: float, stall: float, max_bytes: int
    ) -> None:
        self.run = str(uuid.uuid4())
        self._reader = FrameReader(self.run, max_bytes)
        self._stall = stall
        self._document = bytearray()
        self._silent = True
        read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        with os.fdopen(read, "rb", 0) as stdin:
            self._program = Running(peer.argv, deadline + 10, stdin=stdin)
        self._limit = time.monotonic() + deadline
        self.say(_request(self.run, verb, args or {}, peer, deadline))

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close_input()
        self._program.kill()

    def say(self, line: Union[str, bytes]) -> None:
        """Send one line."""
        self.send((line.encode("utf-8") if isinstance(line, str) else line) + b"\n")

    def send(self, data: bytes) -> None:
        """Send bytes, however many. A side that takes none for the stall time is given up.

        :raise BackupError: `timeout`, or why the line was cut
        """
        view = memoryview(data)
        while view:
            _none, ready, _no = select.select([], [self._write], [], self._patience())
            if not ready:
                raise _timeout("takes nothing")
            try:
                view = view[os.write(self._write, view[:65536]) :]
            except OSError:
                raise self._refusal() from None

    def data(self) -> Iterator[bytes]:
        """Yield the data up to the end of the answer, as it arrives.

        :raise BackupError: see `Peer.stream`
        """
        while True:
            chunk = self._read()
            if not chunk:
                return
            for piece in self._reader.feed(chunk):
                yield piece

    def read_document(self, max_bytes: int = MAX_BYTES) -> Dict[str, Any]:
        """Return one JSON document out of the data: everything up to the next line end.

        :raise BackupError: see `Peer.stream`
        """
        while b"\n" not in self._document:
            chunk = self._read()
            if not chunk:
                raise self._judge()
            for piece in self._reader.feed(chunk):
                self._document += piece
            if len(self._document) > max_bytes:
                raise BackupError("too_large", "The host sends more than %d bytes." % max_bytes, "data")
        line, _end, rest = bytes(self._document).partition(b"\n")
        self._document = bytearray(rest)
        return _document(line)

    def finish(self, last_words: Optional[str] = None) -> Dict[str, Any]:
        """Say the last words, if any, wait for the end and return the result.

        :raise BackupError: see `Peer.stream`
        """
        if last_words is not None and self._reader.final is None:
            self.say(last_words)
        self.close_input()
        for piece in self.data():
            self._document += piece
            if len(self._document) > MAX_BYTES:
                raise BackupError("too_large", "The host goes on sending.", "data")
        if self._reader.final is None:
            raise self._judge()
        return self._reader.finish()

    def close_input(self) -> None:
        """Say nothing more."""
        if self._write >= 0:
            os.close(self._write)
            self._write = -1

    def is_open(self) -> bool:
        """Tell whether the other side still holds the line and has not answered."""
        return self._reader.final is None and self._program.process.poll() is None

    def _read(self) -> bytes:
        assert self._program.process.stdout is not None
        descriptor = self._program.process.stdout.fileno()
        ready, _write, _none = select.select([descriptor], [], [], self._patience())
        if not ready:
            raise _timeout("has been silent")
        chunk = os.read(descriptor, READ_BYTES)
        self._silent = self._silent and not chunk
        return chunk

    def _patience(self) -> float:
        left = self._limit - time.monotonic()
        if left <= 0:
            raise BackupError("timeout", "The other host did not answer within the deadline.", "transient")
        return min(left, self._stall)

    def _refusal(self) -> BackupError:
        """Return why the other side takes no more: what it still has to say, else why the line was cut."""
        self.close_input()
        try:
            for _piece in self.data():
                continue
        except BackupError as error:
            return error
        return self._judge()

    def _judge(self) -> BackupError:
        """Return why the line ended without an answer."""
        self.close_input()
        if self._reader.final and self._reader.final.error:
            return self._reader.final.error
        return judge(self._program.wait(patience=5).complaints, self._silent)


def judge(complaints: str, silent: bool) -> BackupError:
    """Return the error for a line that ended without an answer, by what ssh complained about.

    :param silent: whether not a byte came
    """
    text = complaints.lower()
    said = complaints.strip()[-500:]
    if "host key verification failed" in text or "identification has changed" in text or "host key for" in text:
        return BackupError(
            "host_key_changed", "The host has another key than the pinned one. Nothing was sent.", "configuration"
        )
    if silent and "permission denied" in text:
        return BackupError("auth_refused", "The host does not let our key in: %s" % said, "configuration")
    if silent and text:
        return BackupError("unreachable", "The host cannot be reached: %s" % said, "transient")
    return BackupError("connection_lost", "The line was cut before the answer had ended. %s" % said, "transient")


def _request(run: str, verb: str, args: Dict[str, Any], peer: Peer, deadline: float) -> bytes:
    request: Dict[str, Any] = {"protocol": 1, "run": run, "verb": verb, "instance": peer.instance, "args": args}
    request["deadline"] = max(1, int(deadline))
    if peer.expected_agent:
        request["agent"] = peer.expected_agent
    return json.dumps(request, separators=(",", ":")).encode("ascii")


def _document(line: bytes) -> Dict[str, Any]:
    try:
        document = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BackupError("bad_answer", "The host answered %r." % line[:80], "data")
    return document


def _timeout(what: str) -> BackupError:
    return BackupError("timeout", "The other host %s for too long." % what, "transient")


def _refuse(_data: bytes) -> None:
    raise BackupError("bad_answer", "The host sends data that nobody asked for.", "data")
