from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    """How often the company's backups are restored to prove them, and under which key that is signed."""

    _inherit = "res.company"

    linserv_drill_days = fields.Integer("Days between drills", default=7)
    linserv_dr_drill_days = fields.Integer("Days between drills of the DR copy", default=30)
    linserv_rto_seconds = fields.Integer(
        "Promised recovery time (s)",
        default=14400,
        help="Within this time a lost instance is restored and usable. The drills measure the technical part of it.",
    )
    linserv_backup_signing_secret_id = fields.Many2one(
        "linserv.secret", string="Signing key for drills", readonly=True, copy=False, ondelete="restrict"
    )

    @api.constrains("linserv_drill_days", "linserv_dr_drill_days", "linserv_rto_seconds")
    def _check_linserv_drill_settings(self):
        for company in self:
            if min(company.linserv_drill_days, company.linserv_dr_drill_days, company.linserv_rto_seconds) < 1:
                raise ValidationError(_("Drills are held every day at most, and a recovery takes its time."))

    def _get_backup_signing_secret(self):
        """Return the company's signing key for drills; the first time it is needed it is made.

        sudo: whoever holds a drill has it signed, but nobody gets a right on secrets by that.
        """
        self.ensure_one()
        company = self.sudo()
        if not company.linserv_backup_signing_secret_id:
            self.env.cr.execute("SELECT id FROM res_company WHERE id = %s FOR UPDATE", [self.id])
            company.invalidate_cache(["linserv_backup_signing_secret_id"])
        if not company.linserv_backup_signing_secret_id:
            secret = self.env["linserv.secret"].sudo().create(company._prepare_backup_signing_secret_vals())
            secret._generate_signing_key()
            company.linserv_backup_signing_secret_id = secret
        return company.linserv_backup_signing_secret_id

    def _prepare_backup_signing_secret_vals(self):
        self.ensure_one()
        return {"name": _("Restore drills of %s", self.name), "kind": "signing_key", "company_id": self.id}
