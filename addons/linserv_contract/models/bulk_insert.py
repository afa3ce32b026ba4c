"""Many rows in one statement, for the ledgers that nobody writes by hand: ``create`` costs several queries a row."""

from psycopg2 import sql

from odoo import fields

STAMP = ("create_uid", "create_date", "write_uid", "write_date")
ROWS_AT_ONCE = 2000


def insert_rows(model, rows):
    """Insert values of ``create`` that all name the same stored fields, complete with the related ones; their ids.

    Constraints of Python, defaults and caches are the caller's.
    """
    ids = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        ids += _insert(model, rows[start : start + ROWS_AT_ONCE])
    return ids


def _insert(model, rows):
    names = [name for name in rows[0] if model._fields[name].column_type]
    now = fields.Datetime.now()
    values = [
        (model.env.uid, now, model.env.uid, now)
        + tuple(model._fields[name].convert_to_column(row[name], model, row) for name in names)
        for row in rows
    ]
    query = sql.SQL("INSERT INTO {} ({}) VALUES {} RETURNING id").format(
        sql.Identifier(model._table),
        sql.SQL(", ").join(map(sql.Identifier, (*STAMP, *names))),
        sql.SQL(", ").join(map(sql.Literal, values)),
    )
    model.env.cr.execute(query)
    return [key for (key,) in model.env.cr.fetchall()]


def stored_related(model, record, through):
    """Return the values of the stored fields of ``model`` that are related through the many2one ``through``."""
    values = {}
    for name, field in model._fields.items():
        if field.store and field.related and field.related[0] == through:
            found = record.mapped(".".join(field.related[1:]))
            values[name] = found.id if field.type == "many2one" else (found[0] if found else False)
    return values
