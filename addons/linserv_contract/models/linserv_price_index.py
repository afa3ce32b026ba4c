from odoo import fields, models


class LinservPriceIndex(models.Model):
    """An index series that agreements refer to, such as AKI or KPI."""

    _name = "linserv.price.index"
    _description = "Price Index"
    _order = "name, id"

    name = fields.Char(required=True)
    code = fields.Char(required=True, help="Short name, for example AKI.")
    active = fields.Boolean(default=True)
    source = fields.Char(help="Who publishes it and where, for example a table at SCB. Customers see this in letters.")
    value_ids = fields.One2many("linserv.price.index.value", "index_id", string="Values")

    _sql_constraints = [("code_unique", "unique (code)", "There is an index with this code already.")]
