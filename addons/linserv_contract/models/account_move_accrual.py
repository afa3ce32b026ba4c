from odoo import fields, models


class AccountMove(models.Model):
    """The entry of a month's end: reversed when it is posted, and its reversal goes when it is taken back."""

    _inherit = "account.move"

    linserv_accrual_id = fields.Many2one(
        "linserv.accrual",
        string="Prepaid and accrued income",
        readonly=True,
        copy=False,
        index=True,
        ondelete="set null",
    )

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        posted.linserv_accrual_id._after_posting()
        return posted

    def button_draft(self):
        self.linserv_accrual_id._before_reset()
        return super().button_draft()

    def button_cancel(self):
        self.linserv_accrual_id._before_reset()
        return super().button_cancel()
