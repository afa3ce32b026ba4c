from odoo import fields, models


class LinservCodeReject(models.TransientModel):
    """Asks why a count is rejected."""

    _name = "linserv.code.reject"
    _description = "Reject a Line Count"

    snapshot_id = fields.Many2one("linserv.code.snapshot", required=True, readonly=True, ondelete="cascade")
    reason = fields.Char(required=True)

    def action_reject(self):
        """Reject the count and keep the reason with it."""
        self.ensure_one()
        self.snapshot_id._reject(self.reason)
        return {"type": "ir.actions.act_window_close"}
