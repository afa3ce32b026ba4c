"""What Odoo has ordered to be restored to this host: one folder each, and how far it has come.

`<staging>/<restore>/` holds `order.json` (what was ordered, written once), `state.json` (how far it is), `lock`,
and what has arrived. The database is worked on under a name that no Odoo knows, owned by a role whose databases Odoo
does not list, closed to everybody else. Its comment names the restore: nothing else is ever renamed or dropped.
"""

import fcntl
import os
import re
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

from . import restore_files as files
from .errors import BackupError
from .restore_place import Place, find_place, is_database_name, name, quote

STATES = ("prepared", "received", "loaded", "neutralised", "published")
KINDS = ("test_copy", "same", "other")
ROOM = 3  # the dump itself, the database made of it, and its indexes
_ID = re.compile(r"[0-9a-f]{32}\Z")
_SHA = re.compile(r"[0-9a-f]{64}\Z")


class Restore:
    """One ordered restore on this host."""

    def __init__(self, place: Place, restore: str) -> None:
        self.place = place
        self.id = restore
        self.folder = place.staging / restore
        self.order: Dict[str, Any] = files.read_json(self.folder / "order.json") or {}
        self.state: Dict[str, Any] = files.read_json(self.folder / "state.json") or {}

    @property
    def database(self) -> str:
        """The name under which people will see it."""
        return str(self.order["database"])

    @property
    def hidden(self) -> str:
        """The name of the database while it is made."""
        return "linserv_restore_%s" % self.id

    @property
    def dump(self) -> Path:
        """The dump that has arrived."""
        return self.folder / "dump"

    @property
    def files(self) -> Path:
        """The filestore while it is made: beside the others, so that it comes into place in one step."""
        return self.place.filestore / (".linserv-%s" % self.id)

    @property
    def comment(self) -> str:
        """What PostgreSQL keeps as the database's comment."""
        return "linserv restore %s" % self.id

    @property
    def step(self) -> str:
        """How far it has come: one of STATES."""
        return str(self.state.get("state", "prepared"))

    def has_come_to(self, step: str) -> bool:
        """Tell whether a step is behind us."""
        return STATES.index(self.step) >= STATES.index(step)

    def note(self, **fields: Any) -> None:
        """Write down how far it is, in one step."""
        self.state.update(fields, updated=int(time.time()))
        files.write_json(self.folder / "state.json", self.state)

    def check_time(self) -> None:
        """:raise BackupError: `restore_expired`"""
        if time.time() > float(self.order["expires"]):
            raise BackupError("restore_expired", "The time of this restore has passed.", "configuration")

    def find_database(self) -> Optional[str]:
        """Return the name that the restore's database has now; None when there is none."""
        found = [base for base, facts in self.place.databases().items() if facts["comment"] == self.comment]
        return found[0] if found else None

    def told(self) -> Dict[str, Any]:
        """Return what Odoo is told of it."""
        kept = {key: self.state[key] for key in ("bytes", "files", "published") if key in self.state}
        return {"restore": self.id, "database": self.database, "state": self.step, **kept}


def open_restore(context: Any, restore: Any) -> Restore:
    """Return a restore that was ordered.

    :raise BackupError: `argument_invalid` or `not_prepared`
    """
    if not isinstance(restore, str) or not _ID.match(restore):
        raise BackupError("argument_invalid", "This is no identifier of a restore.", "configuration")
    found = Restore(find_place(context, None), restore)
    instance = found.order.get("instance")
    if instance:
        found = Restore(find_place(context, instance), restore)
    if not found.order:
        raise BackupError("not_prepared", "Nobody has ordered this restore on this host.", "configuration")
    return found


@contextmanager
def working_on(context: Any, restore: Any) -> Iterator[Restore]:
    """Open a restore for one worker at a time.

    :raise BackupError: `busy`, or what `open_restore` raises
    """
    found = open_restore(context, restore)
    with locked(found.folder):
        yield open_restore(context, restore)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; the kernel lets go of it when the process dies.

    :raise BackupError: `busy`
    """
    descriptor = os.open(str(folder / "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackupError("busy", "Something works on this restore already.", "transient") from None
        yield
    finally:
        os.close(descriptor)


def prepare(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Take an order: what is going to be delivered, and under which name people will see it. Twice is once.

    :raise BackupError: `argument_invalid`, `database_exists`, `order_changed`, `disk_full`
    """
    order = _checked(context, args)
    found = Restore(find_place(context, order["instance"]), order["restore"])
    if found.order:
        if any(found.order[key] != order[key] for key in ("database", "kind", "sha256")):
            raise BackupError("order_changed", "Another restore was ordered under this identifier.", "configuration")
        return found.told()
    _check_free(found, order)
    found.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write_json(found.folder / "order.json", order)
    return Restore(found.place, found.id).told()


def _checked(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    expected = args.get("expected") or {}
    order = {
        "restore": args.get("restore"),
        "database": args.get("database"),
        "kind": args.get("kind", "test_copy"),
        "instance": context.instance_name,
        "sha256": expected.get("sha256"),
        "bytes": expected.get("bytes"),
        "files_bytes": expected.get("files_bytes") or 0,
        "files_root": expected.get("files_root"),
        "expires": args.get("expires"),
    }
    well_formed = (
        _ID.match(str(order["restore"]))
        and is_database_name(order["database"])
        and not order["database"].startswith("linserv_restore_")
        and order["kind"] in KINDS
        and _SHA.match(str(order["sha256"]))
        and all(type(order[key]) is int and order[key] >= 0 for key in ("bytes", "files_bytes", "expires"))
    )
    if not well_formed:
        raise BackupError("argument_invalid", "A part of the order has the wrong form.", "configuration")
    return order


def _check_free(found: Restore, order: Dict[str, Any]) -> None:
    """:raise BackupError: the database or its files are there already, or there is no room for them"""
    taken = order["database"] in found.place.databases() or (found.place.filestore / order["database"]).exists()
    if taken and order["kind"] == "test_copy":
        text = "There is a database %s on this host, or files of one. A restore never takes its place."
        raise BackupError("database_exists", text % order["database"], "configuration")
    found.place.staging.mkdir(mode=0o700, parents=True, exist_ok=True)
    needed = ROOM * order["bytes"] + order["files_bytes"]
    free = shutil.disk_usage(str(found.place.staging)).free
    if free < needed:
        text = "%d MB are needed and %d MB are free." % (needed >> 20, free >> 20)
        raise BackupError("disk_full", text, "capacity")


def status(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Return how far one restore is, or all that this host knows."""
    if args.get("restore"):
        found = open_restore(context, args["restore"])
        return {**found.told(), "found": found.find_database()}
    folder = find_place(context, None).staging
    names = sorted(path.name for path in folder.iterdir() if _ID.match(path.name)) if folder.is_dir() else []
    known = [open_restore(context, each) for each in names if (folder / each / "order.json").exists()]
    return {"restores": [{**each.told(), "expires": each.order["expires"]} for each in known], "clock": time.time()}


def close_database(restore: Restore, database: str) -> str:
    """Return the statements that keep everybody but the restoring role out of a database."""
    words = {"db": name(database), "owner": name(restore.place.owner), "text": quote(restore.comment)}
    return (
        "REVOKE ALL ON DATABASE {db} FROM PUBLIC;\n"
        "GRANT CREATE, TEMPORARY ON DATABASE {db} TO {owner};\n"
        "COMMENT ON DATABASE {db} IS {text};\n"
    ).format(**words)
