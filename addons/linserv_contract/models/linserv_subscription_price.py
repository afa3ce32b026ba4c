from odoo import _, fields, models
from odoo.exceptions import UserError


class LinservSubscriptionPrice(models.Model):
    """Price and fixed quantity of a subscription from a day on. What was billed at a price keeps it."""

    _name = "linserv.subscription.price"
    _description = "Subscription Price"
    _order = "subscription_id, date_from desc, id desc"
    _rec_name = "date_from"

    subscription_id = fields.Many2one("linserv.subscription", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="subscription_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    price_unit = fields.Float("Price", required=True, digits="Product Price")
    quantity = fields.Float(required=True, default=1.0, digits="Product Unit of Measure")

    _sql_constraints = [
        (
            "date_unique",
            "unique (subscription_id, date_from)",
            "There is a price from this day already.",
        ),
        ("quantity_positive", "CHECK (quantity >= 0)", "A quantity cannot be negative."),
    ]

    def write(self, vals):
        if {"price_unit", "quantity", "date_from", "subscription_id"} & set(vals):
            self._check_not_billed()
        return super().write(vals)

    def unlink(self):
        self._check_not_billed()
        return super().unlink()

    def _in_force(self, day):
        """Return the version in force on ``day``; before the first, the first."""
        begun = self.filtered(lambda version: version.date_from and version.date_from <= day)
        return begun.sorted("date_from")[-1:] or self.sorted("date_from")[:1]

    def _check_not_billed(self):
        rows = self.env["linserv.billed.period"].sudo().search([("price_id", "in", self.ids)])
        if rows:
            raise UserError(
                _(
                    "The price from %(day)s has been billed (to %(billed)s) and cannot change. "
                    "Add a price that holds from a later day.",
                    day=rows[0].price_id.date_from,
                    billed=max(rows.mapped("date_to")),
                )
            )
