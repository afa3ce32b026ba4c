from odoo import api, fields, models

from ..domain import states

# What billing reads of a subscription itself.
TERMS = {
    "state",
    "contract_id",
    "service_id",
    "instance_id",
    "date_start",
    "date_end",
    "billing_interval",
    "billing_timing",
}


class LinservSubscription(models.Model):
    """When a subscription is due: kept in an indexed column, so that a run of thousands asks only those that are."""

    _inherit = "linserv.subscription"

    date_next_due = fields.Date(
        "Due", copy=False, readonly=True, help="When there is something to bill. Empty: ask the planner."
    )

    def init(self):
        """Index what a billing run looks for."""
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS linserv_subscription_due_idx ON linserv_subscription "
            "(company_id, date_next_due) WHERE state IN ('active', 'ended')"
        )

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        subscriptions._on_terms_changed()
        return subscriptions

    def write(self, vals):
        result = super().write(vals)
        if TERMS & set(vals):
            self._on_terms_changed()
        return result

    def _on_terms_changed(self):
        """Called after anything that billing reads has changed: terms, prices, discounts, pauses, readings, the ledger.

        sudo: an accountant who cancels an invoice changes when a service is due, and has no right on it.
        """
        known = self.sudo().exists()
        if known:
            # Written also where it is empty: who bills at the same moment on what was must be refused the row.
            known.flush(["date_next_due"])
            self.env.cr.execute("UPDATE linserv_subscription SET date_next_due = NULL WHERE id IN %s", [known._ids])
            known.invalidate_cache(["date_next_due"], known.ids)

    def _set_next_due(self, days):
        """Write {subscription id: date} as the planner said."""
        by_day = {}
        for key, day in days.items():
            by_day.setdefault(day, []).append(key)
        for day, keys in by_day.items():
            # sudo: whoever bills need not have the right to change a subscription.
            self.sudo().browse(keys).with_context(tracking_disable=True).write({"date_next_due": day})


class LinservContract(models.Model):
    _inherit = "linserv.contract"

    def write(self, vals):
        result = super().write(vals)
        if {"state", "date_start", "date_end", "billing_alignment"} & set(vals):
            self.sudo().subscription_ids._on_terms_changed()
        return result

    @api.model
    def _search_due(self, company, date, among=None):
        """Return the ids of the company's contracts that may have something to bill on ``date``, in order.

        :param among: contracts to choose from; all of the company's unless given
        """
        self.env["linserv.subscription"].flush(["company_id", "contract_id", "state", "date_next_due"])
        self.flush(["state"])
        self.env.cr.execute(
            """
            SELECT DISTINCT subscription.contract_id
            FROM linserv_subscription subscription
            JOIN linserv_contract contract ON contract.id = subscription.contract_id
            WHERE subscription.company_id = %s
              AND subscription.state IN ('active', 'ended')
              AND (subscription.date_next_due IS NULL OR subscription.date_next_due <= %s)
              AND contract.state IN %s
              AND (%s OR contract.id = ANY (%s))
            ORDER BY subscription.contract_id
            """,
            [company.id, date, tuple(sorted(states.BILLABLE)), among is None, among.ids if among else []],
        )
        return [contract_id for (contract_id,) in self.env.cr.fetchall()]

    def _refresh_next_due(self, plans=None):
        """Keep when the services of these contracts are due next.

        ``plans`` is {contract: Plan} of what has just been billed; without it the planner is asked.
        """
        days = {}
        if plans is not None:
            for plan in plans.values():
                days.update(plan.next_due)
        else:
            today = fields.Date.context_today(self)
            for plan in self._plan(today).values():
                days.update(plan.next_due)
                days.update({item.key: today for item in plan.charges})
        self.env["linserv.subscription"]._set_next_due(days)
