"""Makes the database of what has arrived: hidden, owned by a role whose databases Odoo does not list."""

# ruff: noqa: S608  (statements are made of our own rules, of quoted names and of quoted values)
import re
from typing import Any, Dict, List

from . import restore_files as files
from .engine import run_engine
from .errors import BackupError
from .restore_order import Restore, close_database, working_on
from .restore_place import Place, name

LOAD_SECONDS = 6 * 3600
LIST_SECONDS = 120
# Comments on extensions belong to the superuser; plpgsql is in every database already.
_LEFT_OUT = re.compile(rb"^\d+; .* (COMMENT - EXTENSION|EXTENSION - plpgsql\b)")


def load(context: Any, args: Dict[str, Any]) -> Dict[str, Any]:
    """Make the hidden database; one that was half made is made anew. Twice is once.

    :raise BackupError: `not_received`, `restore_failed`, `counts_differ`, or what PostgreSQL says
    """
    with working_on(context, args.get("restore")) as restore:
        load_once(context, restore)
        return restore.told()


def load_once(context: Any, restore: Restore) -> None:
    """Make the hidden database unless it is there."""
    if restore.has_come_to("loaded"):
        return
    if not restore.has_come_to("received"):
        raise BackupError("not_received", "Nothing has been delivered for this restore.", "transient")
    restore.check_time()
    context.progress(0, 3, "making the database")
    make_hidden(restore)
    context.progress(1, 3, "restoring the tables")
    fill(restore)
    context.progress(2, 3, "counting")
    check_counts(restore)
    restore.place.sql("ANALYZE;\n", restore.hidden, timeout=LOAD_SECONDS)
    restore.note(state="loaded")


def make_hidden(restore: Restore) -> None:
    """Make the empty database, closed before anything is in it; drop one that an earlier attempt left."""
    place, hidden = restore.place, name(restore.hidden)
    drop_database(place, restore.hidden)
    place.sql("CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C';\n" % hidden)
    place.sql(close_database(restore, restore.hidden))
    owner = name(place.owner)
    place.sql("GRANT CREATE, USAGE ON SCHEMA public TO %s;\n" % owner, restore.hidden) if _owns_public(
        restore
    ) else None


def _owns_public(restore: Restore) -> bool:
    """Tell whether schema public is ours to give (PostgreSQL 15); before that everybody may create in it."""
    query = "SELECT to_json(pg_has_role(current_user, nspowner, 'USAGE')) FROM pg_namespace WHERE nspname = 'public'"
    return bool(restore.place.ask(query, restore.hidden))


def fill(restore: Restore) -> None:
    """Let pg_restore make the tables, as Odoo's role, which is their owner from the start.

    :raise BackupError: `restore_failed`
    """
    place = restore.place
    words = [place.program("pg_restore"), *place.login(), "--dbname=" + restore.hidden, "--no-owner", "--no-privileges"]
    words += ["--role=" + place.owner, "--exit-on-error", "--jobs=%d" % place.jobs]
    words += ["--use-list=%s" % write_list(restore), str(restore.dump)]

    def explain(_status: int, complaints: str) -> BackupError:
        full = "no space left" in complaints.lower()
        kind = "capacity" if full else "data"
        return BackupError("disk_full" if full else "restore_failed", complaints[-1000:], kind)

    run_engine(words, LOAD_SECONDS, env=place.environment(), explain=explain)


def write_list(restore: Restore) -> str:
    """Write which parts of the dump to restore; return the path of the list."""
    words = [restore.place.program("pg_restore"), "--list", str(restore.dump)]
    done = run_engine(words, LIST_SECONDS, explain=lambda _status, said: BackupError("restore_failed", said, "data"))
    kept: List[bytes] = [line for line in done.output.splitlines() if not _LEFT_OUT.match(line)]
    path = restore.folder / "list"
    path.write_bytes(b"\n".join(kept) + b"\n")
    return str(path)


def check_counts(restore: Restore) -> None:
    """Compare the rows of every table with those that the point's manifest names.

    :raise BackupError: `counts_differ`
    """
    manifest = files.read_json(restore.folder / "manifest.json") or {}
    expected = manifest.get("counts")
    if not isinstance(expected, dict) or not expected:
        return
    found = count_rows(restore.place, restore.hidden)
    wrong = sorted(table for table, rows in expected.items() if found.get(table) != rows)
    if wrong:
        told = ", ".join("%s %s, not %s" % (each, found.get(each), expected[each]) for each in wrong[:10])
        raise BackupError("counts_differ", "Rows of %d tables differ: %s" % (len(wrong), told), "data")


def count_rows(place: Place, database: str) -> Dict[str, int]:
    """Return {table: rows} as a manifest has it: of the table alone, outside of schema public with the schema."""
    query = """
        SELECT coalesce(json_object_agg(CASE nspname WHEN 'public' THEN '' ELSE nspname || '.' END || relname,
            (xpath('/row/c/text()', query_to_xml(
                format('SELECT count(*) AS c FROM ONLY %I.%I', nspname, relname), false, true, ''
            )))[1]::text::bigint), '{}')
        FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind = 'r' AND relpersistence <> 't' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    """
    found: Dict[str, int] = place.ask(query, database)
    return found


def drop_database(place: Place, database: str) -> None:
    """Drop a database with everything that is connected to it."""
    if database not in place.databases():
        return
    quoted = name(database)
    place.sql("ALTER DATABASE %s WITH ALLOW_CONNECTIONS false;\n" % quoted)
    place.sql(end_sessions(database))
    place.sql("DROP DATABASE IF EXISTS %s;\n" % quoted)


def end_sessions(database: str) -> str:
    """Return the statement that ends whoever is connected to a database."""
    from .restore_place import quote  # noqa: PLC0415

    return (
        "DO $end$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid(); END $end$;\n" % quote(database)
    )
