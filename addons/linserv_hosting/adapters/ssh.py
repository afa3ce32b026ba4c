"""SSH to the hosts. The only file that knows paramiko.

A host is spoken to under its pinned keys only: the key exchange shows the host's key, and unless it is one of them the
line is closed before a login, let alone a request, is sent. Every line has a watchdog of its own: at the deadline the
socket is closed under whatever call may hang.
"""

import base64
import io
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar

import paramiko

from ..domain import host_keys, protocol
from ..domain.host_keys import HostKey
from .endpoint import Answer, Endpoint
from .errors import FatalHostError, HostError, RetryableHostError, host_error

__all__ = ["Answer", "Endpoint", "Line", "execute", "open_line", "scan_host_keys"]

CONNECT_SECONDS = 5.0
HANDSHAKE_SECONDS = 10.0
AUTH_SECONDS = 10.0
CHUNK_BYTES = 32768
MAX_STDERR_BYTES = 4096
AGENT_COMMAND = "linserv-agent"
# The exit statuses of a shell or an interpreter that found no agent to run.
NO_AGENT_STATUSES = (2, 126, 127)

_ALGORITHMS = {
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
SCANNED = (("ssh-ed25519",), ("ecdsa-sha2-nistp256",), ("rsa-sha2-512", "rsa-sha2-256"))
_logger = logging.getLogger(__name__)
_LOG = "linserv.paramiko"
logging.getLogger(_LOG).setLevel(logging.CRITICAL)  # what fails is told once, by the run

AnyLine = TypeVar("AnyLine", bound="Line")
OnProgress = Callable[[protocol.Progress], None]


class Line:
    """One SSH connection: checked, logged in, and closed at its deadline whatever happens.

    :raise HostError: from every method; the class and code say what to do
    """

    def __init__(self, address: str, port: int, deadline_seconds: float) -> None:
        self._started = time.monotonic()
        self._deadline_seconds = deadline_seconds
        self._expired = False
        self._socket = _connect(address, port, min(CONNECT_SECONDS, deadline_seconds))
        self.transport = paramiko.Transport(self._socket)
        self.transport.set_log_channel(_LOG)
        self._watchdog = threading.Timer(self._left, self._expire)
        self._watchdog.daemon = True
        self._watchdog.start()

    def __enter__(self: AnyLine) -> AnyLine:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._watchdog.cancel()
        self._hang_up()

    @property
    def seconds(self) -> float:
        """How long the line has existed."""
        return time.monotonic() - self._started

    @property
    def _left(self) -> float:
        return max(self._deadline_seconds - self.seconds, 0.01)

    def shake_hands(self, algorithms: tuple[str, ...]) -> HostKey:
        """Exchange keys and return the key that the host has proved to hold. Nothing else is sent."""
        with self.errors():
            if algorithms:
                self.transport.get_security_options().key_types = algorithms
            self.transport.banner_timeout = 2 * HANDSHAKE_SECONDS  # the wait below ends first and knows why
            done = threading.Event()
            self.transport.start_client(event=done)
            if not done.wait(min(HANDSHAKE_SECONDS, self._left)):
                raise RetryableHostError("timeout", "The host accepted the connection and says nothing.")
            if not self.transport.is_active():
                raise self.transport.get_exception() or EOFError()
            key = self.transport.get_remote_server_key()
            return HostKey(key.get_name(), base64.b64encode(key.asbytes()).decode())

    def check_host(self, pinned: tuple[HostKey, ...]) -> None:
        """Shake hands and accept a pinned key only.

        :raise FatalHostError: `host_key_unknown` (nothing is pinned, nothing was sent) or `host_key_changed`
        """
        if not pinned:
            raise FatalHostError("host_key_unknown", "No key of this host is pinned.")
        algorithms: list[str] = []
        for key in pinned:
            algorithms.extend(_ALGORITHMS.get(key.algorithm, (key.algorithm,)))
        try:
            offered = self.shake_hands(tuple(algorithms))
        except FatalHostError as error:
            if error.code != "no_common_algorithm":
                raise
            raise FatalHostError("host_key_changed", "The host no longer offers a key of the pinned kind.") from error
        verdict = host_keys.verdict(pinned, offered)
        if verdict != "ok":
            raise FatalHostError(verdict, f"The host shows {offered.algorithm} {offered.fingerprint}.")

    def log_in(self, user: str, private_key_pem: str) -> None:
        """Log in with a key; refused once is refused for good."""
        key = _load_key(private_key_pem)
        with self.errors():
            self.transport.auth_timeout = AUTH_SECONDS
            self.transport.auth_publickey(user, key)

    def call(
        self,
        request: dict[str, Any],
        max_answer_bytes: int = protocol.MAX_ANSWER_BYTES,
        on_progress: Optional[OnProgress] = None,
    ) -> Answer:
        """Send a request to the agent and return its result.

        :raise HostError: the agent's own error, or what happened to the line or the answer
        """
        reader = protocol.AnswerReader(request["run"], max_answer_bytes)
        with self.errors():
            channel = self.open_channel()
            channel.exec_command(AGENT_COMMAND)
            _send(channel, protocol.encode(request))
            self._read_answer(channel, reader, on_progress)
            channel.close()
        final = reader.final
        if final is None:
            raise RetryableHostError("connection_lost", "The answer has no end.")
        if final.error is not None:
            raise host_error(agent=final.agent, **final.error)
        return Answer(final.result or {}, reader.bytes_received, self.seconds, final.agent)

    def open_channel(self) -> Any:
        """Open a session that ends with the line's deadline."""
        channel = self.transport.open_session(timeout=self._left)
        channel.settimeout(self._left)
        return channel

    def _read_answer(self, channel: Any, reader: protocol.AnswerReader, on_progress: Optional[OnProgress]) -> None:
        while reader.final is None:
            chunk = channel.recv(CHUNK_BYTES)
            if not chunk:
                raise _no_answer(channel, reader)
            for progress in reader.feed(chunk):
                if on_progress:
                    on_progress(progress)

    def _expire(self) -> None:
        self._expired = True
        self._hang_up()

    def _hang_up(self) -> None:
        """Close the socket first: whatever waits for it wakes up, and closing the transport cannot hang."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.transport.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what paramiko, the socket and the reader raise into the errors of this suite."""
        try:
            yield
        except HostError as error:
            if self._expired:
                raise self._timeout() from error
            raise
        except protocol.ProtocolError as error:
            raise FatalHostError(error.code, str(error)) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            if self._expired:
                raise self._timeout() from error
            raise _translate(error) from error

    def _timeout(self) -> HostError:
        return RetryableHostError("timeout", f"No answer within {self._deadline_seconds:.0f} s.")


def _send(channel: Any, data: bytes) -> None:
    """Send a request. A program that ended without reading it has closed the channel: what it said decides."""
    try:
        channel.sendall(data)
        channel.shutdown_write()
    except socket.timeout:
        raise
    except OSError:
        _logger.debug("The program on the host ended before the request was sent.")


def execute(
    endpoint: Endpoint,
    request: dict[str, Any],
    deadline_seconds: float,
    max_answer_bytes: int = protocol.MAX_ANSWER_BYTES,
    on_progress: Optional[OnProgress] = None,
) -> Answer:
    """Make one call to a host's agent.

    :raise HostError: see `adapters/errors.py`
    """
    with open_line(endpoint, deadline_seconds) as line:
        return line.call(request, max_answer_bytes, on_progress)


@contextmanager
def open_line(endpoint: Endpoint, deadline_seconds: float) -> Iterator[Line]:
    """Connect, check the host, log in; the line may carry several calls."""
    if not endpoint.host_keys:
        raise FatalHostError("host_key_unknown", "No key of this host is pinned.")
    with Line(endpoint.address, endpoint.port, deadline_seconds) as line:
        line.check_host(endpoint.host_keys)
        line.log_in(endpoint.user, endpoint.private_key_pem)
        yield line


def scan_host_keys(address: str, port: int, deadline_seconds: float = 20.0) -> list[HostKey]:
    """Return the keys that a host shows, one of each kind it has. Nobody logs in.

    :raise HostError: the host cannot be reached, or speaks no SSH
    """
    found: list[HostKey] = []
    for algorithms in SCANNED:
        with Line(address, port, deadline_seconds) as line:
            try:
                key = line.shake_hands(algorithms)
            except FatalHostError as error:
                if error.code == "no_common_algorithm":
                    continue
                raise
            if key not in found:
                found.append(key)
    return found


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    try:
        return socket.create_connection((address, port), timeout=seconds)
    except (OSError, UnicodeError) as error:
        raise RetryableHostError("unreachable", f"{address} port {port}: {error}") from error


def _load_key(pem: str) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(pem))
        except (paramiko.SSHException, ValueError):
            continue
    raise FatalHostError("key_unusable", "The login key is no unencrypted private key.")


