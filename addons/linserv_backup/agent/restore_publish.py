"""The end of a restore: it becomes visible in one step, takes the place of a database, or goes away."""

# ruff: noqa: S608  (statements are made of our own rules, of quoted names and of quoted values)
import os
import time
from pathlib import Path
from typing import Any, Dict

from . import restore_files as files
from .errors import BackupError
from .restore_check import check_harmless
from .restore_load import drop_database, end_sessions
from .restore_order import Restore, locked, open_restore, working_on
from .restore_place import find_place, name

MARK = ".linserv-restore"
RENAME_ATTEMPTS = 5


def publish(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Let people see the copy: its files come into place, then name, owner and access change in one transaction.

    :raise BackupError: `not_neutralised`, `live_channels`, `database_exists`, `restore_expired`
    """
    with working_on(context, args.get("restore")) as restore:
        if restore.order["kind"] != "test_copy":
            raise BackupError("not_a_copy", "What is restored in earnest is swapped in by a manager.", "configuration")
        if restore.find_database() == restore.database:
            return _noted(restore)
        if not restore.has_come_to("neutralised"):
            raise BackupError("not_neutralised", "The copy has not been made harmless yet.", "configuration")
        restore.check_time()
        check_harmless(context, restore)
        place_files(restore, restore.database)
        show_database(restore, restore.database)
        return _noted(restore)


def _noted(restore: Restore) -> Dict[str, Any]:
    if not restore.has_come_to("published"):
        restore.note(state="published", published=int(time.time()))
        files.forget(restore.dump)
    return restore.told()


def place_files(restore: Restore, database: str) -> None:
    """Put the files where Odoo looks for those of a database; twice is once.

    :raise BackupError: `database_exists`
    """
    target = restore.place.filestore / database
    if is_ours(restore, target):
        return
    if target.exists():
        raise BackupError("database_exists", "There are files of a database %s already." % database, "configuration")
    files.make_folder(restore.files)
    (restore.files / MARK).write_text(restore.id)
    os.rename(str(restore.files), str(target))


def is_ours(restore: Restore, folder: Path) -> bool:
    """Tell whether a folder of files belongs to this restore."""
    try:
        return (folder / MARK).read_text() == restore.id
    except OSError:
        return False


def show_database(restore: Restore, database: str) -> None:
    """Give the hidden database its name, its owner and access, all in one transaction.

    :raise BackupError: `database_exists`, or transient when somebody is connected to it
    """
    place = restore.place
    if database in place.databases():
        raise BackupError("database_exists", "There is a database %s already." % database, "configuration")
    words = {"hidden": name(restore.hidden), "shown": name(database), "owner": name(place.owner)}
    script = end_sessions(restore.hidden) + (
        "BEGIN;\nALTER DATABASE {hidden} RENAME TO {shown};\n"
        "GRANT CONNECT, TEMPORARY ON DATABASE {shown} TO PUBLIC;\n"
        "ALTER DATABASE {shown} OWNER TO {owner};\nCOMMIT;\n"
    ).format(**words)
    patiently(restore, script)


def patiently(restore: Restore, script: str) -> None:
    """Run a script that PostgreSQL refuses while somebody (a cleaning process of its own) is in the database."""
    for attempt in range(RENAME_ATTEMPTS):
        try:
            restore.place.sql(script)
            return
        except BackupError as error:
            if not error.retryable or attempt == RENAME_ATTEMPTS - 1:
                raise
            time.sleep(0.5)


def drop(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Remove everything of a restore: its database, whatever its name is now, its files, what has arrived.

    A restore that this host does not know is removed already.
    """
    place = find_place(context, None)
    if not (place.staging / str(args.get("restore")) / "order.json").exists():
        return {"restore": args.get("restore"), "state": "dropped"}
    restore = open_restore(context, args.get("restore"))
    if restore.state.get("swapped"):
        raise BackupError("in_service", "This database has taken the place of another one.", "configuration")
    with locked(restore.folder):
        found = restore.find_database()
        if found:
            drop_database(restore.place, found)
        target = restore.place.filestore / restore.database
        if is_ours(restore, target):
            files.remove_folder(target)
        files.remove_folder(restore.files)
        files.forget(restore.folder / "order.json")
    files.remove_folder(restore.folder)
    return {"restore": restore.id, "state": "dropped"}
