from odoo import api, fields, models


class LinservHourLevel(models.Model):
    """A price level of hours: which services give it, and what an hour costs on it."""

    _name = "linserv.hour.level"
    _description = "Hour Price Level"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The first level that a contract reaches gives the price.")
    active = fields.Boolean(default=True)
    service_ids = fields.Many2many(
        "linserv.service",
        string="Given by",
        help="One of these services gives the level. Empty: every customer has it.",
    )
    price_ids = fields.One2many("linserv.hour.price", "level_id", string="Prices")

    def _reached_by(self, services):
        """Return the first level that a customer with these services reaches."""
        levels = self.search([("active", "=", True)])
        return levels.filtered(lambda level: not level.service_ids or level.service_ids & services)[:1]

    def _price(self, company, currency, day):
        """Return the price of an hour on ``day`` in that currency, or None when nobody has written one."""
        self.ensure_one()
        prices = self.price_ids.filtered(lambda price: price.company_id == company and price.date_from <= day)
        prices = prices.sorted("date_from", reverse=True)
        own = prices.filtered(lambda price: price.currency_id == currency)[:1]
        price = own or prices[:1]
        if not price:
            return None
        return price.currency_id._convert(price.price_unit, currency, company, day)


class LinservHourPrice(models.Model):
    """What an hour costs on a level from a day."""

    _name = "linserv.hour.price"
    _description = "Hour Price"
    _order = "level_id, date_from desc, id desc"

    level_id = fields.Many2one("linserv.hour.level", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one("res.currency", required=True, default=lambda self: self.env.company.currency_id)
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    price_unit = fields.Monetary("Price of an hour", required=True, help="Excluding VAT.")

    _sql_constraints = [
        (
            "date_unique",
            "unique (level_id, company_id, currency_id, date_from)",
            "There is a price from this day already.",
        ),
        ("price_positive", "CHECK (price_unit > 0)", "The price of an hour is more than zero."),
    ]

    @api.model_create_multi
    def create(self, vals_list):
        """Hours that waited for a price are charged at once (sudo: prices are a manager's, charges nobody's)."""
        prices = super().create(vals_list)
        self.env["linserv.hour.month"].sudo()._cron_price()
        return prices
