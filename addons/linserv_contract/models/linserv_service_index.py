from odoo import fields, models


class LinservService(models.Model):
    _inherit = "linserv.service"

    price_indexed = fields.Boolean(
        "Follows price changes", default=True, help="Price runs change the prices of this service."
    )
