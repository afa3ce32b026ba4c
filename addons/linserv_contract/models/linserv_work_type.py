from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

CATEGORIES = [
    ("operation", "Operation"),
    ("backup", "Backup and recovery"),
    ("patch", "Patches"),
    ("mail", "E-mail"),
    ("maintenance", "Maintenance and upgrades"),
    ("support", "Support and questions"),
    ("change", "Changes and consulting"),
]
TREATMENTS = [
    ("charged", "Charged unless a service includes it"),
    ("separate", "Always invoiced separately"),
    ("free", "Free of charge"),
]


class LinservWorkType(models.Model):
    """A kind of work that customers ask for: one row of the coverage matrix."""

    _name = "linserv.work.type"
    _description = "Work Type"
    _order = "sequence, id"

    code = fields.Char(required=True, copy=False, help="Short name that tickets, restores and patches refer to.")
    name = fields.Char(required=True, translate=True, help="What the customer reads.")
    description = fields.Text(translate=True, help="What the work is, in the customer's words.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    category = fields.Selection(CATEGORIES, required=True, default="support")
    treatment = fields.Selection(
        TREATMENTS,
        string="Without a service",
        required=True,
        default="charged",
        help="What holds when no service of the customer speaks of the work.",
    )
    price_fixed = fields.Float(
        "Fixed price", digits="Product Price", help="Price of doing it once, excluding VAT. 0: by the hour."
    )
    cancel_days = fields.Integer(
        "Cancelled free (days ahead)",
        help="A use of the quota that is cancelled at the latest this many days ahead is given back.",
    )
    rule_ids = fields.One2many("linserv.coverage.rule", "work_type_id", string="Included in")
    service_names = fields.Char("Services", compute="_compute_service_names")

    _sql_constraints = [
        ("code_unique", "unique (code)", "There is a work type with this code already."),
        ("price_positive", "CHECK (price_fixed >= 0)", "A fixed price cannot be negative."),
        ("cancel_days_positive", "CHECK (cancel_days >= 0)", "The days ahead cannot be negative."),
    ]

    @api.depends("rule_ids.service_id")
    def _compute_service_names(self):
        for work_type in self:
            work_type.service_names = ", ".join(work_type.rule_ids.service_id.mapped("name"))

    @api.constrains("treatment", "price_fixed")
    def _check_free(self):
        for work_type in self:
            if work_type.treatment == "free" and work_type.price_fixed:
                raise ValidationError(_("%s is free of charge: it has no price.", work_type.name))

    @api.model
    def _get(self, code):
        """Return the work type with that code.

        :raise UserError: there is none, or it has been archived
        """
        work_type = self.search([("code", "=", code)], limit=1)
        if not work_type:
            raise UserError(_("There is no work type with the code %s: add it under Contracts / Work types.", code))
        return work_type
