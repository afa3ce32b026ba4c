"""The first visit to a host: an administrator's one-time login sets the agent up.

Every command is a constant; names, paths and keys travel as one JSON document on stdin.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Optional

from ..domain.host_keys import HostKey
from ..domain.protocol import storable
from .errors import FatalHostError, RetryableHostError, host_error
from .ssh import AUTH_SECONDS, CHUNK_BYTES, Line, read_stderr

REMOTE_NAME = ".linserv-agent.pyz"
COMMAND = "/usr/bin/python3 -I .linserv-agent.pyz install"
COMMAND_WITH_SUDO = "sudo -S -k -p '' " + COMMAND
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Credential:
    """An administrator's login for one visit: a password or a private key. It never shows in a repr."""

    user: str
    password: Optional[str] = field(default=None, repr=False)
    private_key_pem: Optional[str] = field(default=None, repr=False)


class Visit(Line):
    """A line that an administrator logs in on: it may also carry files and fixed commands."""

    def log_in_with_password(self, user: str, password: str) -> None:
        """Log in with a password; for the first visit only."""
        with self.errors():
            self.transport.auth_timeout = AUTH_SECONDS
            self.transport.auth_password(user, password, fallback=False)

    def run_script(self, command: str, data: bytes, limit: int = 65536) -> tuple[int, bytes, bytes]:
        """Run a fixed command with `data` on its stdin; return exit status, stdout and stderr (both limited)."""
        with self.errors():
            channel = self.open_channel()
            channel.exec_command(command)
            channel.sendall(data)
            channel.shutdown_write()
            output = b""
            while len(output) < limit:
                chunk = channel.recv(CHUNK_BYTES)
                if not chunk:
                    break
                output += chunk
            return channel.recv_exit_status(), output[:limit], read_stderr(channel)

    def upload(self, name: str, data: bytes, mode: int) -> None:
        """Write a file over SFTP, relative to the account's home."""
        with self.errors():
            client = self.transport.open_sftp_client()
            if client is None:
                raise RetryableHostError("connection_lost", "The host gives no file transfer.")
            with client, client.open(name, "wb") as stream:
                client.chmod(name, mode)
                stream.write(data)

    def remove(self, name: str) -> None:
        """Remove a file over SFTP; one that is gone already is fine."""
        with self.errors():
            client = self.transport.open_sftp_client()
            if client is not None:
                with client:
                    try:
                        client.remove(name)
                    except FileNotFoundError:
                        return


@dataclass(frozen=True)
class Order:
    """What to set up on the host; `skeleton` becomes agent.json unless there is one."""

    user: str
    public_key: str
    skeleton: dict[str, Any]
    agent: str = "/opt/linserv/agent.pyz"
    config: str = "/etc/linserv/agent.json"
    state_directory: str = "/var/lib/linserv"
    authorized_keys: Optional[str] = None


@dataclass(frozen=True)
class Report:
    """What the visit changed on the host and what it found as ordered."""

    changed: list[str]
    kept: list[str]


def install_agent(
    address: str, port: int, host_keys: tuple[HostKey, ...], credential: Credential, order: Order, archive: bytes
) -> Report:
    """Set the agent up; a second time changes nothing.

    :raise HostError: the line, the login, or what the installer on the host says
    """
    with Visit(address, port, DEADLINE_SECONDS) as line:
        line.check_host(host_keys)
        _log_in(line, credential)
        line.upload(REMOTE_NAME, archive, 0o600)
        try:
            return _run_installer(line, credential, order)
        finally:
            line.remove(REMOTE_NAME)


def _log_in(line: Visit, credential: Credential) -> None:
    if credential.private_key_pem:
        line.log_in(credential.user, credential.private_key_pem)
    elif credential.password:
        line.log_in_with_password(credential.user, credential.password)
    else:
        raise FatalHostError("auth_refused", "No password and no key was given.")


def _run_installer(line: Visit, credential: Credential, order: Order) -> Report:
    document = json.dumps(order.__dict__).encode() + b"\n"
    with_sudo = credential.user != "root" and credential.password is not None
    command = COMMAND_WITH_SUDO if with_sudo else COMMAND
    first = (credential.password or "").encode() + b"\n" if with_sudo else b""
    status, output, said = line.run_script(command, first + document)
    try:
        return _read_report(json.loads(output.splitlines()[-1]))
    except (ValueError, LookupError, TypeError, RecursionError):
        message = said.decode("utf-8", "replace").strip() or f"exit status {status}"
        raise FatalHostError("install_failed", storable(message)) from None


def _read_report(answer: Any) -> Report:
    """Read what the installer answered.

    :raise HostError: the error that it answered
    :raise ValueError, LookupError, TypeError: no answer of an installer
    """
    if "error" in answer:
        error = answer["error"]
        raise host_error(storable(str(error["code"])), storable(str(error["message"])), False)
    changed, kept = ([storable(str(name)) for name in answer["result"][part]] for part in ("changed", "kept"))
    return Report(changed, kept)
