from odoo import fields, models


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    sale_line_id = fields.Many2one(
        "sale.order.line", string="Order line", copy=False, readonly=True, index=True, ondelete="restrict"
    )

    _sql_constraints = [
        ("sale_line_unique", "unique (sale_line_id)", "This line of the order is on the contract already."),
    ]
