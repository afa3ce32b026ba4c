"""Gives a damaged backup repository back what the DR host has of it.

The backup host has no way in here: this host pushes, over a key pair made for nothing else, which Odoo lets in on the
backup host for the occasion (role `heal`) and takes back afterwards.
"""

import shutil
from pathlib import Path
from typing import Any, Callable, Dict, List

from .deliver import Delivery
from .dr_copies import Copies
from .dr_deliver import open_peer
from .dr_enroll import make_key
from .errors import BackupError
from .peer import Peer

KEY = "key_heal"
DEADLINE = 6 * 3600
Progress = Callable[[int, int, str], None]


def offer(copies: Copies) -> Dict[str, Any]:
    """Return the public half of the key that heals; and which points of the backup host there are copies of."""
    public_key = make_key(copies.folder / KEY) if copies.settings else ""
    proved = [point for point in copies.points() if point.state == "proved"]
    return {"public_key": public_key, "sources": {point.name: source_name(copies, point.name) for point in proved}}


def source_name(copies: Copies, name: str) -> str:
    """Return the name that a copy's point had on the backup host."""
    return str(copies.manifest(copies.find(name))["source"]["name"])


def heal(copies: Copies, names: List[str], target: Dict[str, Any], progress: Progress) -> Dict[str, Any]:
    """Push copies to the backup host, under the names that their points had there; one after the other.

    A point that is there and whole already is not pushed again, so this may be asked twice.

    :param names: of copies
    :param target: the backup host: address, port, user, host_keys, agent
    :return: healed: [{name, copy, sha256}]
    :raise BackupError: `damaged` (of our copy), or what the backup host or the line says
    """
    healed: List[Dict[str, str]] = []
    folder = copies.folder / "out" / "heal"
    try:
        with copies.lock():
            peer = open_peer(copies, target, folder, copies.folder / KEY)
            for index, name in enumerate(names):
                progress(index, len(names), name)
                healed.append(_push(copies, name, peer, folder / "point"))
    finally:
        shutil.rmtree(str(folder), ignore_errors=True)
    return {"healed": healed}


def _push(copies: Copies, name: str, peer: Peer, folder: Path) -> Dict[str, str]:
    rebuilt = copies.rebuild(name, folder)
    manifest = restored_manifest(rebuilt.manifest)
    source = manifest["name"]
    args = {"repository": copies.name, "name": source}
    delivery = Delivery(peer, "repo.heal", args, _silent)
    told = delivery.send(manifest, rebuilt.dump_path, rebuilt.filestore_path, True)
    shutil.rmtree(str(folder))
    sha256 = str(rebuilt.manifest["dump"]["sha256"])
    if told.get("sha256") != sha256:
        raise BackupError("bad_answer", "The backup host did not take %s as it was." % source, "data")
    return {"name": source, "copy": name, "sha256": sha256}


def restored_manifest(manifest: Dict[str, Any]) -> Dict[str, Any]:
    """Return the manifest of the point that a copy was made of: whole now, and telling where it came back from."""
    source = manifest["source"]
    known = {key: value for key, value in manifest.items() if key not in ("source", "payload", "pulled_at")}
    healed = {"copy": manifest["name"], "generation": source.get("generation"), "form": source.get("form")}
    return dict(known, name=source["name"], slot=source["slot"], kind="db", form="whole", healed=healed)


def _silent(_done: int, _total: int, _text: str) -> None:
    return
