from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    linserv_prepaid_account_id = fields.Many2one(
        related="company_id.linserv_prepaid_account_id", readonly=False, domain="[('company_id', '=', company_id)]"
    )
    linserv_accrued_account_id = fields.Many2one(
        related="company_id.linserv_accrued_account_id", readonly=False, domain="[('company_id', '=', company_id)]"
    )
    linserv_accrual_journal_id = fields.Many2one(
        related="company_id.linserv_accrual_journal_id",
        readonly=False,
        domain="[('company_id', '=', company_id), ('type', '=', 'general')]",
    )
