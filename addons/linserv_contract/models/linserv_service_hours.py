from odoo import fields, models


class LinservService(models.Model):
    _inherit = "linserv.service"

    pack_hours = fields.Integer("Prepaid hours", help="Each one sold gives the customer so many hours in advance.")

    _sql_constraints = [("pack_hours_positive", "CHECK (pack_hours >= 0)", "Prepaid hours cannot be negative.")]
