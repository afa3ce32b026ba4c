"""The first visit to a host: an administrator's one-time login sets the agent up.

Every command is a constant; names, paths and keys travel as one JSON document on stdin.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Optional

from ..domain.host_keys import HostKey
from .errors import FatalHostError, host_error
from .ssh import Line

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
    with Line(address, port, DEADLINE_SECONDS) as line:
        line.check_host(host_keys)
        _log_in(line, credential)
        line.upload(REMOTE_NAME, archive, 0o600)
        try:
            return _run_installer(line, credential, order)
        finally:
            line.remove(REMOTE_NAME)


def _log_in(line: Line, credential: Credential) -> None:
    if credential.private_key_pem:
        line.log_in(credential.user, credential.private_key_pem)
    elif credential.password:
        line.log_in_with_password(credential.user, credential.password)
    else:
        raise FatalHostError("auth_refused", "No password and no key was given.")


def _run_installer(line: Line, credential: Credential, order: Order) -> Report:
    document = json.dumps(order.__dict__).encode() + b"\n"
    with_sudo = credential.user != "root" and credential.password is not None
    command = COMMAND_WITH_SUDO if with_sudo else COMMAND
    first = (credential.password or "").encode() + b"\n" if with_sudo else b""
    status, output, said = line.run_script(command, first + document)
    try:
        answer = json.loads(output.splitlines()[-1])
    except (ValueError, IndexError):
        message = said.decode("utf-8", "replace").strip() or f"exit status {status}"
        raise FatalHostError("install_failed", message) from None
    if "error" in answer:
        error = answer["error"]
        raise host_error(str(error["code"]), str(error["message"]), False)
    return Report(list(answer["result"]["changed"]), list(answer["result"]["kept"]))
