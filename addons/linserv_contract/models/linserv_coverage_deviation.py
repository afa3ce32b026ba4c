from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import plaintext2html

TREATMENTS = [
    ("covered", "Included"),
    ("quota", "Included up to a number"),
    ("charged", "Charged"),
    ("agreed", "Agreed before the waiting time is over"),
]


class LinservCoverageDeviation(models.Model):
    """What one customer has agreed on with Linserv that differs from the matrix, and why."""

    _name = "linserv.coverage.deviation"
    _description = "Coverage Deviation"
    _order = "contract_id, work_type_id, date_from desc, id desc"
    _rec_name = "work_type_id"
    _check_company_auto = True

    contract_id = fields.Many2one("linserv.contract", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="contract_id.currency_id")
    work_type_id = fields.Many2one("linserv.work.type", required=True, ondelete="restrict")
    instance_id = fields.Many2one(
        "linserv.instance", check_company=True, ondelete="restrict", help="Empty: every instance of the contract."
    )
    treatment = fields.Selection(TREATMENTS, string="Agreed", required=True, default="covered")
    quota_limit = fields.Integer("Number a year")
    fee = fields.Monetary(help="Charged each time the quota is used, excluding VAT.")
    price_fixed = fields.Monetary("Fixed price", help="Price of doing it once when it is charged. 0: by the hour.")
    hour_price = fields.Monetary(help="Price of an hour of this work when it is charged. 0: the contract's.")
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To", help="Empty: until further notice.")
    note = fields.Text("What was agreed", required=True, help="With whom, when and why. The customer does not see it.")
    user_id = fields.Many2one(
        "res.users", string="Recorded by", required=True, readonly=True, default=lambda self: self.env.user
    )

    _sql_constraints = [
        ("dates_ordered", "CHECK (date_to >= date_from)", "An agreement cannot end before it begins."),
        (
            "numbers_positive",
            "CHECK (quota_limit >= 0 AND fee >= 0 AND price_fixed >= 0 AND hour_price >= 0)",
            "Numbers and prices cannot be negative.",
        ),
    ]

    @api.constrains("treatment", "quota_limit")
    def _check_quota(self):
        for deviation in self:
            if deviation.treatment == "quota" and not deviation.quota_limit:
                raise ValidationError(_("%s: write how many a year are included.", deviation.work_type_id.name))

    @api.constrains("instance_id", "contract_id")
    def _check_instance(self):
        for deviation in self:
            owner = deviation.instance_id.commercial_partner_id
            if owner and owner != deviation.contract_id.commercial_partner_id:
                raise ValidationError(_("The instance %s is another customer's.", deviation.instance_id.name))

    @api.model_create_multi
    def create(self, vals_list):
        deviations = super().create(vals_list)
        for deviation in deviations:
            deviation.contract_id.message_post(body=plaintext2html(deviation._describe()))
        return deviations

    def unlink(self):
        for deviation in self:
            deviation.contract_id.message_post(body=plaintext2html(_("Taken away: %s", deviation._describe())))
        return super().unlink()

    def _describe(self):
        labels = dict(self._fields["treatment"]._description_selection(self.env))
        return _(
            "Own agreement on %(work)s: %(treatment)s, from %(date)s. %(note)s",
            work=self.work_type_id.name,
            treatment=labels[self.treatment].lower(),
            date=self.date_from,
            note=self.note,
        )

    def _speaks_on(self, instance, day):
        """Tell whether the deviation holds for the instance (none: the contract as a whole) on ``day``."""
        self.ensure_one()
        in_time = self.date_from <= day and (not self.date_to or day <= self.date_to)
        return in_time and (not self.instance_id or self.instance_id == instance)
