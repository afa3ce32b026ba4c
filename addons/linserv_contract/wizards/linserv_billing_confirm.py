from odoo import api, fields, models


class LinservBillingConfirm(models.TransientModel):
    """Shows the totals of the preview before anything is billed."""

    _name = "linserv.billing.confirm"
    _description = "Confirm Billing"

    run_id = fields.Many2one("linserv.billing.run", required=True, ondelete="cascade", readonly=True)
    date = fields.Date(related="run_id.date")
    mode = fields.Selection(related="run_id.mode")
    planned_count = fields.Integer("New invoices", compute="_compute_totals")
    held_count = fields.Integer("Contracts with something held back", compute="_compute_totals")
    failed_count = fields.Integer("Contracts that cannot be billed", compute="_compute_totals")
    amount = fields.Monetary("Amount excl. VAT", compute="_compute_totals")
    currency_id = fields.Many2one(related="run_id.currency_id")
    amount_before = fields.Monetary(related="run_id.amount_before")
    amount_difference = fields.Monetary(related="run_id.amount_difference", string="Difference from last month")
    difference_summary = fields.Text(related="run_id.difference_summary")
    approval_state = fields.Selection(related="run_id.approval_state")

    @api.depends("run_id")
    def _compute_totals(self):
        for wizard in self:
            planned = wizard.run_id.line_ids.filtered(lambda line: line.state == "planned")
            wizard.planned_count = len(planned)
            wizard.amount = sum(planned.mapped("amount_company"))
            wizard.held_count = wizard.run_id.held_count
            wizard.failed_count = wizard.run_id.failed_count

    def action_bill(self):
        """Bill what the preview showed, and show the run."""
        self.ensure_one()
        self.run_id.action_bill()
        return {"type": "ir.actions.act_window_close"}

    def action_ask_approval(self):
        """Ask the approver to look at the run, and show it."""
        self.ensure_one()
        self.run_id.action_ask_approval()
        return {"type": "ir.actions.act_window_close"}
