"""The states of the database that a point is taken of: eight busy half hours, then quieter ones, then nothing."""

import datetime
import subprocess
from pathlib import Path

from backups import inflate

MORNING = datetime.datetime(2026, 3, 2, 8, tzinfo=datetime.timezone.utc)
HERE = Path(__file__).parent
SHARES = (0.75,) * 8 + (0.25, 0.1, 0.0)  # per cent of the rows
FILES_AT_FULL = 12
ROWS = "SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


def go_on(database, number, share, chance):
    """Let a half hour pass in which `share` per cent of the rows change; (rows touched, bytes of new files)."""
    if not share:
        return 0, 0
    before = counters(database)
    total = int(database.query(ROWS)[0][0])
    values = {
        "rows": 1.05 * total * share / 100,
        "seed": number / 100,
        "moment": MORNING + datetime.timedelta(minutes=30 * number),
    }
    words = [
        "psql",
        "-X",
        "-q1",
        "-U",
        "postgres",
        "-d",
        database.name,
        "-v",
        "ON_ERROR_STOP=1",
        "-f",
        str(HERE / "busy.sql"),
    ]
    for name, value in values.items():
        words += ["-v", "%s=%s" % (name, value)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    size = inflate.add_files(database.name, chance, max(1, round(FILES_AT_FULL * share / 0.75)))
    return sum(counters(database)) - sum(before), size


def forget_files(database, left):
    """Remove the attachments of the invoices but for some, so that a point has few files to fetch."""
    database.query(
        "DELETE FROM ir_attachment WHERE res_model = 'account.move' AND id NOT IN"
        " (SELECT id FROM ir_attachment WHERE res_model = 'account.move' ORDER BY id LIMIT %d)" % left
    )


def counters(database):
    """Rows inserted, updated and deleted since ever, as PostgreSQL counts them."""
    rows = database.query("SELECT sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_del) FROM pg_stat_user_tables")
    return [int(value) for value in rows[0]]
