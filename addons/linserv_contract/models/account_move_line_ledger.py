from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def unlink(self):
        """PostgreSQL takes the ledger rows along with a deleted line: tell their services that they are due again.

        sudo: an accountant who deletes a draft has no right on subscriptions.
        """
        subscriptions = self.sudo().linserv_billed_period_ids.subscription_id
        result = super().unlink()
        subscriptions._on_terms_changed()
        return result
