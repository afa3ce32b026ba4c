from odoo import models

from ..domain import accruals, charges, periods
from ..domain.decimals import exact


class LinservAccrual(models.Model):
    """Where the amounts of a month's end come from: posted invoice lines, drafts, and what is not invoiced yet."""

    _inherit = "linserv.accrual"

    def _collect_items(self):
        """Return ([(Item, values of its line)], what could not be valued).

        sudo: an accountant need not have rights on contracts to see what they owe.
        """
        self.ensure_one()
        accrual = self.sudo()
        unbilled, note = accrual._collect_unbilled()
        return [*accrual._collect_posted(), *accrual._collect_drafts(), *unbilled], note

    def _collect_posted(self):
        """Yield the posted lines whose days reach over the month's end, or that were booked on its other side."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("parent_state", "=", "posted"),
                ("exclude_from_invoice_tab", "=", False),
                ("linserv_date_from", "!=", False),
                "|",
                "&",
                ("date", "<=", self.date),
                ("linserv_date_to", ">", self.date),
                "&",
                ("date", ">", self.date),
                ("linserv_date_from", "<=", self.date),
            ],
            order="id",
        )
        for line in lines:
            yield self._line_item(line, line.date)

    def _collect_drafts(self):
        """Yield the lines of drafts: given before the month's end, and not in the books."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("parent_state", "=", "draft"),
                ("move_id.move_type", "in", ("out_invoice", "out_refund")),
                ("exclude_from_invoice_tab", "=", False),
                ("linserv_date_from", "!=", False),
                ("linserv_date_from", "<=", self.date),
            ],
            order="id",
        )
        for line in lines:
            yield self._line_item(line, None)

    def _line_item(self, line, booked):
        span = periods.Span(line.linserv_date_from, line.linserv_date_to)
        item = accruals.Item(line.id, -exact(line.balance), span, booked)
        return item, {
            "move_line_id": line.id,
            "subscription_id": line.linserv_subscription_id.id,
            "commercial_partner_id": line.move_id.commercial_partner_id.id,
            "account_id": line.account_id.id,
            "analytic_account_id": line.analytic_account_id.id,
            "amount_whole": -line.balance,
        }

    def _collect_unbilled(self):
        """Return ([(Item, values)], note) of the days that nobody has invoiced, as the planner sees them."""
        items, holds, accounts = [], [], {}
        for contract, terms_list in self._unbilled_terms().items():
            for terms in terms_list:
                planned = charges.plan(terms, self._planned_for(terms), exact(contract.currency_id.rounding))
                holds += [(contract, hold) for hold in planned.holds if hold.served.date_from <= self.date]
                given = [charge for charge in planned.charges if charge.served.date_from <= self.date]
                if given and terms.key not in accounts:
                    subscription = self.env["linserv.subscription"].browse(terms.key)
                    accounts[terms.key] = self._income_account(contract, subscription)
                items += [self._charge_item(contract, charge, accounts[terms.key]) for charge in given]
        return items, self._describe_holds(holds)

    def _unbilled_terms(self):
        contracts = self.env["linserv.contract"].search(
            [("company_id", "=", self.company_id.id), ("date_start", "<=", self.date)]
        )
        return contracts._prepare_terms()

    def _planned_for(self, terms):
        """Return the billing date on which the period of the month's last day is due."""
        if terms.rhythm.in_advance:
            return self.date
        served = terms.rhythm.period(terms.rhythm.number_of(self.date))
        served = served.clipped(served.date_from, terms.date_end) or served
        return max(self.date, terms.rhythm.due(served))

    def _charge_item(self, contract, charge, account):
        company = self.company_id
        amount = contract.currency_id._convert(float(charge.amount), company.currency_id, company, self.date)
        item = accruals.Item(-charge.key, exact(amount), charge.served, None)
        return item, {
            "subscription_id": charge.key,
            "commercial_partner_id": contract.commercial_partner_id.id,
            "account_id": account.id,
            "analytic_account_id": contract.analytic_account_id.id,
            "amount_whole": amount,
        }

    def _income_account(self, contract, subscription):
        company = self.company_id
        partner = contract.partner_id.address_get(["invoice"])["invoice"]
        position = self.env["account.fiscal.position"].with_company(company).get_fiscal_position(partner)
        position = self.env["account.fiscal.position"].browse(position and position.id)
        product = subscription.service_id.product_id.with_company(company)
        return self.env["linserv.billing.invoice"]._income_account(product, position)

    def _describe_holds(self, holds):
        texts = []
        for contract, hold in holds:
            texts.append("%s: %s" % (contract.name, contract._describe_holds([hold])))
        return "\n".join(texts) or False
