from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

TREATMENTS = [("covered", "Included"), ("quota", "Included up to a number"), ("agreement", "By separate agreement")]


class LinservCoverageRule(models.Model):
    """What one service says of one type of work: a cell of the coverage matrix."""

    _name = "linserv.coverage.rule"
    _description = "Coverage Rule"
    _order = "service_id, work_type_id"
    _rec_name = "work_type_id"

    work_type_id = fields.Many2one("linserv.work.type", required=True, ondelete="cascade", index=True)
    category = fields.Selection(related="work_type_id.category", store=True)
    service_id = fields.Many2one("linserv.service", required=True, ondelete="cascade", index=True)
    treatment = fields.Selection(TREATMENTS, required=True, default="covered")
    quota_limit = fields.Integer("Number a year", help="Each year of the contract, for each instance with the service.")
    fee = fields.Float(digits="Product Price", help="Charged each time the quota is used, excluding VAT.")
    waiting_months = fields.Integer(
        "Own agreement needed (months)",
        help="So many months from the start of the service it is done only after an agreement that is recorded on "
        "the contract.",
    )
    production_only = fields.Boolean(help="Holds for production instances, not for test or development.")
    note = fields.Char("Explanation", translate=True, help="What exactly is included, in the customer's words.")

    _sql_constraints = [
        (
            "cell_unique",
            "unique (work_type_id, service_id)",
            "The service speaks of this type of work already.",
        ),
        (
            "numbers_positive",
            "CHECK (quota_limit >= 0 AND fee >= 0 AND waiting_months >= 0)",
            "Numbers, fees and months cannot be negative.",
        ),
    ]

    @api.constrains("treatment", "quota_limit", "fee")
    def _check_quota(self):
        for rule in self:
            if rule.treatment == "quota" and not rule.quota_limit:
                raise ValidationError(_("%s: write how many a year are included.", rule.work_type_id.name))
            if rule.treatment != "quota" and rule.fee:
                raise ValidationError(_("%s: a fee needs a number a year.", rule.work_type_id.name))
