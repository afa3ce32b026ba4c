from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    linserv_billing_user_id = fields.Many2one(related="company_id.linserv_billing_user_id", readonly=False)
    linserv_billing_approval = fields.Selection(related="company_id.linserv_billing_approval", readonly=False)
    linserv_billing_approval_percent = fields.Float(
        related="company_id.linserv_billing_approval_percent", readonly=False
    )
    linserv_billing_approver_id = fields.Many2one(related="company_id.linserv_billing_approver_id", readonly=False)
    linserv_billing_four_eyes = fields.Boolean(related="company_id.linserv_billing_four_eyes", readonly=False)
    linserv_overdue_grace_days = fields.Integer(related="company_id.linserv_overdue_grace_days", readonly=False)
    linserv_late_charge = fields.Boolean(related="company_id.linserv_late_charge", readonly=False)
    linserv_reminder_fee = fields.Monetary(related="company_id.linserv_reminder_fee", readonly=False)
    linserv_interest_margin = fields.Float(related="company_id.linserv_interest_margin", readonly=False)
