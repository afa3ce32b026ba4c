import psycopg2

from odoo import SUPERUSER_ID, _, api
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


def post_init_hook(cr, registry):
    """Give the services the tax on services: a new product gets the company's default tax, in Sweden that on goods.

    At home it is the same 25 %; abroad the fiscal position makes another reverse charge of it, another box of the VAT
    return and another column of the EU sales list.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    choose_layout(env)
    products = env["linserv.service"].with_context(active_test=False).search([]).product_id
    for company in env["res.company"].search([]):
        tax, usual = company._linserv_service_tax(), company.account_sale_tax_id
        if tax:
            products.filtered(lambda product, usual=usual: usual in product.taxes_id).write(
                {"taxes_id": [(3, usual.id), (4, tax.id)]}
            )


def choose_layout(env):
    """Companies that have chosen no layout of their papers get Linserv's: with it the seller is on every PDF."""
    companies = env["res.company"].search([("external_report_layout_id", "=", False)])
    companies.write(
        {
            "external_report_layout_id": env.ref("linserv_contract.linserv_external_layout").id,
            "paperformat_id": env.ref("linserv_contract.linserv_paperformat").id,
        }
    )
