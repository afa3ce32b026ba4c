"""Holds an instance still for its backup: the attachments' table locked against the garbage collection of files, and
one snapshot of the database that the counts and the dump are made in.

The conversation: the agent locks, exports a snapshot, counts, and hands over one JSON document ended by a newline (in
frames of at most 1 MiB; most often one). Then it waits for the line `release`; `dumped` ends the snapshot early, any
other line is a sign of life. When the asker hangs up, the agent dies or a time limit passes, everything rolls back.
"""

import json
import select
import time
from typing import Any, Dict, List, Optional

from . import source_instance
from .errors import BackupError
from .source_asker import Asker
from .source_child import peak_memory
from .source_psql import Session
from .source_stream import Sender

FRAME = 1024 * 1024
LOCK_MILLISECONDS = 2000
GIVE_WAY_SECONDS = 12.0  # Odoo's own garbage collection gives up after 10
LOOK_SECONDS = 2.0
COUNT_SECONDS = 600.0
HOLD_FUNCTION = "linserv_hold_attachments"
HAS_FUNCTION = "SELECT to_regprocedure('public.%s()') IS NOT NULL;" % HOLD_FUNCTION
IS_HELD = """SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND granted
    AND mode = 'ShareUpdateExclusiveLock' AND relation = 'public.ir_attachment'::regclass;"""
TABLES = """SELECT format(
        'SELECT json_build_array(%L, count(*)) FROM ONLY %I.%I;',
        CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END, n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY n.nspname, c.relname \\gexec"""
NAMES = """COPY (SELECT DISTINCT store_fname COLLATE "C" FROM public.ir_attachment
    WHERE store_fname ~ '^[0-9a-f]{2,3}/[0-9a-f]{40}$' ORDER BY 1) TO STDOUT;"""
STRANGE = """SELECT count(*) FROM public.ir_attachment
    WHERE store_fname <> '' AND store_fname !~ '^[0-9a-f]{2,3}/[0-9a-f]{40}$';"""
WAITING = """WITH ours AS (SELECT pid FROM pg_stat_activity WHERE datname = current_database()
        AND usename = current_user AND application_name = 'linserv_backup')
    SELECT count(*) FROM pg_locks w WHERE NOT w.granted AND w.pid NOT IN (SELECT pid FROM ours)
    AND pg_blocking_pids(w.pid) && ARRAY(SELECT pid FROM ours);"""
END_DUMPS = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()
    AND usename = current_user AND application_name = 'linserv_backup' AND pid <> pg_backend_pid();"""


def hold(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Hold the instance until the asker says `release`; return how long.

    :raise BackupError: `attachments_busy` (the lock was not to be had in time), `in_the_way` (somebody waited for us
        too long), `line_cut`, `hold_lost`, or what PostgreSQL complained about
    """
    source = source_instance.load(context.instance)
    asker = Asker()
    begun = time.monotonic()

    def look() -> None:  # whoever asked may have hung up meanwhile, and is told that we are at work
        if "release" in asker.lines():
            raise BackupError("line_cut", "The backup host gave up before anything was held.", "transient")
        context.progress(0, 0, "waiting for the database")

    with Session(source, look) as lock, Session(source, look) as reader:
        take_lock(lock, args.get("lock_timeout_ms", LOCK_MILLISECONDS))
        _hand_over(context, reader)
        _Wait(context, asker, lock, reader, args.get("idle_seconds", 0)).until_released()
        if lock.value(IS_HELD) != "1":
            raise BackupError("hold_lost", "The lock was lost before the backup had its files.", "transient")
    return {"held": True, "seconds": round(time.monotonic() - begun, 3), "peak_memory": peak_memory()}


def take_lock(lock: Session, milliseconds: int) -> None:
    """Lock the attachments' table; wait no longer than 2 s, and hold up nobody meanwhile.

    :raise BackupError: `attachments_busy` or what else PostgreSQL complains about
    """
    by_function = lock.value(HAS_FUNCTION) == "t"
    statement = (
        "SELECT public.%s();" % HOLD_FUNCTION
        if by_function
        else ("LOCK TABLE public.ir_attachment IN SHARE UPDATE EXCLUSIVE MODE;")
    )
    patience = min(max(1, milliseconds), LOCK_MILLISECONDS)
    lock.value("BEGIN; SET LOCAL lock_timeout = %d;\n%s\nSET LOCAL lock_timeout = 0;" % (patience, statement))


def _hand_over(context: Any, reader: Session) -> None:
    """Open the snapshot and send what is in it."""
    begun = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = %d;" % LOCK_MILLISECONDS
    snapshot = reader.value("%s\nSELECT pg_export_snapshot();" % begun)
    counts = dict(json.loads(line) for line in reader.lines(TABLES, COUNT_SECONDS))
    head = {
        "snapshot": snapshot,
        "clock": time.time(),
        "pg_server": reader.value("SHOW server_version;"),
        "counts": counts,
        "strange": int(reader.value(STRANGE)),
    }
    sender = Sender(context.send, FRAME)
    sender.add(json.dumps(head, separators=(",", ":")).encode("ascii")[:-1] + b',"attachments":[')
    comma = b""
    for line in reader.lines(NAMES):
        sender.add(comma + b'"' + line + b'"')
        comma = b","
    sender.add(b"]}\n")
    sender.flush()


class _Wait:
    """Waits for the asker, and steps aside when somebody waits for us longer than Odoo itself would."""

    def __init__(self, context: Any, asker: Asker, lock: Session, reader: Session, idle: int) -> None:
        self._asker, self._lock, self._idle = asker, lock, idle
        self._reader: Optional[Session] = reader
        named = (context.config.get_section("backup")).get("give_way_seconds", GIVE_WAY_SECONDS)
        self._give_way = float(named)
        self._waited_since: Optional[float] = None
        self._heard = time.monotonic()

    def until_released(self) -> None:
        """Return when the asker says `release`."""
        next_look = time.monotonic()
        while True:
            if self._listen():
                return
            now = time.monotonic()
            if self._idle and now - self._heard > self._idle:
                raise BackupError("line_cut", "The backup host has said nothing for too long.", "transient")
            if now >= next_look:
                next_look = now + LOOK_SECONDS
                self._look(now)

    def _listen(self) -> bool:
        """Take what was said within a second; tell whether it was `release`."""
        children = [self._lock.child.output] + ([self._reader.child.output] if self._reader else [])
        ready = select.select([self._asker.descriptor, *children], [], [], 1.0)[0]
        said: List[str] = self._asker.lines()
        if said:
            self._heard = time.monotonic()
        if "dumped" in said and self._reader:
            self._reader.child.kill()
            self._reader = None
        if "release" not in said and any(output in ready for output in children):
            self._check_alive()
        return "release" in said

    def _check_alive(self) -> None:
        """A session that has something to say unasked has ended."""
        for session in (self._lock, self._reader):
            if session:
                session.value("SELECT 1;")

    def _look(self, now: float) -> None:
        if self._lock.value(WAITING) == "0":
            self._waited_since = None
            return
        self._waited_since = self._waited_since or now
        if now - self._waited_since >= self._give_way:
            self._lock.value(END_DUMPS)
            raise BackupError(
                "in_the_way", "Work in the database waited for the backup, which stepped aside.", "transient"
            )
