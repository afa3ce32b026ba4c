from odoo import _, fields, models
from odoo.tools import format_date

from ..domain import agreement


class LinservContract(models.Model):
    """Adjustments that are not left to the next billing run."""

    _inherit = "linserv.contract"

    def _credit_now(self, subscriptions):
        """Make the draft of what corrects the billed days of ``subscriptions``; return the invoice or credit note.

        The same plan and the same invoice as a billing run's; a run of its own keeps the trace.
        """
        self.ensure_one()
        today = fields.Date.context_today(self)
        planned = self._plan(today)[self]
        chosen = [
            charge
            for charge in planned.charges
            if charge.kind == agreement.ADJUSTMENT and charge.key in subscriptions.ids
        ]
        if not chosen:
            return self.env["account.move"]
        plan = agreement.Plan(tuple(chosen))
        run = self.env["linserv.billing.run"].create(self._prepare_credit_run_vals(today))
        maker = self.env["linserv.billing.invoice"].with_company(self.company_id)
        move = maker._create_invoices({self: plan}, run)[self]
        # sudo: lines are written by the run alone.
        line = run.line_ids.sudo().create({"run_id": run.id, "contract_id": self.id})
        line._write_plan(plan, "billed", move)
        run._mark({"state": "done"})
        subscriptions._on_terms_changed()
        return move

    def _prepare_credit_run_vals(self, day):
        return {
            "date": day,
            "mode": "draft",
            "company_id": self.company_id.id,
            "contract_ids": [(6, 0, self.ids)],
        }

    def _amount_to_correct(self, subscriptions):
        """Return what the next invoice corrects of the billed days of ``subscriptions``; negative is a credit."""
        planned = self._plan(fields.Date.context_today(self))[self]
        return sum(
            float(charge.amount)
            for charge in planned.charges
            if charge.kind == agreement.ADJUSTMENT and charge.key in subscriptions.ids
        )


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    def _note_billed_beyond(self, end):
        """Say on the contract what is credited of days that are billed beyond the end."""
        amount = self.contract_id._amount_to_correct(self)
        if not amount:
            return
        self.contract_id.message_post(
            body=_(
                "%(service)s ends on %(end)s and is billed to %(billed)s: the next invoice credits %(amount)s.",
                service=self._short_name(),
                end=format_date(self.env, end),
                billed=format_date(self.env, self.date_billed_to),
                amount=self._format_money(-amount),
            )
        )
