from odoo import fields, models

from .linserv_contract_invoicing import GROUPINGS


class ResCompany(models.Model):
    _inherit = "res.company"

    linserv_invoice_grouping = fields.Selection(
        GROUPINGS, string="New contracts are invoiced", required=True, default="contract"
    )
    linserv_ocr = fields.Selection(
        [
            ("off", "As the journal says"),
            ("check", "OCR with check digit"),
            ("length", "OCR with length digit and check digit"),
        ],
        string="Payment reference",
        required=True,
        default="length",
        help="For companies in Sweden: the reference that a customer pays with, made of the invoice's number. Choose "
        "what the agreement with Bankgirot says.",
    )
