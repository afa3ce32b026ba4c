from dataclasses import replace
from decimal import Decimal

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..domain import charges, terms
from ..domain.periods import ONE_DAY
from .linserv_contract_billing import decimal

EVER = 36500


class LinservContract(models.Model):
    """Leaving a contract before its term ends, and what is then owed. Rule 66."""

    _inherit = "linserv.contract"

    def _prepare_exit(self, date):
        """Return what leaving on ``date`` means: ``date_bound`` the day the contract binds to, ``amount`` what is owed.

        The amount is what the planner would charge from the day after ``date`` to that day, at the prices that are
        agreed and the latest meter readings. Writes nothing.
        """
        self.ensure_one()
        today = fields.Date.context_today(self)
        bound = self.date_end or terms.last_day(self._agreement(), today)
        if self.state != "active" or date < self.date_start:
            raise UserError(_("Contract %s is not in force on that day.", self.name))
        if date >= bound:
            raise UserError(
                _(
                    "That is not early: the contract can end on %s without cost. Give notice.",
                    format_date(self.env, bound),
                )
            )
        rounding = decimal(self.currency_id.rounding)
        rest = [
            self._remaining_terms(each, date, bound) for each in self._prepare_terms()[self] if not each.rhythm.once
        ]
        plans = [charges.plan(each, bound + ONE_DAY, rounding) for each in rest if each.date_end >= each.date_start]
        return {"date_bound": bound, "amount": float(sum((plan.amount for plan in plans), Decimal(0)))}

    def _remaining_terms(self, each, date, bound):
        """Return the planner's terms of a subscription for the days after ``date`` to ``bound`` alone."""
        meter = each.meter and replace(each.meter, max_age_days=EVER)
        return replace(
            each,
            date_start=max(each.date_start, date + ONE_DAY),
            date_end=min(each.date_end or bound, bound),
            meter=meter,
            billed=(),
        )

    def _leave_early(self, date, amount, by="customer", reason=None):
        """End the contract on ``date``, charge ``amount`` once for the rest of the term. Returns the charge, or none.

        What was billed beyond ``date`` is credited by the next billing, as for every end.
        """
        self.ensure_one()
        self._lock()
        notice = self._prepare_exit(date)
        if self.is_early_exit:
            raise UserError(_("Contract %s is being left early already.", self.name))
        given = self.notice_date or fields.Date.context_today(self)
        charge = self.env["linserv.subscription"]
        if amount:
            span = (format_date(self.env, date + ONE_DAY), format_date(self.env, notice["date_bound"]))
            text = self.with_context(lang=self.partner_id.lang)._exit_text(span)
            charge = self._charge_once("exit", date, price_unit=amount, text=text, origin=self._exit_origin())
        values = {"notice_date": given, "notice_by": by, "notice_reason": reason or False}
        self.write({**values, "is_early_exit": True, "date_end": date})
        self._mail_customer("linserv_contract.mail_template_notice")
        return charge

    def _exit_text(self, span):
        return _("The rest of the term, %(first)s to %(last)s", first=span[0], last=span[1])

    def _exit_origin(self):
        return "linserv.contract.exit,%d" % self.id

    def _forget_exit_fee(self):
        """Take back what an early exit was to cost; refused when it has been invoiced."""
        fee = self.env["linserv.subscription"].search([("origin_key", "=", self._exit_origin())])
        if fee.billed_period_ids:
            raise UserError(_("What the early exit costs has been invoiced: credit that invoice first."))
        fee._withdraw_once()
