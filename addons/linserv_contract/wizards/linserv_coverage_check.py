from odoo import api, fields, models

from ..domain import hours


class LinservCoverageCheck(models.TransientModel):
    """Ask before the work begins: does the customer's contract include it, and what does it cost?"""

    _name = "linserv.coverage.check"
    _description = "Is It Included?"

    partner_id = fields.Many2one("res.partner", "Customer", required=True)
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id")
    instance_id = fields.Many2one("linserv.instance")
    work_type_id = fields.Many2one("linserv.work.type", required=True)
    date = fields.Date("Day of the work", required=True, default=fields.Date.context_today)
    hours = fields.Float("Estimated time")
    outcome = fields.Selection(
        [("covered", "Included"), ("quota", "Within the quota"), ("pack", "Prepaid hours"), ("charged", "Charged")],
        compute="_compute_answer",
    )
    reason = fields.Text("Answer", compute="_compute_answer")
    needs_approval = fields.Boolean(compute="_compute_answer")
    contract_id = fields.Many2one("linserv.contract", compute="_compute_answer")

    @api.depends("partner_id", "instance_id", "work_type_id", "date", "hours")
    def _compute_answer(self):
        for check in self:
            values = {"outcome": False, "reason": False, "needs_approval": False, "contract_id": False}
            if check.partner_id and check.work_type_id and check.date:
                values = check._prepare_answer_vals()
            check.update(values)

    def _prepare_answer_vals(self):
        minutes = hours.to_minutes(self.hours)
        answer = self.partner_id._linserv_coverage(self.work_type_id.code, self.instance_id or None, self.date, minutes)
        return {
            "outcome": answer.outcome,
            "reason": answer.reason,
            "needs_approval": answer.needs_approval,
            "contract_id": answer.contract.id,
        }

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        if self.instance_id.commercial_partner_id != self.commercial_partner_id:
            self.instance_id = False
