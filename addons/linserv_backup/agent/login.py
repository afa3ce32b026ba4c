"""How this host logs in to another one: the words of ssh, and the pinned host keys."""

import os
import re
from pathlib import Path
from typing import Any, List, Sequence, Union

from .errors import BackupError

SSH = "/usr/bin/ssh"
ALIAS = "linserv-peer"
_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,254}\Z")
_USER = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\Z")
_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*\Z")
_OPTIONS = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "StrictHostKeyChecking=yes",
    "CheckHostIP=no",
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "PreferredAuthentications=publickey",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "PermitLocalCommand=no",
    "ControlMaster=no",
    "ControlPath=none",
    "ConnectTimeout=5",
    "ConnectionAttempts=1",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "LogLevel=ERROR",
    "Compression=no",
]
File = Union[str, Path]


def words(address: str, port: int, user: str, key_path: File, known_hosts_path: File) -> List[str]:
    """Return the words of ssh: our own key and the pinned host keys, nothing of the account's configuration.

    :raise BackupError: `argument_invalid`
    """
    check_place(address, port, user)
    options = [*_OPTIONS, "HostKeyAlias=" + ALIAS, "UserKnownHostsFile=%s" % known_hosts_path]
    told = [word for option in options for word in ("-o", option)]
    return [SSH, "-T", "-F", "/dev/null", *told, "-i", str(key_path), "-p", str(port), "-l", user, "--", address]


def check_place(address: Any, port: Any, user: Any) -> None:
    """Check that the parts of a login are what they seem, before they become words of a command.

    :raise BackupError: `argument_invalid`
    """
    fits = isinstance(address, str) and _ADDRESS.match(address) and isinstance(user, str) and _USER.match(user)
    if not fits or type(port) is not int or not 0 < port < 65536:
        raise BackupError("argument_invalid", "This is no place to log in to.", "configuration")


def write_known_hosts(path: Path, host_keys: Sequence[str]) -> None:
    """Pin the keys (`algorithm base64`) of the one host that the file is for.

    :raise BackupError: `argument_invalid`
    """
    if not host_keys or not all(isinstance(key, str) and _KEY.match(key) for key in host_keys):
        raise BackupError("argument_invalid", "These are no host keys.", "configuration")
    text = "".join("%s %s\n" % (ALIAS, key) for key in host_keys)
    draft = path.with_name(path.name + ".new")
    draft.write_text(text)
    os.replace(str(draft), str(path))
