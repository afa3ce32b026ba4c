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
