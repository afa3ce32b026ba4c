from odoo import api, fields, models

from ..models.linserv_contract_terms import PARTIES


class LinservContractNotice(models.TransientModel):
    """Shows the last day before notice is given, or takes a notice back."""

    _name = "linserv.contract.notice"
    _description = "Notice of termination"

    contract_id = fields.Many2one("linserv.contract", required=True, ondelete="cascade", readonly=True)
    date = fields.Date("Notice given on", required=True, default=fields.Date.context_today)
    notice_by = fields.Selection(PARTIES, "Given by", required=True, default="customer")
    reason = fields.Text()
    date_expires = fields.Date("Time of notice has run out", compute="_compute_date_end")
    date_end = fields.Date("Last day", compute="_compute_date_end")
    date_given = fields.Date(related="contract_id.notice_date")
    date_contract_end = fields.Date(related="contract_id.date_end")

    @api.depends("contract_id", "date")
    def _compute_date_end(self):
        for wizard in self:
            known = wizard.date and wizard.contract_id and not wizard.date_given
            notice = wizard.contract_id._prepare_notice(wizard.date) if known else {}
            wizard.date_end = notice.get("date_end")
            wizard.date_expires = notice.get("date_expires")

    def action_give(self):
        """Give notice on the contract."""
        self.ensure_one()
        self.contract_id._give_notice(self.date, self.notice_by, self.reason)
        return {"type": "ir.actions.act_window_close"}

    def action_withdraw(self):
        """Take the notice back."""
        self.ensure_one()
        self.contract_id._withdraw_notice(self.reason)
        return {"type": "ir.actions.act_window_close"}