def _no_answer(channel: Any, reader: protocol.AnswerReader) -> HostError:
    status = channel.recv_exit_status()
    said = read_stderr(channel).decode("utf-8", "replace").strip()
    if not reader.bytes_received and status in NO_AGENT_STATUSES:
        return FatalHostError("agent_missing", said or "The host has no agent.")
    return RetryableHostError("connection_lost", said or f"The agent ended with {status} before its answer was whole.")


def read_stderr(channel: Any) -> bytes:
    """Return the first of what a session said on its error stream."""
    return bytes(channel.recv_stderr(MAX_STDERR_BYTES)) if channel.recv_stderr_ready() else b""


def _translate(error: BaseException) -> HostError:
    text = str(error) or type(error).__name__
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return FatalHostError("no_common_algorithm", text)
    if isinstance(error, paramiko.AuthenticationException):
        return _translate_refusal(error, text)
    if isinstance(error, socket.timeout):
        return RetryableHostError("timeout", "The host stopped talking.")
    if "Indecipherable protocol version" in text:
        return FatalHostError("bad_answer", "What listens there is no SSH server.")
    return RetryableHostError("connection_lost", text)


def _translate_refusal(error: paramiko.AuthenticationException, text: str) -> HostError:
    """Only a clear refusal is final: paramiko calls a silent or broken line an authentication failure too."""
    if "timeout" in text.lower():
        return RetryableHostError("timeout", "The host did not answer the login.")
    if "EOF" in text or "shut down" in text:
        return RetryableHostError("connection_lost", text)
    return FatalHostError("auth_refused", text)
