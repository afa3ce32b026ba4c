from odoo import fields, models

GROUPINGS = [
    ("contract", "One invoice for each contract"),
    ("customer", "One invoice for all contracts of the customer"),
]


class LinservContract(models.Model):
    """How the invoices of a contract are put together, and where they lead to."""

    _inherit = "linserv.contract"

    invoice_grouping = fields.Selection(
        GROUPINGS,
        required=True,
        default=lambda self: self.env.company.linserv_invoice_grouping or "contract",
        tracking=True,
        help="Contracts that share an invoice have the same invoice address, currency and payment terms.",
    )
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        string="Analytic account",
        check_company=True,
        ondelete="restrict",
        index=True,
        copy=False,
        groups="base.group_user",
        help="Every invoice line of the contract is booked on it.",
    )
    move_ids = fields.Many2many(
        "account.move",
        "account_move_linserv_contract_rel",
        "contract_id",
        "move_id",
        string="Invoices",
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
