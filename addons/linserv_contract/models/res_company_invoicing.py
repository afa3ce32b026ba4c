from odoo import fields, models

from .linserv_contract_invoicing import GROUPINGS


class ResCompany(models.Model):
    _inherit = "res.company"

    linserv_invoice_grouping = fields.Selection(
        GROUPINGS, string="New contracts are invoiced", required=True, default="contract"
    )
