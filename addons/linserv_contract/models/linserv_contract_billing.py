from collections import defaultdict
from decimal import Decimal

from odoo import _, fields, models
from odoo.tools import format_date

from ..domain import agreement, charges, periods, states

INVOICES_SHOWN = 24


def decimal(number):
    """Return the exact decimal that a stored number shows."""
    return Decimal(str(number))


class LinservContract(models.Model):
    """What a contract owes: fetch the terms, ask the planner; for the billing run, for staff and for the customer."""

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
            date, plan = today, charges.plan_all(terms, today, rounding)
            if not (plan.charges or plan.holds):
                date = min(plan.next_due.values(), default=periods.FOREVER)
                plan = charges.plan_all(terms, date, rounding) if date < periods.FOREVER else plan
            invoices[contract] = (date if plan.charges or plan.holds else False, plan)
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
        billed = subscriptions._billed_rows()
        readings = subscriptions._meter_readings()
        terms = defaultdict(list)
        for subscription in subscriptions:
            terms[subscription.contract_id.id].append(
                subscription._prepare_terms(billed[subscription.id], readings[subscription])
            )
        return {contract: terms[contract.id] for contract in self}

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

    # What the customer sees: plain values of this one contract, asked for after the record rules let them read it.
    # sudo in these methods: a customer has no right on subscriptions, readings, the ledger or the run.

    def _prepare_portal_values(self):
        """Return the values of the customer's page of this contract."""
        self.ensure_one()
        contract = self.sudo()
        agreed = contract.subscription_ids.filtered(lambda sub: sub.state in ("active", "ended"))
        once = agreed.filtered(lambda sub: sub.billing_interval == "once").sorted("date_start", reverse=True)
        shown = agreed - once
        return {
            "services": [subscription._prepare_portal_vals() for subscription in shown],
            "one_off": [subscription._prepare_portal_once_vals() for subscription in once[:INVOICES_SHOWN]],
            "next_invoice": contract._prepare_portal_next_invoice(),
            "invoices": [contract._prepare_portal_invoice_vals(move) for move in contract._portal_invoices()],
        }

    def _prepare_portal_next_invoice(self):
        date, plan = self._next_invoices(fields.Date.context_today(self))[self]
        if not date:
            return False
        return {
            "date": date,
            "amount": float(plan.amount),
            "charges": [self._prepare_portal_charge_vals(charge) for charge in plan.charges],
            "waiting": sorted(
                {self.env["linserv.subscription"].sudo().browse(hold.key)._short_name() for hold in plan.holds}
            ),
        }

    def _prepare_portal_charge_vals(self, charge):
        subscription = self.env["linserv.subscription"].sudo().browse(charge.key)
        return {
            "name": subscription._short_name(),
            "period": self._format_span(charge.served),
            "amount": float(charge.amount),
            "preliminary": bool(charge.reading),
            "note": subscription._adjustment_text(charge) if charge.kind == agreement.ADJUSTMENT else False,
        }

    def _portal_invoices(self, limit=INVOICES_SHOWN, offset=0):
        domain = self._get_portal_invoice_domain()
        return (
            self.env["account.move"]
            .sudo()
            .search(domain, order="invoice_date desc, id desc", limit=limit, offset=offset)
        )

    def _portal_invoice_count(self):
        return self.env["account.move"].sudo().search_count(self._get_portal_invoice_domain())

    def _get_portal_invoice_domain(self):
        return [
            ("linserv_contract_ids", "in", self.ids),
            ("commercial_partner_id", "=", self.commercial_partner_id.id),
            ("move_type", "in", ("out_invoice", "out_refund")),
            ("state", "=", "posted"),
        ]

    def _prepare_portal_invoice_vals(self, move):
        return {
            "name": move.name,
            "date": move.invoice_date,
            "date_due": move.invoice_date_due,
            "amount": -move.amount_total if move.move_type == "out_refund" else move.amount_total,
            "currency": move.currency_id,
            "paid": move.payment_state in ("paid", "in_payment", "reversed"),
            "credit": move.move_type == "out_refund",
            "url": "/my/invoices/%d" % move.id,
            "evidence": [
                {"name": attachment.name, "url": "/my/contracts/%d/evidence/%d" % (self.id, attachment.id)}
                for attachment in move.linserv_evidence_ids
            ],
        }

    def _portal_evidence(self, attachment_id):
        """Return the attachment if it is evidence on one of the contract's posted invoices, else nothing."""
        self.ensure_one()
        evidence = self.sudo()._portal_invoices(limit=None).linserv_evidence_ids
        return evidence.filtered(lambda attachment: attachment.id == attachment_id)
