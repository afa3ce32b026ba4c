import logging

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ..domain import terms

_logger = logging.getLogger(__name__)


class LinservContract(models.Model):
    """What happens to contracts by itself: the next term, the reminder before the last day of notice, the end."""

    _inherit = "linserv.contract"

    @api.model
    def _cron_terms(self):
        """Each day: go on to new terms, hand over, remind of the last day of notice, end what is past its last day."""
        today = fields.Date.context_today(self)
        self._refresh_terms(today)
        self.env["linserv.contract.transfer"]._hand_over_due(today)
        self._end_past(today)
        self._remind_all(today)

    @api.model
    def _end_past(self, today):
        """End contracts, and services on contracts that go on, after their last day. Returns the contracts."""
        contracts = self.search([("state", "=", "active"), ("date_end", "<", today)])
        for contract in contracts:
            contract._try(contract.action_end)
        domain = [("state", "=", "active"), ("date_end", "<", today), ("billing_interval", "!=", "once")]
        services = self.env["linserv.subscription"].search(domain)
        for service in services:
            service.contract_id._try(service.action_end)
        return contracts

    @api.model
    def _remind_all(self, today):
        """Remind once of each last day of notice that comes near. Returns the contracts."""
        reminded = self.browse()
        for company in self.env["res.company"].search([("linserv_notice_reminder_days", ">", 0)]):
            limit = fields.Date.add(today, days=company.linserv_notice_reminder_days)
            due = self.search(
                [
                    ("state", "=", "active"),
                    ("company_id", "=", company.id),
                    ("date_end", "=", False),
                    ("date_notice_latest", ">=", today),
                    ("date_notice_latest", "<=", limit),
                ]
            )
            for contract in due.filtered(lambda each: each.date_notice_reminded != each.date_notice_latest):
                reminded |= contract if contract._try(contract._remind, today) else self.browse()
        return reminded

    def _remind(self, today):
        """Remind of the last day of notice: an activity for the salesperson and a mail to the customer."""
        self.ensure_one()
        days = self.company_id.linserv_notice_reminder_days
        latest = terms.reminder_due(self._agreement(), today, days)
        if not latest:
            return
        self.date_notice_reminded = latest
        lang = self.user_id.lang or self.env.lang
        contract = self.with_context(lang=lang)
        contract._remind_salesperson(
            _("Last day of notice"),
            _(
                "%(name)s, %(customer)s: notice can be given until %(latest)s, else the contract is prolonged.",
                name=self.name,
                customer=self.partner_id.display_name,
                latest=format_date(contract.env, latest),
            ),
            latest,
        )
        self._mail_customer("linserv_contract.mail_template_notice_reminder")

    def _try(self, method, *arguments):
        """Do one contract's work on its own: a failure is told to the salesperson and stops no other. True if done."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                method(*arguments)
        except (UserError, ValidationError) as error:
            _logger.warning("Contract %s: %s", self.name, error)
            self._remind_salesperson(_("Something needs you"), str(error.args[0]))
            return False
        return True
