from odoo import _, api, fields, models
from odoo.tools import format_date


class LinservSubscriptionDiscount(models.Model):
    """Percent off the price of a subscription, between two days. On days that are billed it becomes a credit."""

    _name = "linserv.subscription.discount"
    _description = "Subscription Discount"
    _inherit = ["linserv.billable.terms"]
    _order = "subscription_id, date_from desc, id desc"
    _rec_name = "reason"

    subscription_id = fields.Many2one("linserv.subscription", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True, index=True)
    percent = fields.Float("Discount (%)", required=True, digits="Discount")
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To", help="The last day with the discount. Empty: until further notice.")
    reason = fields.Char(help="For example: introductory price. Customers do not see this.")

    _sql_constraints = [
        ("percent_range", "CHECK (percent > 0 AND percent <= 100)", "A discount is more than 0 and at most 100 %."),
        ("dates_ordered", "CHECK (date_to >= date_from)", "A discount cannot end before it begins."),
        (
            "no_overlap",
            "EXCLUDE USING gist (subscription_id WITH =, daterange(date_from, date_to, '[]') WITH &&)",
            "There is a discount on some of these days already.",
        ),
    ]

    def name_get(self):
        return [(discount.id, "%g %%" % discount.percent) for discount in self]


class LinservSubscriptionPause(models.Model):
    """Days on which a subscription is not delivered and costs nothing. Days that are billed become a credit."""

    _name = "linserv.subscription.pause"
    _description = "Subscription Pause"
    _inherit = ["linserv.billable.terms"]
    _order = "subscription_id, date_from desc, id desc"
    _rec_name = "date_from"

    subscription_id = fields.Many2one("linserv.subscription", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True, index=True)
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To", help="The last day of the pause. Empty: until it is resumed.")
    reason = fields.Char()

    _sql_constraints = [
        ("dates_ordered", "CHECK (date_to >= date_from)", "A pause cannot end before it begins."),
        (
            "no_overlap",
            "EXCLUDE USING gist (subscription_id WITH =, daterange(date_from, date_to, '[]') WITH &&)",
            "The service is paused on some of these days already.",
        ),
    ]


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    discount_ids = fields.One2many("linserv.subscription.discount", "subscription_id", string="Discounts", copy=False)
    pause_ids = fields.One2many("linserv.subscription.pause", "subscription_id", string="Pauses", copy=False)
    discount = fields.Float(
        "Discount (%)", digits="Discount", compute="_compute_discount", compute_sudo=True, help="Today's discount."
    )
    is_paused = fields.Boolean("Paused", compute="_compute_is_paused", compute_sudo=True, help="Paused today.")

    @api.depends("discount_ids.percent", "discount_ids.date_from", "discount_ids.date_to")
    def _compute_discount(self):
        for subscription in self:
            subscription.discount = subscription._on_day(subscription.discount_ids)[:1].percent

    @api.depends("pause_ids.date_from", "pause_ids.date_to")
    def _compute_is_paused(self):
        for subscription in self:
            subscription.is_paused = bool(subscription._on_day(subscription.pause_ids))

    def _pause(self, date_from, date_to=None, reason=None):
        """Pause these services from ``date_from``, to ``date_to`` or until they are resumed; return the pauses."""
        pauses = self.env["linserv.subscription.pause"].create(
            [
                {"subscription_id": each.id, "date_from": date_from, "date_to": date_to, "reason": reason}
                for each in self.filtered(lambda sub: sub.billing_interval != "once")
            ]
        )
        for subscription in pauses.subscription_id:
            subscription.message_post(body=_("Paused from %s.", format_date(self.env, date_from)))
        return pauses

    def _resume(self, date):
        """Let paused services run again from ``date``: open and later pauses end the day before."""
        for pause in self.pause_ids.filtered(lambda one: not one.date_to or one.date_to >= date):
            if pause.date_from >= date:
                pause.unlink()
            else:
                pause.date_to = fields.Date.subtract(date, days=1)
        for subscription in self:
            subscription.message_post(body=_("Resumed from %s.", format_date(self.env, date)))

    def _on_day(self, spans):
        """Return those of ``spans`` (discounts, pauses) that hold today."""
        today = fields.Date.context_today(self)
        return spans.filtered(
            lambda one: one.date_from and one.date_from <= today and (not one.date_to or one.date_to >= today)
        )
