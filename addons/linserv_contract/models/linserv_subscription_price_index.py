from odoo import fields, models


class LinservSubscriptionPrice(models.Model):
    _inherit = "linserv.subscription.price"

    index_value_id = fields.Many2one(
        "linserv.price.index.value",
        string="Index",
        ondelete="restrict",
        readonly=True,
        copy=False,
        help="The index value that the price has come to. The next price run starts from it.",
    )

    def _replace(self, values, day):
        """A price that stays the same, for another quantity, is where the next price run starts from as before."""
        if self and values.get("price_unit", self.price_unit) == self.price_unit:
            values = {"index_value_id": self.index_value_id.id, **values}
        return super()._replace(values, day)
