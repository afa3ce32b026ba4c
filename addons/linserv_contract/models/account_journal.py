from odoo import models


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def _linserv_first_sales_journal(self, company):
        """Return the journal of the company's billing: the one that Odoo proposes for customer invoices."""
        return self.search([("type", "=", "sale"), ("company_id", "=", company.id)], limit=1)
