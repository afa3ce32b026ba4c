from odoo import fields, models


class ProductProduct(models.Model):
    _inherit = "product.product"

    linserv_service_ids = fields.One2many("linserv.service", "product_id", string="Linserv services")
