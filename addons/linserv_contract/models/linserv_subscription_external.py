from odoo import fields, models


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    external_ref = fields.Char(
        "Reference elsewhere",
        copy=False,
        index=True,
        readonly=True,
        help="The line's reference in the system that it was imported from.",
    )

    _sql_constraints = [
        ("external_ref_unique", "unique (company_id, external_ref)", "The service has been imported already."),
    ]
