from psycopg2 import sql

from odoo import api, models

from ..domain import accruals, charges, periods, states
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
        return self._collect_lines(
            """line.parent_state = 'posted' AND (
                   line.date <= %(date)s AND line.linserv_date_to > %(date)s
                   OR line.date > %(date)s AND line.linserv_date_from <= %(date)s)"""
        )

    def _collect_drafts(self):
        """Yield the lines of drafts: given before the month's end, and not in the books."""
        return self._collect_lines(
            """line.parent_state = 'draft' AND move.move_type IN ('out_invoice', 'out_refund')
               AND line.linserv_date_from <= %(date)s"""
        )

    def _collect_lines(self, condition):
        """Yield (Item, values) of the invoice lines of a condition."""
        for model in ("account.move.line", "account.move"):
            self.env[model].flush()
        query = """
            SELECT line.id, line.linserv_date_from, line.linserv_date_to, -line.balance,
                   CASE WHEN line.parent_state = 'posted' THEN line.date END, line.linserv_subscription_id,
                   move.commercial_partner_id, line.account_id, line.analytic_account_id
              FROM account_move_line line JOIN account_move move ON move.id = line.move_id
             WHERE line.company_id = %(company)s AND line.linserv_date_from IS NOT NULL
               AND NOT coalesce(line.exclude_from_invoice_tab, FALSE) AND ({})
             ORDER BY line.id
        """
        values = {"company": self.company_id.id, "date": self.date}
        self.env.cr.execute(sql.SQL(query).format(sql.SQL(condition)), values)
        return [self._line_item(row) for row in self.env.cr.fetchall()]

    @api.model
    def _line_item(self, row):
        key, first, last, amount, booked, subscription, customer, account, analytic = row
        return accruals.Item(key, exact(amount), periods.Span(first, last), booked), {
            "move_line_id": key,
            "subscription_id": subscription or False,
            "commercial_partner_id": customer or False,
            "account_id": account,
            "analytic_account_id": analytic or False,
            "amount_whole": amount,
        }

    def _collect_unbilled(self):
        """Return ([(Item, values)], note) of the days that nobody has invoiced, as the planner sees them."""
        items, holds, accounts = [], [], {}
        for contract, terms in self._unbilled_terms():
            planned = charges.plan(terms, self._planned_for(terms), exact(contract.currency_id.rounding))
            holds += [(contract, hold) for hold in planned.holds if hold.served.date_from <= self.date]
            given = [charge for charge in planned.charges if charge.served.date_from <= self.date]
            if given:
                account = self._income_account(contract, terms.key, accounts)
                items += [self._charge_item(contract, charge, account) for charge in given]
        return items, self._describe_holds(holds)

    def _unbilled_terms(self):
        """Yield (contract, Terms) of the services that have something to bill up to the end of the month's period."""
        keys = self._unbilled_keys()
        subscriptions = self.env["linserv.subscription"].browse(sorted(keys))
        for contract, several in subscriptions.contract_id.sorted("id")._prepare_terms().items():
            for terms in several:
                if terms.key in keys:
                    yield contract, terms

    def _unbilled_keys(self):
        """Return the ids of the subscriptions that may be due: in arrears, when the month's last period is over."""
        self.env["linserv.subscription"].flush()
        self.env["linserv.contract"].flush()
        self.env.cr.execute(
            """SELECT sub.id
                 FROM linserv_subscription sub
                 JOIN linserv_contract contract ON contract.id = sub.contract_id
                WHERE sub.company_id = %(company)s AND contract.date_start <= %(date)s AND sub.state IN %(states)s
                  AND (sub.date_next_due IS NULL OR sub.date_next_due <= %(date)s + CASE
                       WHEN sub.billing_timing = 'advance' THEN interval '0'
                       WHEN sub.billing_interval = 'monthly' THEN interval '1 month'
                       WHEN sub.billing_interval = 'quarterly' THEN interval '3 months'
                       ELSE interval '1 year' END)""",
            {"company": self.company_id.id, "date": self.date, "states": tuple(states.BILLABLE)},
        )
        return {key for (key,) in self.env.cr.fetchall()}

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
            "move_line_id": False,
            "subscription_id": charge.key,
            "commercial_partner_id": contract.commercial_partner_id.id,
            "account_id": account.id,
            "analytic_account_id": contract.analytic_account_id.id,
            "amount_whole": amount,
        }

    def _income_account(self, contract, key, known):
        """Return the account; looked up once for each service and kind of customer, kept in ``known``."""
        partner = contract.partner_id.browse(contract.partner_id.address_get(["invoice"])["invoice"])
        partner = partner.with_company(self.company_id)
        service = self.env["linserv.subscription"].browse(key).service_id
        kind = (service, partner.property_account_position_id, bool(partner.vat))
        kind += (partner.country_id, partner.state_id, partner.zip)
        if kind not in known:
            known[kind] = self._find_income_account(partner, service)
        return known[kind]

    def _find_income_account(self, partner, service):
        company = self.company_id
        position = self.env["account.fiscal.position"].with_company(company).get_fiscal_position(partner.id)
        position = self.env["account.fiscal.position"].browse(position and position.id)
        product = service.product_id.with_company(company)
        return self.env["linserv.billing.invoice"]._income_account(product, position)

    def _describe_holds(self, holds):
        texts = []
        for contract, hold in holds:
            texts.append("%s: %s" % (contract.name, contract._describe_holds([hold])))
        return "\n".join(texts) or False
