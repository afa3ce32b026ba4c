"""Makes a repository of copies on a DR host, with a key of its own that only reads on the backup host."""

from pathlib import Path
from typing import Any, Dict

from . import login
from .dr_copies import Copies
from .dr_json import read_json, write_json
from .engine import run_engine
from .errors import BackupError

KEYGEN = "/usr/bin/ssh-keygen"
MAX_DAYS = 3650


def enroll(section: Dict[str, Any], name: str, source: Dict[str, Any], days: int) -> Dict[str, Any]:
    """Make the repository, or bring its settings up to date; what it holds stays.

    :param source: the backup host: address, port, user, host_keys, agent
    :param days: how many days a copy is kept
    :return: public_key, created, generation
    :raise BackupError: `argument_invalid`, or what the disk and restic say
    """
    copies = Copies(section, name)
    if not 1 <= days <= MAX_DAYS:
        raise BackupError("argument_invalid", "Copies are kept for 1 to %d days." % MAX_DAYS, "configuration")
    login.check_place(source.get("address"), source.get("port"), source.get("user"))
    copies.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    login.write_known_hosts(copies.folder / "known_hosts", source.get("host_keys") or [])
    created = not copies.generations
    if created:
        copies.renew()
    kept = {key: source.get(key) for key in ("address", "port", "user", "agent")}
    before = read_json(copies.folder / "settings.json") or {}
    write_json(copies.folder / "settings.json", dict(before, repository=name, source=kept, days=days))
    public_key = make_key(copies.folder / "key")
    return {"public_key": public_key, "created": created, "generation": copies.generations[-1]}


def make_key(path: Path) -> str:
    """Return the public half of a key pair; it is made when there is none."""
    public = path.with_name(path.name + ".pub")
    if not (path.exists() and public.exists()):
        for half in (path, public):
            if half.exists():
                half.unlink()
        run_engine([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-C", "linserv-dr", "-f", path], 60)
    return " ".join(public.read_text().split()[:2])
