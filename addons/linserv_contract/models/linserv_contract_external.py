from odoo import fields, models


class LinservContract(models.Model):
    _inherit = "linserv.contract"

    external_ref = fields.Char(
        "Reference elsewhere",
        copy=False,
        index=True,
        readonly=True,
        groups="base.group_user",
        help="The contract's reference in the system that it was imported from.",
    )

    _sql_constraints = [
        ("external_ref_unique", "unique (company_id, external_ref)", "The contract has been imported already."),
    ]
