from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    linserv_notice_reminder_days = fields.Integer(
        "Remind before the last day of notice (days)",
        default=30,
        help="So many days before the last day of notice the salesperson gets an activity and the customer a mail. "
        "0: no reminder.",
    )
