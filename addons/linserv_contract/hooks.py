import psycopg2

from odoo import _
from odoo.exceptions import UserError


def pre_init_hook(cr):
    """Install the PostgreSQL extension that lets the database itself refuse to bill a period twice."""
    cr.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'")
    if cr.fetchone():
        return
    try:
        with cr.savepoint(flush=False):
            cr.execute("CREATE EXTENSION btree_gist")
    except psycopg2.Error as error:
        raise UserError(
            _(
                "The PostgreSQL extension btree_gist is missing and could not be installed: %s\n"
                "It keeps a service period from being billed twice. Use PostgreSQL 13 or newer with its contrib "
                "package, and a database that Odoo's role owns, or run as a PostgreSQL superuser: "
                "CREATE EXTENSION btree_gist;",
                error,
            )
        ) from error
