import logging

import psycopg2

from odoo import _, fields, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY
from odoo.tools import formatLang

_logger = logging.getLogger(__name__)

# What a broken contract, product, tax or customer can raise. Anything else is a fault of the suite and stops the run.
CONTRACT_ERRORS = (UserError, RedirectWarning, psycopg2.Error, ArithmeticError, LookupError, TypeError, ValueError)
OVERLAP = "linserv_billed_period_no_overlap"
OVERLAP_ATTEMPTS = 3


class _TakeBackError(Exception):
    """Ends a trial: what it wrote is rolled back."""


class LinservBillingRunLine(models.Model):
    """What a billing run does, or did, with one contract."""

    _name = "linserv.billing.run.line"
    _description = "Billing Run Line"
    _order = "run_id desc, commercial_partner_id, id"
    _rec_name = "contract_id"

    run_id = fields.Many2one("linserv.billing.run", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    contract_id = fields.Many2one("linserv.contract", required=True, ondelete="cascade", index=True)
    partner_id = fields.Many2one(related="contract_id.partner_id", string="Customer")
    commercial_partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("planned", "To bill"),
            ("billed", "Billed"),
            ("held", "Held back"),
            ("failed", "Failed"),
            ("nothing", "Nothing due"),
        ],
        required=True,
        default="waiting",
        index=True,
    )
    held = fields.Boolean(help="Something that is due was not billed, see the reason.")
    reason = fields.Text(help="Why something was not billed, and what to do.")
    detail = fields.Text("Lines", help="What is billed: service, period, quantity, price.")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    amount = fields.Monetary("Amount excl. VAT")
    amount_company = fields.Monetary(
        "Amount in the company's currency", currency_field="company_currency_id", compute="_compute_amount_company"
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company currency")
    move_id = fields.Many2one("account.move", string="Invoice", ondelete="set null", index=True)
    attempts = fields.Integer()

    def _compute_amount_company(self):
        for line in self:
            line.amount_company = line._in_company_currency(line.amount)

    def _in_company_currency(self, amount):
        return self.currency_id._convert(amount, self.company_currency_id, self.company_id, self.run_id.date)

    def _preview(self):
        """Write on each line what ``_bill`` would do: the same plan, the same invoice values, no invoice."""
        plans = self.with_company(self.run_id.company_id)._plans()
        maker = self.env["linserv.billing.invoice"]._with_memory()
        maker._prefetch(dict(plans))
        for line, plan in plans:
            try:
                if plan.charges:
                    maker._prepare_invoice_vals(line.contract_id, plan, line.run_id)
                line._write_plan(plan, "planned")
            except CONTRACT_ERRORS as error:
                line._fail(error)
        self._compare(dict(plans))
        self.filtered(lambda line: line.state == "nothing" and not line.amount_before).unlink()

    def _bill(self):
        """Make the invoices of these lines: all at once; when that fails, in halves down to the broken ones.

        A line that another worker has dealt with meanwhile is left as it is.
        """
        waiting = self.filtered(lambda line: line.state == "waiting")
        if waiting:
            self._bill_units(waiting._units())

    def _bill_units(self, units):
        """Bill ``units``, each of lines that must be billed together."""
        try:
            with self.env.cr.savepoint():
                self.browse().concat(*units)._bill_together()
        except CONTRACT_ERRORS as error:
            self._raise_if_conflict(error)
            if len(units) == 1:
                units[0]._bill_apart()
            else:
                middle = len(units) // 2
                self._bill_units(units[:middle])
                self._bill_units(units[middle:])

    def _shares_invoice(self):
        """Whether the contract of this line shares an invoice with others of its customer."""
        return self.contract_id.invoice_grouping == "customer"

    def _units(self):
        """Return these lines split into those that must be billed together."""
        units = {}
        for line in self:
            key = ("customer", line.commercial_partner_id.id) if line._shares_invoice() else ("line", line.id)
            units[key] = units.get(key, self.browse()) | line
        return list(units.values())

    def _bill_apart(self):
        """Bill lines that share an invoice; one that is broken is left out, the others still share theirs."""
        good = self if len(self) == 1 else self.filtered(lambda line: line._is_billable_alone())
        for line in self - good:
            line._bill_alone()
        if good:
            good._bill_alone()

    def _is_billable_alone(self):
        """Try it, and take it back."""
        try:
            with self.env.cr.savepoint():
                self._bill_together()
                raise _TakeBackError
        except _TakeBackError:
            return True
        except CONTRACT_ERRORS as error:
            self._raise_if_conflict(error)
            return False

    def _bill_alone(self):
        try:
            with self.env.cr.savepoint():
                self._bill_together()
        except CONTRACT_ERRORS as error:
            self._raise_if_conflict(error)
            for line in self:
                if OVERLAP in str(error) and line.attempts < OVERLAP_ATTEMPTS:
                    # Another run billed it meanwhile; the next transaction sees that and bills what is left.
                    # sudo: lines are written by the run alone.
                    line.sudo().attempts += 1
                else:
                    line._fail(error)

    def _bill_together(self):
        plans = dict(self.with_company(self.run_id.company_id)._plans())
        due = {line.contract_id: plan for line, plan in plans.items() if plan.charges}
        run = self.run_id
        for line, plan in plans.items():
            line._check_approved(plan)
        maker = self.env["linserv.billing.invoice"].with_company(run.company_id)
        moves = maker._create_invoices(due, run) if due else {}
        made = self.env["account.move"].browse(sorted({move.id for move in moves.values()}))
        if made and run.mode in ("post", "post_send"):
            made._linserv_post()
        if made and run.mode == "post_send":
            made._linserv_plan_send()
        maker._prefetch(due)
        for line, plan in plans.items():
            line._write_plan(plan, "billed", moves.get(line.contract_id))
        self.contract_id._refresh_next_due({line.contract_id: plan for line, plan in plans.items()})

    def _plans(self):
        """Yield (line, plan) in order."""
        plans = self.contract_id._plan(self.run_id.date)
        return [(line, plans[line.contract_id]) for line in self]

    def _write_plan(self, plan, state, move=None):
        """sudo: lines are written by the run alone."""
        if not plan.charges:
            state = "held" if plan.holds else "nothing"
        self.sudo().write(
            {
                "state": state,
                "held": bool(plan.holds),
                "reason": self.contract_id._describe_holds(plan.holds) or False,
                "detail": "\n".join(self._describe_charge(charge) for charge in plan.charges) or False,
                "amount": float(plan.amount),
                "move_id": move.id if move else False,
            }
        )

    def _describe_charge(self, charge):
        subscription = self.env["linserv.subscription"].browse(charge.key)
        money = lambda number: formatLang(self.env, float(number), currency_obj=self.currency_id)  # noqa: E731
        return _(
            "%(service)s, %(period)s: %(quantity)s × %(price)s = %(amount)s",
            service=subscription._short_name(),
            period=self.contract_id._format_span(charge.served),
            quantity=subscription._format_quantity(charge.invoice_quantity),
            price=money(charge.invoice_price),
            amount=money(charge.amount),
        )

    def _fail(self, error):
        """Report what went wrong with the contract; the rest of the run goes on."""
        _logger.warning("Billing run %s, contract %s: %s", self.run_id.id, self.contract_id.id, error)
        self.sudo().write(
            {"state": "failed", "held": False, "reason": self._explain(error), "detail": False, "amount": 0.0}
        )

    def _explain(self, error):
        if isinstance(error, (UserError, RedirectWarning)):
            return str(error.args[0]) if error.args else str(error)
        if OVERLAP in str(error):
            return _("The period has been billed already. Run the billing again: it bills only what is missing.")
        return _("The invoice could not be made: %s", error)

    def _raise_if_conflict(self, error):
        """A conflict with another transaction is nobody's fault: the whole batch is done again."""
        if isinstance(error, psycopg2.OperationalError) and error.pgcode in PG_CONCURRENCY_ERRORS_TO_RETRY:
            raise error
