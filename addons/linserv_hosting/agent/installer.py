"""Sets the agent up on a host: archive, configuration, state folder, account and authorized key. Twice changes nothing.

Runs once, under an administrator's login; everything it is told comes as one JSON document on stdin.
"""

import json
import os
import pwd
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from .errors import AgentError
from .protocol import error_dict

USERADD = "/usr/sbin/useradd"
_PATH = re.compile(r"(/[A-Za-z0-9][A-Za-z0-9._-]*)+\Z")
_LOGIN = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")
_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*( [A-Za-z0-9@._-]+)?\Z")


class Order(NamedTuple):
    """What to set up. `authorized_keys` None means the account's own file."""

    user: str
    public_key: str
    agent: Path
    config: Path
    state_directory: Path
    authorized_keys: Optional[Path]
    skeleton: Dict[str, Any]


def main() -> int:
    """Read the order, carry it out, answer one JSON line."""
    try:
        report = install(parse_order(sys.stdin.buffer.read()), Path(sys.argv[0]).read_bytes())
        answer = {"result": report}
    except Exception as error:  # noqa: BLE001  (the administrator sees the reason on the screen)
        answer = {"error": error_dict(error)}
    print(json.dumps(answer))
    return 0 if "result" in answer else 1


def parse_order(data: bytes) -> Order:
    """Read the order; names, keys and paths have narrow forms, as they end up in authorized_keys.

    :raise AgentError: `order_malformed`
    """
    document = json.loads(data.splitlines()[-1].decode("utf-8"))  # sudo may have left its password line unread
    paths = [document["agent"], document["config"], document["state_directory"]]
    if document.get("authorized_keys"):
        paths.append(document["authorized_keys"])
    well_formed = (
        _LOGIN.match(document["user"])
        and _KEY.match(document["public_key"])
        and all(_PATH.match(path) and "/../" not in path for path in paths)
        and isinstance(document["skeleton"], dict)
    )
    if not well_formed:
        raise AgentError("order_malformed", "An account, key or path of the order has the wrong form.")
    agent, config, state_directory = map(Path, paths[:3])
    keys = Path(paths[3]) if len(paths) == 4 else None
    user, public_key = document["user"], document["public_key"]
    return Order(user, public_key, agent, config, state_directory, keys, document["skeleton"])


def install(order: Order, archive: bytes) -> Dict[str, List[str]]:
    """Bring the host into the ordered state; return what was changed and what was kept."""
    report: Dict[str, List[str]] = {"changed": [], "kept": []}
    account = _ensure_account(order, report)
    _ensure_folder(order.state_directory, 0o700, account, report)
    _ensure_file(order.agent, archive, 0o755, None, report)
    if order.config.exists():
        report["kept"].append(str(order.config))
    else:
        text = json.dumps(order.skeleton, indent=2, sort_keys=True) + "\n"
        _ensure_file(order.config, text.encode(), 0o644, None, report)
    _ensure_key(order, account, report)
    return report


def authorized_line(order: Order) -> str:
    """Return the line that lets the key do nothing but speak to the agent."""
    command = "/usr/bin/python3 -I %s --config %s" % (order.agent, order.config)
    return 'restrict,command="%s" %s' % (command, order.public_key)


def merged_keys(present: str, line: str) -> str:
    """Return authorized_keys with `line` in it once; every other key stays."""
    blob = next(word for word in line.split() if word.startswith("AAAA"))
    others = [other for other in present.splitlines() if blob not in other.split()]
    return "\n".join(others + [line]) + "\n"


def _ensure_account(order: Order, report: Dict[str, List[str]]) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(order.user)
    except KeyError:
        if os.geteuid() != 0:
            raise AgentError("not_root", "Only root can make the account on the host.") from None
    home = str(order.state_directory)
    # "*" fits no password, and unlike the "!" of a locked account it lets sshd without PAM accept the key.
    command = [USERADD, "--system", "--password", "*", "--home-dir", home, "--shell", "/bin/sh", "--", order.user]
    done = subprocess.run(  # noqa: S603  (a list, and the name was checked)
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, check=False
    )
    if done.returncode:
        raise AgentError("account_failed", done.stderr.decode(errors="replace"))
    report["changed"].append(order.user)
    return pwd.getpwnam(order.user)


def _ensure_folder(path: Path, mode: int, owner: Optional[pwd.struct_passwd], report: Dict[str, List[str]]) -> None:
    if path.is_symlink():
        raise AgentError("unsafe_path", "%s is a link; nothing was written there." % path)
    if path.is_dir():
        report["kept"].append(str(path))
    else:
        path.mkdir(mode=mode, parents=True)
        report["changed"].append(str(path))
    _hand_over(path, owner)


def _ensure_file(
    path: Path, data: bytes, mode: int, owner: Optional[pwd.struct_passwd], report: Dict[str, List[str]]
) -> None:
    if path.is_file() and path.read_bytes() == data:
        report["kept"].append(str(path))
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    if os.path.lexists(str(draft)):
        draft.unlink()
    # Never through a link that the account may have laid in its own folder: root writes here.
    stream = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(stream, "wb") as target:
        target.write(data)
    draft.chmod(mode)
    _hand_over(draft, owner)
    os.replace(str(draft), str(path))
    report["changed"].append(str(path))


def _ensure_key(order: Order, account: pwd.struct_passwd, report: Dict[str, List[str]]) -> None:
    path = order.authorized_keys or Path(account.pw_dir, ".ssh", "authorized_keys")
    _ensure_folder(path.parent, 0o700, account, report)
    present = path.read_text() if path.is_file() else ""
    _ensure_file(path, merged_keys(present, authorized_line(order)).encode(), 0o600, account, report)


def _hand_over(path: Path, owner: Optional[pwd.struct_passwd]) -> None:
    if owner is not None and os.geteuid() == 0:
        os.chown(str(path), owner.pw_uid, owner.pw_gid, follow_symlinks=False)
