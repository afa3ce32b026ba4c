from odoo import fields, models


class ResCompany(models.Model):
    """How a company bills: who approves a run, who puts right what fails, what a late payment costs."""

    _inherit = "res.company"

    linserv_billing_user_id = fields.Many2one(
        "res.users",
        string="Billing responsible",
        help="Gets a to-do for what a billing run could not bill, where the contract has no salesperson.",
    )
    linserv_billing_approval = fields.Selection(
        [
            ("never", "Never"),
            ("threshold", "When the total differs from last month by more than"),
            ("always", "Always"),
        ],
        string="Approval of billing runs",
        required=True,
        default="never",
    )
    linserv_billing_approval_percent = fields.Float("Difference that needs approval (%)", default=10.0)
    linserv_billing_approver_id = fields.Many2one(
        "res.users", string="Approver", help="Gets a to-do when approval of a billing run is asked for."
    )
    linserv_billing_four_eyes = fields.Boolean(
        "Approved by somebody else", help="Whoever asks for approval of a billing run may not approve it."
    )
    linserv_overdue_grace_days = fields.Integer(
        "Days of grace", default=3, help="Days after the due date until a customer is shown as overdue."
    )
    linserv_late_charge = fields.Boolean("Late fees and interest")
    linserv_reminder_fee = fields.Monetary("Reminder fee", default=60.0)
    linserv_interest_margin = fields.Float(
        "Interest above the reference rate (points)", default=8.0, help="The Interest Act (1975:635) says 8."
    )

    _sql_constraints = [
        (
            "linserv_billing_positive",
            "CHECK (linserv_billing_approval_percent >= 0 AND linserv_overdue_grace_days >= 0 "
            "AND linserv_reminder_fee >= 0 AND linserv_interest_margin >= 0)",
            "Percentages, days, fees and margins of billing cannot be negative.",
        ),
    ]
