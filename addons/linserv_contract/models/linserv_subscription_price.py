from odoo import _, fields, models
from odoo.exceptions import UserError

from ..domain import prices
from .linserv_contract_billing import decimal

PRICING = {
    "price_unit",
    "quantity",
    "date_from",
    "subscription_id",
    "tier_mode",
    "tier_ids",
    "minimum_quantity",
    "minimum_amount",
}


class LinservSubscriptionPrice(models.Model):
    """Price and fixed quantity of a subscription from a day on. What was billed at a price keeps it."""

    _name = "linserv.subscription.price"
    _description = "Subscription Price"
    _inherit = ["linserv.billable.terms"]
    _order = "subscription_id, date_from desc, id desc"
    _rec_name = "date_from"

    subscription_id = fields.Many2one("linserv.subscription", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    price_unit = fields.Float("Price", required=True, digits="Product Price")
    quantity = fields.Float(required=True, default=1.0, digits="Product Unit of Measure")
    active = fields.Boolean(default=True, help="A price that was billed and then corrected from its first day is kept.")
    tier_mode = fields.Selection(
        [("graduated", "Each unit at the price of its tier"), ("volume", "All units at the price of the tier reached")],
        string="Tiers",
        required=True,
        default="graduated",
    )
    tier_ids = fields.One2many("linserv.subscription.tier", "price_id", string="Price tiers", copy=True)
    minimum_quantity = fields.Float(digits="Product Unit of Measure", help="Fewer units are charged as this many.")
    minimum_amount = fields.Monetary(help="A period costs at least this, before discount.")

    _sql_constraints = [
        (
            "date_unique",
            "EXCLUDE USING btree (subscription_id WITH =, date_from WITH =) WHERE (active)",
            "There is a price from this day already.",
        ),
        ("quantity_positive", "CHECK (quantity >= 0)", "A quantity cannot be negative."),
        (
            "minimum_positive",
            "CHECK (minimum_quantity >= 0 AND minimum_amount >= 0)",
            "A minimum cannot be negative.",
        ),
    ]

    def write(self, vals):
        if PRICING & set(vals):
            self._check_not_billed()
        return super().write(vals)

    def unlink(self):
        self._check_not_billed()
        return super().unlink()

    def _in_force(self, day):
        """Return the version in force on ``day``; before the first, the first."""
        begun = self.filtered(lambda version: version.date_from and version.date_from <= day)
        return begun.sorted("date_from")[-1:] or self.sorted("date_from")[:1]

    def _prepare_version(self):
        """Return the version as the planner sees it."""
        self.ensure_one()
        return prices.PriceVersion(
            date_from=self.date_from,
            price_unit=decimal(self.price_unit),
            quantity=decimal(self.quantity),
            key=self.id,
            tiers=tuple(prices.Tier(decimal(tier.quantity_above), decimal(tier.price_unit)) for tier in self.tier_ids),
            tier_mode=self.tier_mode,
            minimum_quantity=decimal(self.minimum_quantity),
            minimum_amount=decimal(self.minimum_amount),
        )

    def _prepare_first_vals(self, day):
        """Return the values of the first version of another service at this price, with its tiers and minimums."""
        self.ensure_one()
        vals = self.copy_data({"date_from": day or self.subscription_id.date_start})[0]
        return {name: value for name, value in vals.items() if name != "subscription_id"}

    def _restore(self):
        """Take these versions back and let those that they replaced hold again."""
        for version in self:
            same_day = [("subscription_id", "=", version.subscription_id.id), ("date_from", "=", version.date_from)]
            replaced = self.with_context(active_test=False).search(
                [*same_day, ("active", "=", False), ("id", "<", version.id)], order="id desc", limit=1
            )
            version.unlink()
            replaced.active = True

    def _replace(self, values, day):
        """Let a version with ``values`` hold from ``day``, like this one in everything else; return it.

        A version of that day that has been billed is kept as what was billed at, out of force.
        """
        vals = self.copy_data({"date_from": day, **values})[0] if self else {"date_from": day, **values}
        self.filtered(lambda version: version.date_from == day).active = False
        self.flush(["active"])
        return self.create(vals)

    def _is_billed(self):
        return bool(self.env["linserv.billed.period"].sudo().search_count([("price_id", "in", self.ids)]))

    def _check_not_billed(self):
        rows = self.env["linserv.billed.period"].sudo().search([("price_id", "in", self.ids)])
        if rows:
            raise UserError(
                _(
                    "The price from %(day)s has been billed (to %(billed)s) and cannot change. "
                    "Change the service from a day on instead: the difference is charged or credited.",
                    day=rows[0].price_id.date_from,
                    billed=max(rows.mapped("date_to")),
                )
            )
