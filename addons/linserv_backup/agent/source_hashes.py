"""Hashes every row of a held instance in the dump's own snapshot, so that a drill can compare the rows themselves.

Once a day: it reads the whole database once more (about 2 s for 250 MB). No value of a row leaves PostgreSQL.
"""

import json
import time
from typing import Any, Dict, List

from . import drill_rows, source_instance
from .errors import BackupError
from .source_child import peak_memory
from .source_dump import SNAPSHOT
from .source_psql import Session
from .source_stream import FRAME, Sender

SECONDS = 900.0
LOCK_MILLISECONDS = 2000


def hashes(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Hand over one JSON line, {table: hash}; return how many tables there are.

    :raise BackupError: `snapshot_gone`, `database_timeout` or what else PostgreSQL complains about
    """
    snapshot = args.get("snapshot", "")
    if not SNAPSHOT.match(snapshot):
        raise BackupError("argument_invalid", "This is no snapshot of PostgreSQL.", "configuration")
    begun = time.monotonic()

    def look() -> None:  # whoever asked may have hung up meanwhile: then this raises
        context.progress(0, 0, "hashing rows")

    with Session(source_instance.load(context.instance), look) as session:
        found = _read(session, snapshot)
    sender = Sender(context.send, FRAME)
    sender.add(json.dumps(found, separators=(",", ":")).encode("ascii") + b"\n")
    sender.flush()
    return {"tables": len(found), "seconds": round(time.monotonic() - begun, 3), "peak_memory": peak_memory()}


def _read(session: Session, snapshot: str) -> Dict[str, str]:
    def ask(sql: str) -> List[List[str]]:
        return [line.decode("ascii").split("|") for line in session.lines(sql, SECONDS)]

    ask(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '%s'; SET LOCAL lock_timeout = %d;"
        % (snapshot, LOCK_MILLISECONDS)
    )
    tables = drill_rows.list_tables(ask)
    rows = ask(drill_rows.SETTINGS + drill_rows.hash_script(tables))
    return {tables[int(number)].label: total for number, _count, total in rows}
