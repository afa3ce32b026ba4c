"""Lets a restored database take the place of the one in service, when a manager has decided so.

The one in service is not removed: it stays under another name, closed, and can be swapped in again the same way.
Both are closed to everybody while files and names change, so that nobody ever works in something half.
"""

# ruff: noqa: S608  (statements are made of our own rules, of quoted names and of quoted values)
import os
import time
from pathlib import Path
from typing import Any, Dict

from . import restore_files as files
from .errors import BackupError
from .restore_load import end_sessions
from .restore_order import Restore, working_on
from .restore_place import name, quote
from .restore_publish import MARK, is_ours, patiently


def swap(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Put the restored database into service; a run that was ended midway is taken up where it was.

    :param args: `confirm`: the name of the database, written by the person who decides
    :raise BackupError: `not_confirmed`, `not_a_restore`, `not_loaded`
    """
    with working_on(context, args.get("restore")) as restore:
        if restore.order["kind"] == "test_copy":
            raise BackupError("not_a_restore", "A test copy never takes the place of anything.", "configuration")
        if args.get("confirm") != restore.database:
            raise BackupError("not_confirmed", "The name of the database was not confirmed.", "configuration")
        if not restore.state.get("swapped"):
            if not restore.has_come_to("loaded"):
                raise BackupError("not_loaded", "The database has not been restored yet.", "transient")
            _exchange(restore)
            restore.note(state="published", swapped=int(time.time()), published=int(time.time()))
            files.forget(restore.dump)
        return {**restore.told(), "kept": restore.state.get("kept")}


def _exchange(restore: Restore) -> None:
    kept = restore.state.get("kept") or "%s_before_%s" % (restore.database[:40], restore.id[:8])
    restore.note(kept=kept)
    names = restore.place.databases()
    if restore.hidden in names:
        if restore.database in names and kept not in names:
            _close_old(restore)
        _move_files(restore, kept)
        _rename(restore, kept, restore.database in names)
    elif restore.find_database() != restore.database:
        raise BackupError("database_missing", "The restored database is not there any more.", "data")
    _open_new(restore)


def _close_old(restore: Restore) -> None:
    """Let nobody into the database in service from here on; Odoo shows an error for as long as it takes."""
    old = name(restore.database)
    restore.place.sql("ALTER DATABASE %s WITH ALLOW_CONNECTIONS false;\n" % old)
    restore.place.sql(end_sessions(restore.database))


def _move_files(restore: Restore, kept: str) -> None:
    """Put the old files aside and the new ones into their place; each step is seen to be done by what is where."""
    current, aside = restore.place.filestore / restore.database, restore.place.filestore / kept
    if is_ours(restore, current):
        return
    if current.exists():
        os.rename(str(current), str(aside))
    files.make_folder(restore.files)
    (Path(str(restore.files)) / MARK).write_text(restore.id)
    os.rename(str(restore.files), str(current))


def _rename(restore: Restore, kept: str, has_old: bool) -> None:
    words = {"old": name(restore.database), "kept": name(kept), "new": name(restore.hidden)}
    words.update(us=name(restore.place.user), text=quote("linserv before %s" % restore.id))
    old = "ALTER DATABASE {old} RENAME TO {kept};\nREVOKE CONNECT ON DATABASE {kept} FROM PUBLIC;\n"
    old += "ALTER DATABASE {kept} OWNER TO {us};\nCOMMENT ON DATABASE {kept} IS {text};\n"
    new = "ALTER DATABASE {new} RENAME TO {old};\n"
    script = end_sessions(restore.hidden) + "BEGIN;\n%s%sCOMMIT;\n" % (old if has_old else "", new)
    patiently(restore, script.format(**words))


def _open_new(restore: Restore) -> None:
    words = {"db": name(restore.database), "owner": name(restore.place.owner)}
    script = (
        "BEGIN;\nGRANT CONNECT, TEMPORARY ON DATABASE {db} TO PUBLIC;\nALTER DATABASE {db} OWNER TO {owner};\nCOMMIT;\n"
    )
    restore.place.sql(script.format(**words))
    kept = str(restore.state["kept"])
    if kept in restore.place.databases():
        restore.place.sql("ALTER DATABASE %s WITH ALLOW_CONNECTIONS true;\n" % name(kept))
