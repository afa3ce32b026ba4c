from odoo import _, fields, models
from odoo.exceptions import UserError

KINDS = [
    ("draw", "Drawn"),
    ("return", "Put back"),
    ("settle", "Settlement of an overdraw"),
    ("cancel", "Cancelled"),
]


class LinservHourDraw(models.Model):
    """One line in the ledger of a pack. Lines are added, never changed: a correction is a line of its own."""

    _name = "linserv.hour.draw"
    _description = "Draw of Prepaid Hours"
    _order = "pack_id, id"

    pack_id = fields.Many2one("linserv.hour.pack", required=True, readonly=True, ondelete="restrict", index=True)
    contract_id = fields.Many2one(related="pack_id.contract_id", store=True, index=True)
    company_id = fields.Many2one(related="pack_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="pack_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    month_id = fields.Many2one("linserv.hour.month", "Work", readonly=True, ondelete="restrict", index=True)
    date = fields.Date(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True, default="draw")
    minutes = fields.Integer(required=True, readonly=True, help="Negative: put back.")
    hours = fields.Float(compute="_compute_hours", store=True, readonly=True)
    name = fields.Char("What for", readonly=True)

    def _compute_hours(self):
        for draw in self:
            draw.hours = draw.minutes / 60

    def write(self, vals):
        self._refuse()
        return super().write(vals)

    def unlink(self):
        self._refuse()
        return super().unlink()

    def _refuse(self):
        if self:
            raise UserError(_("The ledger of prepaid hours is never changed: correct the time that was worked."))
