"""Brings a copy from the DR host to a host that is told to expect it, when the backup host cannot."""

import re
import shutil
from pathlib import Path
from typing import Any, Callable, Dict

from . import login
from .deliver import Delivery
from .dr_copies import Copies
from .errors import BackupError
from .peer import Peer

_RESTORE = re.compile(r"[0-9a-f]{8,64}\Z")
Progress = Callable[[int, int, str], None]


def deliver(copies: Copies, args: Dict[str, Any], progress: Progress) -> Dict[str, Any]:
    """Rebuild a copy, hashed, and deliver it.

    :param args: name, restore (the prepared order), target {address, port, user, host_keys, agent}, with_files
    :return: what the target answered, with the name and the dump's sha256
    :raise BackupError: `damaged`, or what the target or the line says
    """
    if not _RESTORE.match(args["restore"]):
        raise BackupError("argument_invalid", "This is no order of a restore.", "configuration")
    folder = copies.folder / "out" / args["restore"]
    try:
        peer = open_peer(copies, args["target"], folder, copies.folder / "key")
        progress(0, 3, "rebuilding")
        with copies.lock():
            rebuilt = copies.rebuild(args["name"], folder / "point")
        order = {"restore": args["restore"], "point": args["name"]}
        delivery = Delivery(peer, "restore.receive", order, progress)
        told = delivery.send(rebuilt.manifest, rebuilt.dump_path, rebuilt.filestore_path, args.get("with_files", True))
    finally:
        shutil.rmtree(str(folder), ignore_errors=True)
    return dict(told, name=args["name"], sha256=rebuilt.manifest["dump"]["sha256"])


def open_peer(copies: Copies, target: Dict[str, Any], folder: Path, key: Path) -> Peer:
    """Return another host's agent as Odoo describes it, its keys pinned for this occasion.

    :raise BackupError: `argument_invalid`
    """
    login.check_place(target.get("address"), target.get("port"), target.get("user"))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    login.write_known_hosts(folder / "known_hosts", target.get("host_keys") or [])
    place = (target["address"], target["port"], target["user"])
    return Peer(*place, key, folder / "known_hosts", expected_agent=target.get("agent"))
