from odoo import api, fields, models


class LinservContractPause(models.TransientModel):
    """Pauses services of a contract, or lets them run again. A pause does not lengthen the term."""

    _name = "linserv.contract.pause"
    _description = "Pause Services"

    contract_id = fields.Many2one("linserv.contract", required=True, ondelete="cascade", readonly=True)
    subscription_ids = fields.Many2many(
        "linserv.subscription",
        string="Services",
        compute="_compute_subscription_ids",
        store=True,
        readonly=False,
        domain="[('contract_id', '=', contract_id), ('state', '=', 'active'), ('billing_interval', '!=', 'once')]",
    )
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("Last day of the pause", help="Empty: until the services are resumed.")
    reason = fields.Char()

    @api.depends("contract_id")
    def _compute_subscription_ids(self):
        for wizard in self:
            wizard.subscription_ids = wizard.contract_id.subscription_ids.filtered(
                lambda sub: sub.state == "active" and sub.billing_interval != "once"
            )

    def action_pause(self):
        """Pause the chosen services together."""
        self.ensure_one()
        self.subscription_ids._pause(self.date_from, self.date_to, self.reason)
        return {"type": "ir.actions.act_window_close"}

    def action_resume(self):
        """Let the chosen services run again from the day; a backup before what needs it."""
        self.ensure_one()
        self.subscription_ids.sorted(lambda sub: bool(sub.service_id.required_policy))._resume(self.date_from)
        return {"type": "ir.actions.act_window_close"}
