from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    """How the company counts its customers' code."""

    _inherit = "res.company"

    linserv_code_band = fields.Float(
        string="Approval band (%)",
        default=10.0,
        help="A count that departs from the last approved one by at most this much is approved automatically.",
    )
    linserv_code_count_day = fields.Integer(
        string="Counting day",
        default=20,
        help="Day of the month on which the instances are counted, 1 to 28. "
        "It leaves time to look at unusual counts before the invoices of the next month.",
    )
    linserv_code_alarm_low = fields.Float(string="Second opinion, lowest (%)", default=-15.0)
    linserv_code_alarm_high = fields.Float(string="Second opinion, highest (%)", default=4.0)
    linserv_code_signing_secret_id = fields.Many2one(
        "linserv.secret", string="Signing key for line counts", readonly=True, copy=False, ondelete="restrict"
    )

    @api.constrains("linserv_code_band", "linserv_code_count_day", "linserv_code_alarm_low", "linserv_code_alarm_high")
    def _check_linserv_code_settings(self):
        for company in self:
            if not 1 <= company.linserv_code_count_day <= 28:
                raise ValidationError(_("The counting day must be a day that every month has: 1 to 28."))
            if not 0 <= company.linserv_code_band <= 100:
                raise ValidationError(_("The approval band is a percentage from 0 to 100."))
            if company.linserv_code_alarm_low > company.linserv_code_alarm_high:
                raise ValidationError(_("The lowest departure of the second opinion is above the highest."))

    def _get_code_signing_secret(self):
        """Return the company's signing key; the first time it is needed it is made.

        sudo: whoever approves a count has it signed, but nobody gets a right on secrets by that.
        """
        self.ensure_one()
        company = self.sudo()
        if not company.linserv_code_signing_secret_id:
            self.env.cr.execute("SELECT id FROM res_company WHERE id = %s FOR UPDATE", [self.id])
            company.invalidate_cache(["linserv_code_signing_secret_id"])
        if not company.linserv_code_signing_secret_id:
            secret = self.env["linserv.secret"].sudo().create(company._prepare_code_signing_secret_vals())
            secret._generate_signing_key()
            company.linserv_code_signing_secret_id = secret
        return company.linserv_code_signing_secret_id

    def _prepare_code_signing_secret_vals(self):
        self.ensure_one()
        return {"name": _("Line counts of %s", self.name), "kind": "signing_key", "company_id": self.id}
