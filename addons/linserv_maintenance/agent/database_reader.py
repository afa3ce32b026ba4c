"""Reads an instance's database: what is installed, and what code lives in it. Runs alone under the instance's Python.

Takes one JSON object on standard input (`dsn`: what psycopg2 connects with, `rule`: how a profile sees customisations)
and answers one on standard output. The transaction is read only: nothing of a customer's database can be changed.
"""

import json
import sys
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

CONNECT_SECONDS = 10
STATEMENT_MILLISECONDS = 30000
OWNERS = """
    array_agg(d.module), array_agg(m.name), array_agg({imported})
    FROM {table} AS r
    LEFT JOIN ir_model_data AS d ON d.res_id = r.id AND d.model = %s
    LEFT JOIN ir_module_module AS m ON m.name = d.module
    WHERE {where} GROUP BY r.id, r.name, r.{column}, r.state
"""
TABLES = (
    ("ir.actions.server", "ir_act_server", "code", "r.state = 'code'"),
    ("ir.model.fields", "ir_model_fields", "compute", "r.compute IS NOT NULL"),
)
INSTALLED = "SELECT name, coalesce({imported}, false) FROM ir_module_module WHERE state = 'installed'"
HAS_IMPORTED = """
    SELECT 1 FROM pg_attribute
    WHERE attrelid = 'ir_module_module'::regclass AND attname = 'imported' AND NOT attisdropped
"""
Row = Tuple[int, Any, Optional[str], Sequence[Any], Sequence[Any], Sequence[Any]]


class Owners:
    """Who owns a record by its external ids: the names of modules, known or not."""

    def __init__(self, name: str, manual: bool, ids: Iterable[Tuple[Any, Any, Any]]) -> None:
        self.name, self.manual, self.ids = name, manual, list(ids)

    @property
    def unowned(self) -> bool:
        """No external id, or one whose module is not known to the database."""
        return any(known is None for _module, known, _imported in self.ids)

    @property
    def imported(self) -> bool:
        """An external id of a module that was imported as data."""
        return any(imported for _module, _known, imported in self.ids)

    def has(self, module: str) -> bool:
        """Tell whether one of the external ids is of this module."""
        return any(module == owner for owner, _known, _imported in self.ids)


def is_counted(model: str, owners: Owners, rule: str) -> bool:
    """Tell whether the official tool counts a record with code, by the rule of its series."""
    if rule == "manual" and owners.has("__cloc_exclude__"):
        return False
    if model == "ir.actions.server" or rule == "unowned":
        return owners.unowned or owners.imported
    if rule == "manual":
        return owners.manual and not (owners.has("studio_customization") and not owners.name.startswith("x_studio"))
    return owners.imported or any(
        owners.name.lower().startswith("x_studio") if module == "studio_customization" else known is None
        for module, known, _imported in owners.ids
    )


def read(cursor: Any, rule: str) -> Dict[str, Any]:
    """Return installed modules, modules imported as data, and the code in the database that officially counts."""
    cursor.execute(HAS_IMPORTED)
    imported = "imported" if cursor.fetchone() else "false"
    cursor.execute(INSTALLED.format(imported=imported))
    installed = sorted(cursor.fetchall())
    return {
        "modules": [name for name, is_imported in installed if not is_imported],
        "imported": [name for name, is_imported in installed if is_imported],
        "customisations": sorted(_customisations(cursor, imported, rule), key=lambda row: row[:2]),
        "python": "%d.%d" % sys.version_info[:2],
    }


def _customisations(cursor: Any, imported: str, rule: str) -> Iterable[List[Any]]:
    owner = "m.imported AND m.state = 'installed'" if imported == "imported" else "false"
    for model, table, column, where in TABLES:
        manual = "r.state = 'manual'" if table == "ir_model_fields" else "true"
        owners_of = OWNERS.format(imported=owner, table=table, where=where, column=column)
        query = "SELECT r.id, r.name, r.%s, %s, %s" % (column, manual, owners_of)
        cursor.execute(query, [model])
        for record, name, code, is_manual, modules, known, is_imported in cursor.fetchall():
            owners = Owners(plain(name), is_manual, zip(modules, known, is_imported))
            if is_counted(model, owners, rule):
                yield [model, "%d: %s" % (record, owners.name), code]


def plain(name: Any) -> str:
    """Return a name, which newer series keep as one text for each language."""
    if isinstance(name, dict):
        return str(name.get("en_US") or next(iter(name.values()), ""))
    return str(name or "")


def connection_fault(message: str) -> str:
    """Return in a word why PostgreSQL did not let us in."""
    text = message.lower()
    if "does not exist" in text and "database" in text:
        return "database_missing"
    refused = ("authentication failed", "no pg_hba.conf", "does not exist", "permission denied", "no password supplied")
    return "database_refused" if any(words in text for words in refused) else "database_unreachable"


def answer(order: Dict[str, Any]) -> Dict[str, Any]:
    """Return what the database holds, or `{"error": code, "message": text}`."""
    try:
        # Only this instance's Python is sure to have it.
        import psycopg2  # noqa: PLC0415
    except ImportError as error:
        return {"error": "driver_missing", "message": str(error)}
    try:
        connection = psycopg2.connect(connect_timeout=CONNECT_SECONDS, **order["dsn"])
    except psycopg2.OperationalError as error:
        return {"error": connection_fault(str(error)), "message": str(error).strip()}
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %d" % STATEMENT_MILLISECONDS)
            return read(cursor, order["rule"])
    except psycopg2.Error as error:
        return {"error": "database_unexpected", "message": str(error).strip()}
    finally:
        connection.close()


def work() -> None:
    """Answer the order on standard input."""
    sys.stdout.write(json.dumps(answer(json.loads(sys.stdin.read()))))
