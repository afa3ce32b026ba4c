from odoo import _, fields, models
from odoo.exceptions import UserError

# The Swedish chart of accounts (BAS): prepaid income; other prepaid costs and accrued income.
BAS_CODES = {"prepaid": "297", "accrued": "179"}


class ResCompany(models.Model):
    """The accounts and the journal of the entry at a month's end; found in the Swedish chart unless chosen."""

    _inherit = "res.company"

    linserv_prepaid_account_id = fields.Many2one(
        "account.account", string="Prepaid income", help="Empty: 2970 of the Swedish chart of accounts."
    )
    linserv_accrued_account_id = fields.Many2one(
        "account.account", string="Accrued income", help="Empty: 1790 of the Swedish chart of accounts."
    )
    linserv_accrual_journal_id = fields.Many2one(
        "account.journal",
        string="Journal of the month's end",
        help="Empty: the first journal of miscellaneous entries.",
    )

    def _linserv_accrual_account(self, kind):
        """Return the balance account of ``kind`` (prepaid, accrued)."""
        self.ensure_one()
        account = self["linserv_%s_account_id" % kind] or self.env["account.account"].search(
            [("company_id", "=", self.id), ("code", "=like", BAS_CODES[kind] + "%"), ("deprecated", "=", False)],
            order="code",
            limit=1,
        )
        if not account:
            raise UserError(
                _(
                    "%s has no account for prepaid and accrued income: choose the two accounts in the settings "
                    "of Invoicing.",
                    self.name,
                )
            )
        return account

    def _linserv_accrual_journal(self):
        """Return the journal of the entry."""
        self.ensure_one()
        journal = self.linserv_accrual_journal_id or self.env["account.journal"].search(
            [("company_id", "=", self.id), ("type", "=", "general")], limit=1
        )
        if not journal:
            raise UserError(_("%s has no journal of miscellaneous entries: make one in Invoicing.", self.name))
        return journal
