"""Rows of a database: how many there are, a hash over all of them, and which differ between two databases.

The hash of a table is the sum of its rows' 64-bit hashes, so the order in which they lie does not matter. A row is
hashed as PostgreSQL writes it, under settings that do not depend on the server. No value of a row leaves PostgreSQL.
"""

import hashlib
import json
from typing import Any, Callable, Dict, List, NamedTuple, Sequence

Query = Callable[[str], List[List[str]]]  # a script -> the rows of its statements
BUCKETS = 4096
# The same tables that source_hold.py counts.
TABLES = """
SELECT encode(convert_to(n.nspname, 'UTF8'), 'hex'), encode(convert_to(c.relname, 'UTF8'), 'hex')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname;
"""
SETTINGS = """
SET search_path = pg_catalog; SET datestyle = 'ISO, MDY'; SET timezone = 'UTC'; SET intervalstyle = 'postgres';
SET extra_float_digits = 3; SET bytea_output = 'hex'; SET xmloption = 'content';
"""
HASH = "SELECT %d, count(*), coalesce(sum(hashtextextended((r.*)::text, 0)), 0) FROM ONLY %s AS r;\n"
KEYS = """
SELECT encode(convert_to(n.nspname, 'UTF8'), 'hex'), encode(convert_to(c.relname, 'UTF8'), 'hex'),
    encode(convert_to(a.attname, 'UTF8'), 'hex') FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) WHERE i.indisprimary
ORDER BY n.nspname, c.relname, a.attnum;
"""
BUCKET = """
SELECT abs(hashtextextended({key}, 1) % {buckets}), count(*), sum(hashtextextended((r.*)::text, 0))
FROM ONLY {table} AS r GROUP BY 1;
"""
ROWS = """
SELECT encode(convert_to({key}, 'UTF8'), 'hex'), hashtextextended((r.*)::text, 0)
FROM ONLY {table} AS r WHERE abs(hashtextextended({key}, 1) % {buckets}) IN ({chosen});
"""
COLUMNS = """
SELECT encode(convert_to(e.key, 'UTF8'), 'hex'), md5(coalesce(e.value, '-')), e.value IS NULL
FROM ONLY {table} AS r, jsonb_each_text(to_jsonb(r)) AS e WHERE encode(convert_to({key}, 'UTF8'), 'hex') = '{row}';
"""


class Table(NamedTuple):
    """A table by its schema and name."""

    schema: str
    name: str

    @property
    def label(self) -> str:
        """The name for people and manifests: without `public`."""
        return self.name if self.schema == "public" else "%s.%s" % (self.schema, self.name)

    @property
    def quoted(self) -> str:
        """The name in SQL."""
        return "%s.%s" % (identifier(self.schema), identifier(self.name))


class State(NamedTuple):
    """Rows of a table, and the sum of their hashes as text."""

    rows: int
    hash: str


def plain(text: str) -> str:
    """Return a name that PostgreSQL gave as the hexadecimal digits of its UTF-8."""
    return bytes.fromhex(text).decode("utf-8", "replace")


def identifier(name: str) -> str:
    """Return a name as SQL's identifier."""
    return '"%s"' % name.replace('"', '""')


def list_tables(query: Query) -> List[Table]:
    """Return the tables that a dump holds."""
    return [Table(plain(row[0]), plain(row[1])) for row in query(TABLES)]


def read_states(query: Query) -> Dict[str, State]:
    """Return {table: State} of every table, in one read-only snapshot."""
    tables = list_tables(query)
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n"
    rows = query(SETTINGS + begin + hash_script(tables) + "COMMIT;\n")
    return {tables[int(number)].label: State(int(count), total) for number, count, total in rows}


def hash_script(tables: Sequence[Table]) -> str:
    """Return the statements that hash the tables, each by its place."""
    return "".join(HASH % (number, table.quoted) for number, table in enumerate(tables))


def root_of(states: Dict[str, State]) -> str:
    """Return one SHA-256 for all rows of all tables: of the canonical JSON of [table, rows, hash], sorted."""
    values = [[label, state.rows, state.hash] for label, state in sorted(states.items())]
    return hashlib.sha256(json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode("ascii")).hexdigest()


