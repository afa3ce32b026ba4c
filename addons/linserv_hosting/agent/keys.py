"""Which keys may speak to this agent, and in which role: the verbs with which Linserv connects its own hosts.

Linserv's own key reaches every verb already; what it can add here is a key that reaches fewer.
"""

import fcntl
import os
import re
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List

from .context import Context
from .errors import AgentError
from .registry import LINSERV, LOCAL

_ROLE = re.compile(r"[a-z]{1,20}\Z")
_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) ([A-Za-z0-9+/]+=*)( [A-Za-z0-9@._-]+)?\Z")
_PLAIN = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*)+\Z")


def authorize(context: Context, args: Dict[str, Any]) -> Dict[str, Any]:
    """Let a public key speak to the agent in a role; the same key in another role is moved to it.

    :raise AgentError: `argument_invalid`
    """
    blob, role = _blob(args), args.get("role", "")
    if not _ROLE.match(role) or role in (LINSERV, LOCAL):
        raise AgentError("argument_invalid", "A key is given a role of its own.")
    line = 'restrict,command="%s --role %s" %s' % (_command(context), role, args["public_key"])
    return {"keys": _rewrite(context.config.authorized_keys, lambda lines: [*_without(lines, blob), line])}


def revoke(context: Context, args: Dict[str, Any]) -> Dict[str, Any]:
    """Take a key's access away; nothing happens when it has none. Linserv's own key stays.

    :raise AgentError: `argument_invalid`
    """
    blob = _blob(args)
    return {"keys": _rewrite(context.config.authorized_keys, lambda lines: _without(lines, blob))}


def _command(context: Context) -> str:
    paths = [os.path.abspath(sys.argv[0]), context.config.path]
    if not all(_PLAIN.match(path) for path in paths):
        raise AgentError("config_invalid", "The agent lies under a path that cannot stand in authorized_keys.")
    return "/usr/bin/python3 -I %s --config %s" % (paths[0], paths[1])


def _blob(args: Dict[str, Any]) -> str:
    match = _KEY.match(args.get("public_key", ""))
    if not match:
        raise AgentError("argument_invalid", "This is no public key of SSH.")
    return match.group(3)


def _without(lines: List[str], blob: str) -> List[str]:
    """Return the lines without those that give this key a role."""
    return [line for line in lines if not (blob in line.split() and "--role " in line)]


def _rewrite(path: Path, change: Callable[[List[str]], List[str]]) -> int:
    """Change the file in one step, one writer at a time; return how many keys it has."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(str(path) + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lines = path.read_text().splitlines() if path.exists() else []
        changed = change(lines)
        if changed != lines:
            draft = path.with_name(path.name + ".new")
            stream = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(stream, "w") as target:
                target.write("\n".join(changed) + "\n")
                target.flush()
                os.fsync(target.fileno())
            os.replace(str(draft), str(path))
    return sum(1 for line in changed if line.strip() and not line.startswith("#"))


authorize.args = {"public_key": str, "role": str}  # type: ignore[attr-defined]
revoke.args = {"public_key": str}  # type: ignore[attr-defined]
