from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    linserv_copy_days = fields.Integer(
        "Test copies are kept (days)", default=14, help="A test copy is removed so many days after it came into use."
    )

    _sql_constraints = [
        ("copy_days_positive", "CHECK (linserv_copy_days > 0)", "A test copy is kept at least one day."),
    ]
