"""What there is to back up: sizes, versions, room. Quick, and read only."""

import json
import os
import time
from typing import Any, Dict, Tuple

from . import source_dump, source_instance, source_tree
from .source_psql import Session

SIZES = """SELECT json_build_object(
        'database_bytes', pg_database_size(current_database()),
        'tables', count(*), 'largest_table_bytes', coalesce(max(pg_table_size(c.oid)), 0),
        'pg_server', current_setting('server_version'),
        'hold', to_regprocedure('public.linserv_hold_attachments()') IS NOT NULL,
        'user', current_user)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = 'public';"""


def inspect(context: Any, _args: Dict[str, Any]) -> Dict[str, Any]:
    """Return sizes of the database and of the filestore, versions, the clock, and how much room there is.

    :raise BackupError: what keeps the instance from being backed up
    """
    source = source_instance.load(context.instance)
    with Session(source) as session:
        known: Dict[str, Any] = json.loads(session.value(SIZES))
    root = source_tree.open_folder(source.filestore, "filestore_missing")
    try:
        count, size = _measure(root)
        room = os.fstatvfs(root)
    finally:
        os.close(root)
    program = source.pg_dump or source_instance.find_program("pg_dump", source_dump.major_name(known["pg_server"]))
    paths = {name: folder.path for name, folder in source_tree.get_folders(source).items()}
    known.update(filestore_files=count, filestore_bytes=size, folders=paths, clock=time.time())
    return dict(known, pg_dump=source_dump.client_version(source, program), free_bytes=room.f_bavail * room.f_frsize)


def _measure(root: int) -> Tuple[int, int]:
    """Return how many files lie in the filestore, and their bytes; the list of what may go is not counted."""
    count = size = 0
    for _path, folders, names, descriptor in os.fwalk(dir_fd=root):
        if "checklist" in folders:
            folders.remove("checklist")
        for name in names:
            try:
                size += os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_size
                count += 1
            except OSError:
                continue
    return count, size
