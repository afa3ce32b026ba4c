"""The channels of one database: the rules, laid over the tables and columns that it really has."""

# ruff: noqa: S608  (statements are made of our own rules, of quoted names and of quoted values)
from typing import Any, Dict, Iterator, List, NamedTuple, Set, Tuple

from . import restore_parameters as parameters
from .restore_place import Place, name, quote
from .restore_rules import GONE, RULES

Columns = Dict[str, Dict[str, Dict[str, Any]]]
_CATALOG = """
    SELECT coalesce(json_object_agg(relname, found), '{}') FROM (
        SELECT relname, json_object_agg(attname, json_build_object(
            'text', format_type(atttypid, NULL) IN ('text', 'character varying'), 'required', attnotnull)) AS found
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = 'public' AND relkind = 'r' AND attnum > 0 AND NOT attisdropped GROUP BY relname) AS tables
"""


class Channel(NamedTuple):
    """One way out of the database: where, the condition for being open, and the statement that closes it."""

    code: str
    table: str
    column: str
    live: str
    close: str


def read_columns(place: Place, database: str) -> Columns:
    """Return {table: {column: {"text", "required"}}} of an Odoo database."""
    found: Columns = place.ask(_CATALOG, database)
    return found


def find_channels(columns: Columns, credentials: Set[Tuple[str, str]]) -> List[Channel]:
    """Return every channel that such a database can have.

    :param credentials: what `find_credentials` has found
    """
    return [*_of_rules(columns), *_of_rows(columns), *_of_credentials(columns, credentials), *_of_parameters(columns)]


def find_credentials(place: Place, database: str) -> Set[Tuple[str, str]]:
    """Return the columns of any module that are called like a credential and hold text."""
    query = """
        SELECT coalesce(json_agg(json_build_array(relname, attname)), '[]')
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = 'public' AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
          AND format_type(atttypid, NULL) IN ('text', 'character varying') AND lower(attname) ~ %s
    """
    found = place.ask(query % quote(parameters.CREDENTIAL), database)
    ruled = {(rule.table, column) for rule in RULES for column in rule.cells}
    return {(table, column) for table, column in found} - ruled - set(parameters.KEPT_COLUMNS)


def _of_rules(columns: Columns) -> Iterator[Channel]:
    for rule in RULES:
        for column, cell in rule.cells.items():
            known = columns.get(rule.table, {}).get(column)
            if known:
                value = "''" if cell.value == "NULL" and known["required"] and known["text"] else cell.value
                live = cell.live.replace("{c}", name(column))
                yield _update(rule.code, rule.table, column, live, value)


def _of_rows(columns: Columns) -> Iterator[Channel]:
    for code, table in GONE:
        if table in columns:
            yield Channel(code, table, "", "true", "DELETE FROM %s" % name(table))


def _of_credentials(columns: Columns, credentials: Set[Tuple[str, str]]) -> Iterator[Channel]:
    for table, column in sorted(credentials):
        quoted = name(column)
        live = "nullif(%s, '') IS NOT NULL AND %s NOT LIKE 'disabled%%'" % (quoted, quoted)
        if column in parameters.LINK_COLUMNS:
            live += " AND %s !~ %s" % (quoted, quote(parameters.LINK))
        unlike = "'disabled-' || id::text" if "id" in columns[table] else "'disabled'"
        yield _update("credential", table, column, live, unlike if columns[table][column]["required"] else "NULL")


def _of_parameters(columns: Columns) -> Iterator[Channel]:
    table = "ir_config_parameter"
    if table not in columns:
        return
    for key, value in sorted(parameters.FIXED.items()):
        live = "NOT EXISTS (SELECT FROM ir_config_parameter WHERE key = %s AND value = %s)" % (quote(key), quote(value))
        yield Channel("parameter", "", key, live, set_parameter(key, value))
    kept = ", ".join(quote(key) for key in (*parameters.KEPT_PARAMETERS, *parameters.FIXED))
    known = ", ".join(quote(key) for key in parameters.DELETED)
    live = "nullif(value, '') IS NOT NULL AND (key IN (%s) OR lower(key) ~ %s) AND key NOT IN (%s)"
    live %= (known, quote(parameters.CREDENTIAL), kept)
    yield Channel("parameter", table, "value", live, "DELETE FROM ir_config_parameter WHERE %s" % live)


def set_parameter(key: str, value: str) -> str:
    """Return the statement that writes a system parameter."""
    return (
        "INSERT INTO ir_config_parameter (key, value, create_uid, write_uid, create_date, write_date)"
        " VALUES (%s, %s, 1, 1, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    ) % (quote(key), quote(value))


def _update(code: str, table: str, column: str, live: str, value: str) -> Channel:
    close = "UPDATE %s SET %s = %s WHERE %s" % (name(table), name(column), value, live)
    return Channel(code, table, column, live, close)
