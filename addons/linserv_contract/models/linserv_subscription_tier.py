from odoo import api, fields, models


class LinservSubscriptionTier(models.Model):
    """Price of a unit beyond a number of units, of one price version."""

    _name = "linserv.subscription.tier"
    _description = "Subscription Price Tier"
    _order = "price_id, quantity_above"
    _rec_name = "quantity_above"
    _inherit = ["linserv.billable.terms"]

    price_id = fields.Many2one("linserv.subscription.price", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="price_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="price_id.currency_id")
    quantity_above = fields.Float(
        "More than",
        required=True,
        digits="Product Unit of Measure",
        help="Units beyond this many. Of a metered service: started blocks.",
    )
    price_unit = fields.Float("Price", required=True, digits="Product Price")

    _sql_constraints = [
        ("quantity_unique", "unique (price_id, quantity_above)", "There is a tier from this quantity already."),
        ("quantity_positive", "CHECK (quantity_above >= 0)", "A tier cannot begin below zero."),
    ]

    @api.model_create_multi
    def create(self, vals_list):
        tiers = super().create(vals_list)
        tiers.price_id._check_not_billed()
        return tiers

    def write(self, vals):
        self.price_id._check_not_billed()
        return super().write(vals)

    def unlink(self):
        self.price_id._check_not_billed()
        return super().unlink()

    def name_get(self):
        return [(tier.id, "> %g: %g" % (tier.quantity_above, tier.price_unit)) for tier in self]

    def _billed_subscriptions(self):
        return self.price_id.subscription_id
