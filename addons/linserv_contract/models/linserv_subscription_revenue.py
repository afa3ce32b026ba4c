import logging
from collections import defaultdict
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models

from ..domain import revenue, states
from ..domain.decimals import exact

_logger = logging.getLogger(__name__)

PENDING = "linserv.revenue"


class LinservSubscription(models.Model):
    """What a subscription adds to the ledger of recurring revenue."""

    _inherit = "linserv.subscription"

    revenue_date_checked = fields.Date(
        index=True, readonly=True, copy=False, help="When the ledger of recurring revenue was last compared."
    )
    amount_month = fields.Monetary(
        "Per month",
        compute="_compute_amount_month",
        compute_sudo=True,
        currency_field="currency_id",
        help="What the service brings a month at today's terms, excluding VAT.",
    )

    def _compute_amount_month(self):
        amounts = self._revenue_amounts(fields.Date.context_today(self))
        for subscription in self:
            subscription.amount_month = amounts.get(subscription.id, 0.0)

    def _revenue_amounts(self, day):
        """Return {id: monthly revenue in the contract's currency} on ``day`` by the ledger."""
        self.env["linserv.revenue.movement"].flush()
        self.env.cr.execute(
            """SELECT subscription_id, sum(amount_currency) FROM linserv_revenue_movement
                WHERE subscription_id IN %s AND date <= %s GROUP BY subscription_id""",
            [tuple(self.ids) or (0,), day],
        )
        return {key: float(amount or 0) for key, amount in self.env.cr.fetchall()}

    def _on_terms_changed(self):
        """Note whose revenue may have changed; the movements are written at the end of the same transaction."""
        result = super()._on_terms_changed()
        if not self.env.context.get("linserv_ledger_only"):
            self._queue_revenue()
        return result

    def _queue_revenue(self):
        precommit = self.env.cr.precommit
        if PENDING not in precommit.data:
            precommit.data[PENDING] = set()
            # By the superuser: at the end of the transaction the user may be one that was taken back with a savepoint.
            precommit.add(self.with_user(SUPERUSER_ID).browse()._record_pending_revenue)
        precommit.data[PENDING].update(self.ids)

    @api.model
    def _record_pending_revenue(self):
        """Write the movements of this transaction. A fault here never keeps a sale: it is logged and tried again."""
        pending = self.browse(self.env.cr.precommit.data.pop(PENDING, ())).exists()
        if not pending:
            return
        try:
            with self.env.cr.savepoint(flush=False):
                pending._record_revenue()
                pending.flush()
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.exception("Movements of recurring revenue could not be written; the scheduled action tries again.")
            self.env.clear()
            self.env.cr.execute(
                "UPDATE linserv_subscription SET revenue_date_checked = NULL WHERE id IN %s", [tuple(pending.ids)]
            )

    def _record_revenue(self, whole=False):
        """Add what the ledger of these subscriptions' customers lacks. Returns the new movements.

        The kind of a movement is the customer's: of their other services the amounts that are recorded are taken as
        they are, unless ``whole``, and only their kinds are looked at again.
        sudo: whoever changes a price has no right to write the ledger; nobody has.
        """
        subscriptions = self.sudo()
        if whole:
            subscriptions = subscriptions._of_same_customers()
        subscriptions._mark_revenue_checked()
        recorded, rates, owners = subscriptions._recorded_revenue()
        wanted = subscriptions._wanted_revenue(recorded, rates, owners)
        missing = revenue.corrections(wanted, recorded)
        known = {(place.day, place.key) for place in recorded}
        rows = [
            {
                "subscription_id": place.key,
                "date": place.day,
                "kind": place.kind,
                "amount": float(amounts.month),
                "amount_year": float(amounts.year),
                "amount_currency": float(amounts.month_currency),
                "rate": float(rates[place.key]),
                "is_correction": (place.day, place.key) in known,
            }
            for place, amounts in missing.items()
        ]
        return self.env["linserv.revenue.movement"].sudo()._insert(rows)

    def _mark_revenue_checked(self):
        """Write the day; and each customer's first service, so that of two transactions on one customer one fails.

        Odoo tries it again. Without that both would add the same row.
        """
        self.flush(["commercial_partner_id", "company_id"])
        self.env.cr.execute(
            """UPDATE linserv_subscription
                  SET revenue_date_checked = CASE WHEN id IN %(ids)s THEN %(today)s ELSE revenue_date_checked END
                WHERE id IN %(ids)s OR id IN (
                      SELECT min(id) FROM linserv_subscription
                       WHERE commercial_partner_id IN %(customers)s GROUP BY commercial_partner_id, company_id)""",
            {
                "ids": tuple(self.ids) or (0,),
                "today": fields.Date.context_today(self),
                "customers": tuple(self.commercial_partner_id.ids) or (0,),
            },
        )
        self.invalidate_cache(["revenue_date_checked"], self.ids)

    def _of_same_customers(self):
        """Return every subscription of these subscriptions' customers: a kind is decided by customer."""
        return self.search(
            [
                ("commercial_partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )

    def _recorded_revenue(self):
        """Return ({Place: Amounts}, {subscription id: rate}, {subscription id: (company id, customer id)}).

        Of the ledgers of all of these subscriptions' customers.
        """
        self.env["linserv.revenue.movement"].flush()
        self.env.cr.execute(
            """SELECT subscription_id, date, kind, sum(amount), sum(amount_year), sum(amount_currency), min(rate),
                      company_id, commercial_partner_id
                 FROM linserv_revenue_movement
                WHERE commercial_partner_id IN %s AND company_id IN %s
                GROUP BY subscription_id, date, kind, company_id, commercial_partner_id""",
            [tuple(self.commercial_partner_id.ids) or (0,), tuple(self.company_id.ids) or (0,)],
        )
        recorded, rates, owners = {}, {}, {}
        for key, day, kind, month, year, currency, rate, *owner in self.env.cr.fetchall():
            recorded[revenue.Place(day, key, kind)] = revenue.Amounts(
                *(exact(amount or 0) for amount in (month, year, currency))
            )
            rates[key], owners[key] = exact(rate), tuple(owner)
        return recorded, rates, owners

    def _wanted_revenue(self, recorded, rates, owners):
        """Return {Place: Amounts} as the terms say; ``rates`` gets the rate of each subscription that had none."""
        stairs, known = self._revenue_stairs(rates), defaultdict(dict)
        own = set(self.ids)
        for place, amounts in recorded.items():
            if place.key not in own:
                known[owners[place.key]][place] = amounts
        moved, wanted = self._handed_over_days(), {}
        roundings = {company.id: exact(company.currency_id.rounding) for company in self.company_id}
        for owner in {*stairs, *known}:
            wanted.update(revenue.movements(stairs[owner], roundings[owner[0]], known[owner], moved))
        return wanted

    def _revenue_stairs(self, rates):
        """Return {(company id, customer id): [Stair]} of what is in force."""
        live = self.filtered(lambda sub: sub.state in states.BILLABLE and sub.contract_id.state in states.BILLABLE)
        readings = live._meter_readings()
        stairs = defaultdict(list)
        for subscription in live:
            if subscription.id not in rates:
                rates[subscription.id] = subscription._revenue_rate()
            steps = revenue.steps(subscription._prepare_terms([], readings[subscription]))
            stair = revenue.Stair(
                subscription.id, steps, rates[subscription.id], exact(subscription.currency_id.rounding)
            )
            stairs[subscription.company_id.id, subscription.commercial_partner_id.id].append(stair)
        return stairs

    def _handed_over_days(self):
        """Return {subscription id: day} on which services went from one customer on to another: on both sides."""
        self.flush(["continued_from_id", "date_start", "commercial_partner_id"])
        self.contract_id.flush(["date_end"])
        self.env.cr.execute(
            """SELECT new.id, old.id, new.date_start
                 FROM linserv_subscription new
                 JOIN linserv_subscription old ON old.id = new.continued_from_id
                 JOIN linserv_contract contract ON contract.id = old.contract_id
                WHERE new.date_start = contract.date_end + 1
                  AND (new.commercial_partner_id IN %(customers)s OR old.commercial_partner_id IN %(customers)s)""",
            {"customers": tuple(self.commercial_partner_id.ids) or (0,)},
        )
        return {key: day for new, old, day in self.env.cr.fetchall() for key in (new, old)}

    def _revenue_rate(self):
        """Return company currency for one unit of the contract's on the first day of the service (rule 83)."""
        self.ensure_one()
        company, currency = self.company_id, self.currency_id
        if currency == company.currency_id:
            return exact(1)
        return exact(round(currency._get_conversion_rate(currency, company.currency_id, company, self.date_start), 10))

    @api.model
    def _cron_record_revenue(self, seconds=40, batch=500):
        """Compare each customer's ledger once a day with the terms, a slice at a time; what is missing is added."""
        deadline = fields.Datetime.now() + timedelta(seconds=seconds)
        today = fields.Date.context_today(self)
        while fields.Datetime.now() < deadline:
            unchecked = ["|", ("revenue_date_checked", "=", False), ("revenue_date_checked", "<", today)]
            subscriptions = self.search(unchecked, order="commercial_partner_id, id", limit=batch)
            if not subscriptions:
                return
            subscriptions._record_revenue(whole=True)
            self.env["linserv.billing.run"]._commit()


class LinservBilledPeriod(models.Model):
    _inherit = "linserv.billed.period"

    def _billed_subscriptions(self):
        """What is billed changes when a service is due, and never what it is worth."""
        return super()._billed_subscriptions().with_context(linserv_ledger_only=True)
