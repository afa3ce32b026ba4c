from odoo import api, fields, models


class LinservRestoreCancel(models.TransientModel):
    """Cancels a restore for the customer, or because of Linserv's own doing; says first whether it still counts."""

    _name = "linserv.restore.cancel"
    _description = "Cancellation of a restore"

    restore_id = fields.Many2one("linserv.restore", required=True, readonly=True, ondelete="cascade")
    reason = fields.Char()
    own_doing = fields.Boolean("Linserv's own doing", help="It was not the customer who cancelled: it does not count.")
    in_time = fields.Boolean(compute="_compute_told")
    told = fields.Text(compute="_compute_told")

    @api.depends("restore_id")
    def _compute_told(self):
        for wizard in self:
            told = wizard.restore_id._get_cancellation()
            wizard.in_time = told.in_time
            wizard.told = False if told.in_time else wizard.restore_id._say_too_late(told)

    def action_cancel(self):
        """Cancel it and send the confirmation."""
        self.ensure_one()
        self.restore_id._check_user()
        self.restore_id.check_access_rule("read")
        begun = self.restore_id.state not in ("draft", "ordered")
        if self.own_doing or begun:
            self.restore_id._check_manager()
        person = self.env.user.partner_id
        self.restore_id._cancel(person, self.reason or "", accept_counted=True, force=self.own_doing or begun)
        self.restore_id._send_confirmation()
        return {"type": "ir.actions.act_window_close"}
