from collections import defaultdict
from decimal import Decimal

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..domain import charges, periods, states


def decimal(number):
    """Return the exact decimal that a stored number shows."""
    return Decimal(str(number))


class LinservContract(models.Model):
    """Billing of a contract: fetch the terms, ask the planner, prepare the invoice."""

    _inherit = "linserv.contract"

    date_next_invoice = fields.Date("Next invoice", compute="_compute_next_invoice")
    amount_next_invoice = fields.Monetary(
        compute="_compute_next_invoice", help="Excluding VAT, at today's prices and meter readings."
    )

    def _compute_next_invoice(self):
        today = fields.Date.context_today(self)
        for contract, (date, plan) in self._next_invoices(today).items():
            contract.date_next_invoice = date
            contract.amount_next_invoice = float(plan.amount)

    def _next_invoices(self, today):
        """Return {contract: (date or False, Plan)} of the next invoice, as the planner sees it today."""
        invoices = {}
        for contract, terms in self._prepare_terms().items():
            rounding = decimal(contract.currency_id.rounding)
            days = filter(None, (charges.next_billing_date(each, today) for each in terms))
            date = min(days, default=False)
            invoices[contract] = (date, charges.plan_all(terms, date, rounding) if date else charges.Plan())
        return invoices

    def _plan(self, billing_date):
        """Return {contract: Plan} of what is due on ``billing_date``. Writes nothing."""
        terms = self._prepare_terms()
        plans = {}
        for contract in self:
            plans[contract] = charges.plan_all(terms[contract], billing_date, decimal(contract.currency_id.rounding))
        return plans

    def _prepare_terms(self):
        """Return {contract: [Terms]} of the subscriptions that can be billed.

        sudo: the plan must see every reading and ledger row, whoever asks; what it answers is the caller's to guard.
        """
        contracts = self.sudo().filtered(lambda contract: contract.state in states.BILLABLE)
        subscriptions = contracts.subscription_ids.filtered(lambda sub: sub.state in states.BILLABLE)
        billed = subscriptions._billed_spans()
        readings = subscriptions._meter_readings()
        terms = defaultdict(list)
        for subscription in subscriptions:
            terms[subscription.contract_id.id].append(
                subscription._prepare_terms(billed[subscription.id], readings[subscription])
            )
        return {contract: terms[contract.id] for contract in self}

    def _prepare_invoice_vals(self, plan, run):
        """Return the values of the invoice of ``plan``, in the customer's language and on the customer's terms."""
        self.ensure_one()
        partner = self.env["res.partner"].browse(self.partner_id.address_get(["invoice"])["invoice"])
        company = self.company_id
        position = self.env["account.fiscal.position"].with_company(company).get_fiscal_position(partner.id)
        position = self.env["account.fiscal.position"].browse(position and position.id)
        language = self._invoice_language(partner)
        return {
            "move_type": "out_invoice",
            "linserv_contract_id": self.id,
            "linserv_billing_run_id": run.id,
            "linserv_evidence_state": "pending" if any(charge.reading for charge in plan.charges) else False,
            "company_id": company.id,
            "journal_id": self._sales_journal().id,
            "partner_id": partner.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": position.id,
            "invoice_payment_term_id": self.payment_term_id.id,
            "invoice_user_id": self.user_id.id,
            "invoice_date": run.invoice_date or run.date,
            "date": run.invoice_date or run.date,
            "invoice_origin": self.name,
            "invoice_line_ids": [
                (0, 0, self._prepare_invoice_line_vals(charge, number, position, language))
                for number, charge in enumerate(plan.charges, start=1)
            ],
        }

    def _prepare_invoice_line_vals(self, charge, number, position, language):
        subscription = self.env["linserv.subscription"].browse(charge.key)
        product = subscription.service_id.product_id.with_company(self.company_id)
        account = self._income_account(product, position)
        taxes = product.taxes_id.filtered_domain([("company_id", "=", self.company_id.id)])
        taxes = taxes or account.tax_ids or self.company_id.account_sale_tax_id
        return {
            "sequence": number * 10,
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "name": subscription.with_context(lang=language)._charge_text(charge),
            "account_id": account.id,
            "quantity": float(charge.invoice_quantity),
            "price_unit": float(charge.invoice_price),
            "tax_ids": [(6, 0, position.map_tax(taxes, product, self.partner_id).ids)],
        }

    def _income_account(self, product, position):
        account = product.product_tmpl_id.get_product_accounts(position)["income"]
        if not account:
            raise UserError(
                _(
                    "%s has no income account: set one on the product or on its category.",
                    product.display_name,
                )
            )
        return account

    def _prepare_billed_period_vals(self, charge, move_line):
        return {
            "subscription_id": charge.key,
            "date_from": charge.served.date_from,
            "date_to": charge.served.date_to,
            "move_line_id": move_line.id,
            "reading_id": charge.reading.key if charge.reading else False,
            "quantity": float(charge.quantity),
            "price_unit": float(charge.price_unit),
            "amount": float(charge.amount),
        }

    def _create_invoices(self, plans, run):
        """Make one draft invoice for each contract of ``plans`` and its rows in the ledger.

        Returns {contract: invoice}. Raises what Odoo raises; an overlapping period is an IntegrityError.
        sudo: nobody has the right to write the ledger by hand, only this method does.
        """
        contracts = list(plans)
        moves = (
            self.env["account.move"]
            .with_context(default_move_type="out_invoice", tracking_disable=True, mail_create_nosubscribe=True)
            .create([contract._prepare_invoice_vals(plans[contract], run) for contract in contracts])
            .with_context(tracking_disable=False)
        )
        rows = []
        for contract, move in zip(contracts, moves):
            lines = move.invoice_line_ids.sorted("sequence")
            for charge, line in zip(plans[contract].charges, lines):
                rows.append(contract._prepare_billed_period_vals(charge, line))
            contract._check_invoice(plans[contract], move)
        self.env["linserv.billed.period"].sudo().create(rows).flush()
        return dict(zip(contracts, moves))

    def _check_invoice(self, plan, move):
        """Refuse an invoice that is not what was planned: better no invoice than a wrong one."""
        same_lines = len(move.invoice_line_ids) == len(plan.charges)
        if not same_lines or self.currency_id.compare_amounts(self._untaxed(plan, move), float(plan.amount)):
            raise UserError(
                _(
                    "The invoice of %(contract)s came to %(amount)s and not to the planned %(planned)s.",
                    contract=self.name,
                    amount=move.amount_untaxed,
                    planned=plan.amount,
                )
            )

    def _untaxed(self, plan, move):
        """Return the invoice's amount as the prices were written (with prices that include tax: before it is split)."""
        lines = move.invoice_line_ids
        if any(lines.tax_ids.flatten_taxes_hierarchy().mapped("price_include")):
            return float(plan.amount)
        return move.amount_untaxed

    def _sales_journal(self):
        journal = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company_id.id)], limit=1
        )
        if not journal:
            raise UserError(_("%s has no sales journal: make one in Invoicing.", self.company_id.name))
        return journal

    def _invoice_language(self, partner):
        return partner.lang or self.commercial_partner_id.lang or self.company_id.partner_id.lang or self.env.lang

    def _format_span(self, span):
        return "%s – %s" % (format_date(self.env, span.date_from), format_date(self.env, span.date_to))

    def _describe_holds(self, holds):
        """Return one sentence for each service that is held back, in the reader's language."""
        grouped = defaultdict(list)
        for hold in holds:
            grouped[hold.key, hold.reason].append(hold)
        return "\n".join(self._describe_hold(group) for group in grouped.values())

    def _describe_hold(self, holds):
        hold = holds[0]
        span = periods.Span(hold.served.date_from, holds[-1].served.date_to)
        values = {
            "service": self.env["linserv.subscription"].browse(hold.key)._short_name(),
            "period": self._format_span(span),
            "days": hold.values.get("max_age_days"),
            "date": hold.values.get("date") and format_date(self.env, hold.values["date"]),
        }
        if hold.reason == charges.READING_MISSING:
            text = _("%(service)s, %(period)s: there is no approved meter reading. Approve one, then bill again.")
        elif hold.reason == charges.READING_TOO_OLD:
            text = _(
                "%(service)s, %(period)s: the latest approved meter reading is from %(date)s, more than %(days)s days "
                "old. Approve a new one, then bill again."
            )
        else:
            text = _("%(service)s, %(period)s: there is no price from %(date)s. Add one, then bill again.")
        return text % values