def count_faults(found: Dict[str, State], expected: Dict[str, int]) -> List[Dict[str, Any]]:
    """Return where the restored tables have other rows than the source had in the dump's own snapshot."""
    names = sorted(set(expected) | set(found))
    pairs = [(name, expected.get(name), found[name].rows if name in found else None) for name in names]
    return [{"table": name, "expected": want, "found": have} for name, want, have in pairs if want != have]


def hash_faults(found: Dict[str, State], expected: Dict[str, Any]) -> List[str]:
    """Return the tables whose rows are not those that the source had; `expected` is {table: hash}, where known."""
    return sorted(name for name, value in expected.items() if name in found and str(value) != found[name].hash)


def compare(left: Query, right: Query, samples: int = 20) -> Dict[str, Any]:
    """Say in which tables, rows and columns two databases differ; at most `samples` rows of a table are named."""
    states = read_states(left), read_states(right)
    labels = sorted(set(states[0]) | set(states[1]))
    different = [label for label in labels if states[0].get(label) != states[1].get(label)]
    tables = {table.label: table for table in list_tables(left)}
    keys = _keys(left)
    found = []
    for label in different:
        row: Dict[str, Any] = {"table": label}
        for side, known in zip(("left", "right"), states):
            row[side] = known[label].rows if label in known else None
        if label in states[0] and label in states[1]:
            row["changed"] = _differing_rows(left, right, tables[label], keys.get(label, []), samples)
        found.append(row)
    return {
        "equal": not different,
        "tables": len(labels),
        "rows": [sum(state.rows for state in known.values()) for known in states],
        "roots": [root_of(known) for known in states],
        "differences": found,
    }


def _keys(query: Query) -> Dict[str, List[str]]:
    keys: Dict[str, List[str]] = {}
    for schema, name, column in query(KEYS):
        keys.setdefault(Table(plain(schema), plain(name)).label, []).append(plain(column))
    return keys


def _differing_rows(left: Query, right: Query, table: Table, key: Sequence[str], samples: int) -> List[Dict[str, Any]]:
    """Name rows that differ: first the buckets whose sums differ, then the rows in a few of them."""
    expression = _key_expression(key)
    parts = {"key": expression, "table": table.quoted, "buckets": BUCKETS}
    sums = [{tuple(row) for row in query(SETTINGS + BUCKET.format(**parts))} for query in (left, right)]
    buckets = sorted({int(row[0]) for row in sums[0] ^ sums[1]})[: max(1, samples)]
    chosen = ", ".join(str(bucket) for bucket in buckets) or "-1"
    rows = [dict(_pairs(query(SETTINGS + ROWS.format(chosen=chosen, **parts)))) for query in (left, right)]
    names = sorted(name for name in set(rows[0]) | set(rows[1]) if rows[0].get(name) != rows[1].get(name))
    return [_describe(left, right, rows, name, parts, bool(key)) for name in names[:samples]]


def _pairs(rows: List[List[str]]) -> List[Any]:
    return [(row[0], row[1]) for row in rows]


def _key_expression(key: Sequence[str]) -> str:
    """Return SQL for a row's name: its primary key, or the whole row where there is none."""
    if not key:
        return "hashtextextended((r.*)::text, 0)::text"
    return "concat_ws(', ', %s)" % ", ".join("r.%s::text" % identifier(column) for column in key)


def _describe(
    left: Query, right: Query, rows: List[Dict[str, str]], name: str, parts: Dict[str, Any], has_key: bool
) -> Dict[str, Any]:
    row = plain(name) if has_key else None
    if name not in rows[0] or name not in rows[1]:
        return {"row": row, "only": "left" if name in rows[0] else "right"}
    sql = SETTINGS + COLUMNS.format(row=name, **parts)
    sides = [{(one[0], one[1], one[2]) for one in query(sql)} for query in (left, right)]
    columns = {plain(one[0]) for one in sides[0] ^ sides[1]}
    return {"row": row, "columns": sorted(columns)}
