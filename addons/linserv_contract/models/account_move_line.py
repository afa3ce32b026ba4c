from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    linserv_billed_period_ids = fields.One2many(
        "linserv.billed.period", "move_line_id", string="Billed periods", context={"active_test": False}
    )
    linserv_subscription_id = fields.Many2one(
        "linserv.subscription", string="Subscription", index=True, readonly=True, ondelete="restrict"
    )
    linserv_date_from = fields.Date("Service from", readonly=True, help="First day that the line is the price of.")
    linserv_date_to = fields.Date("Service to", readonly=True, help="Last day that the line is the price of.")
    linserv_origin_line_id = fields.Many2one(
        "account.move.line",
        string="Reversed line",
        copy=False,
        index=True,
        ondelete="set null",
        help="The invoice line that this line of a credit note, or of the invoice that replaces it, was made from.",
    )

    def _copy_data_extend_business_fields(self, values):
        # Odoo calls this for credit notes and replacing invoices only, not when a person duplicates an invoice.
        result = super()._copy_data_extend_business_fields(values)
        if self.linserv_billed_period_ids:
            values["linserv_origin_line_id"] = self.id
        return result
