from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import host_keys


class LinservHostPin(models.TransientModel):
    """Look at the keys that a host shows, compare them with the host's own, and trust them."""

    _name = "linserv.host.pin"
    _description = "Pin Host Key"

    host_id = fields.Many2one("linserv.host", required=True, readonly=True, ondelete="cascade")
    line_ids = fields.One2many("linserv.host.pin.line", "pin_id", string="Keys shown", readonly=True)
    differs = fields.Boolean(compute="_compute_differs")
    typed_fingerprint = fields.Char(
        string="Fingerprint",
        help="Paste the fingerprint that the host itself prints, for example SHA256:… Only the key it belongs to is"
        " pinned.",
    )
    confirmed = fields.Boolean(string="I have compared the fingerprints with those on the host")

    @api.depends("line_ids.known", "host_id.key_ids")
    def _compute_differs(self):
        for pin in self:
            pin.differs = bool(pin.host_id.key_ids) and not all(pin.line_ids.mapped("known"))

    def action_pin(self):
        """Trust the keys that were confirmed, and no others from now on."""
        self.ensure_one()
        self.env["linserv.secret"]._check_key_administrator()
        lines = self._get_confirmed_lines()
        self.host_id._pin_keys([(line.algorithm, line.public_key) for line in lines])
        return {"type": "ir.actions.act_window_close"}

    def _get_confirmed_lines(self):
        if self.typed_fingerprint:
            lines = self.line_ids.filtered(
                lambda line: host_keys.same_fingerprint(self.typed_fingerprint, line.fingerprint)
            )
            if not lines:
                raise UserError(
                    _("The host shows no key with this fingerprint. Nothing was pinned; find out why first.")
                )
            return lines
        if not self.confirmed:
            raise UserError(_("Paste the fingerprint from the host, or tick that you have compared it."))
        return self.line_ids


class LinservHostPinLine(models.TransientModel):
    """A key that the host shows."""

    _name = "linserv.host.pin.line"
    _description = "Host Key Shown"

    pin_id = fields.Many2one("linserv.host.pin", required=True, ondelete="cascade")
    algorithm = fields.Char(required=True, readonly=True)
    public_key = fields.Text(required=True, readonly=True)
    fingerprint = fields.Char(compute="_compute_fingerprint")
    known = fields.Boolean(string="Pinned already", readonly=True)

    @api.depends("public_key")
    def _compute_fingerprint(self):
        for line in self:
            line.fingerprint = host_keys.fingerprint(line.public_key) if line.public_key else False
