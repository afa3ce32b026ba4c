from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..domain import host_keys


class LinservHostKey(models.Model):
    """A host key that an administrator has looked at and trusts."""

    _name = "linserv.host.key"
    _description = "Pinned Host Key"
    _order = "host_id, algorithm"
    _rec_name = "fingerprint"

    host_id = fields.Many2one("linserv.host", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="host_id.company_id", store=True)
    algorithm = fields.Char(required=True, readonly=True)
    public_key = fields.Text(required=True, readonly=True)
    fingerprint = fields.Char(compute="_compute_fingerprint", store=True)
    pinned_by_id = fields.Many2one("res.users", readonly=True, default=lambda self: self.env.user)
    pinned_on = fields.Datetime(readonly=True, default=fields.Datetime.now)
    active = fields.Boolean(default=True, help="An archived key was trusted once and is refused now.")

    @api.depends("public_key")
    def _compute_fingerprint(self):
        for key in self:
            key.fingerprint = host_keys.fingerprint(key.public_key) if key.public_key else False

    @api.constrains("algorithm", "public_key")
    def _check_public_key(self):
        for key in self:
            try:
                host_keys.parse_public_key("%s %s" % (key.algorithm, key.public_key))
            except host_keys.MalformedKeyError as error:
                raise ValidationError(_("This is no host key: %s", error)) from error

    @api.model_create_multi
    def create(self, vals_list):
        self.env["linserv.secret"]._check_key_administrator()
        return super().create(vals_list)

    def write(self, vals):
        self.env["linserv.secret"]._check_key_administrator()
        return super().write(vals)

    def unlink(self):
        self.env["linserv.secret"]._check_key_administrator()
        return super().unlink()
