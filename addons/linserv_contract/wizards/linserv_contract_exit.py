from odoo import api, fields, models

from ..models.linserv_contract_terms import PARTIES


class LinservContractExit(models.TransientModel):
    """Shows what leaving early costs before it is done. The amount can be agreed otherwise."""

    _name = "linserv.contract.exit"
    _description = "Early Exit"

    contract_id = fields.Many2one("linserv.contract", required=True, ondelete="cascade", readonly=True)
    currency_id = fields.Many2one(related="contract_id.currency_id")
    date = fields.Date("Last day", required=True, default=fields.Date.context_today)
    notice_by = fields.Selection(PARTIES, "Wished by", required=True, default="customer")
    date_bound = fields.Date("Bound until", compute="_compute_owed")
    amount_owed = fields.Monetary("The rest of the term", compute="_compute_owed", help="Excluding VAT.")
    amount = fields.Monetary("To charge", help="Excluding VAT.")
    reason = fields.Text()

    @api.depends("contract_id", "date")
    def _compute_owed(self):
        for wizard in self:
            known = wizard.contract_id and wizard.date and not wizard.contract_id.is_early_exit
            planned = wizard.contract_id._prepare_exit(wizard.date) if known else {}
            wizard.date_bound = planned.get("date_bound")
            wizard.amount_owed = planned.get("amount", 0.0)

    @api.onchange("contract_id", "date")
    def _onchange_date(self):
        self.amount = self.amount_owed

    def action_leave(self):
        """End the contract on that day, and charge what was agreed."""
        self.ensure_one()
        self.contract_id._leave_early(self.date, self.amount, self.notice_by, self.reason)
        return {"type": "ir.actions.act_window_close"}
