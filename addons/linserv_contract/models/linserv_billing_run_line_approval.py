from odoo import _, fields, models
from odoo.exceptions import UserError


class LinservBillingRun(models.Model):
    """Approval of a run: the company says when, a person with the right says yes to what the preview showed."""

    _inherit = "linserv.billing.run"

    approval_state = fields.Selection(
        [("none", "Not needed"), ("needed", "Needed"), ("asked", "Asked for"), ("approved", "Approved")],
        string="Approval",
        required=True,
        default="none",
        copy=False,
        readonly=True,
        tracking=True,
    )
    asked_by_id = fields.Many2one("res.users", string="Approval asked for by", copy=False, readonly=True)
    approved_by_id = fields.Many2one("res.users", string="Approved by", copy=False, readonly=True, tracking=True)
    date_approved = fields.Datetime("Approved on", copy=False, readonly=True)

    def action_ask_approval(self):
        """Ask the approver to look at the preview."""
        self.ensure_one()
        if self.approval_state != "needed":
            raise UserError(_("%s does not wait for approval to be asked for.", self.name))
        self.write({"approval_state": "asked", "asked_by_id": self.env.user.id})
        approver = self.company_id.linserv_billing_approver_id
        if approver:
            self.activity_schedule(
                "linserv_contract.mail_activity_approval",
                user_id=approver.id,
                summary=_("Approve billing run %s", self.name),
            )
        return True

    def action_approve(self):
        """Say yes to exactly what the preview showed, contract by contract."""
        self.ensure_one()
        self._check_may_approve()
        # sudo: lines are written by the run alone.
        for line in self.line_ids.sudo().filtered(lambda line: line.state == "planned"):
            line.write({"approved": True, "amount_approved": line.amount})
        self.write(
            {
                "approval_state": "approved",
                "approved_by_id": self.env.user.id,
                "date_approved": fields.Datetime.now(),
            }
        )
        self.activity_feedback(["linserv_contract.mail_activity_approval"])
        return True

    def action_refuse(self):
        """Say no: nothing is billed; the run is previewed again after it has been put right."""
        self.ensure_one()
        self._check_may_approve()
        self.write({"approval_state": "needed", "asked_by_id": False})
        self.activity_feedback(["linserv_contract.mail_activity_approval"])
        self.message_post(body=_("Not approved. Put it right and preview it again."))
        return True

    def _check_may_approve(self):
        if not self.env.user.has_group("linserv_contract.linserv_contract_group_approver"):
            raise UserError(_("Only an approver of billing may approve %s.", self.name))
        if self.state == "running" or self.approval_state not in ("needed", "asked"):
            raise UserError(_("%s does not wait for approval.", self.name))
        if self.company_id.linserv_billing_four_eyes and self.env.user in (self.asked_by_id | self.create_uid):
            raise UserError(_("Somebody else must approve %s: you made it or asked for approval.", self.name))

    def _is_approved(self):
        return self.approval_state == "approved"

    def _settle_approval(self):
        """After a preview: an approval of an earlier one is worth nothing."""
        self.line_ids.filtered("approved").sudo().write({"approved": False, "amount_approved": 0.0})
        self.write(
            {
                "approval_state": "needed" if self._needs_approval() else "none",
                "asked_by_id": False,
                "approved_by_id": False,
                "date_approved": False,
            }
        )

    def _needs_approval(self):
        """Whether the company wants a person to look at what the preview shows."""
        policy = self.company_id.linserv_billing_approval
        if policy == "never" or not self.line_ids.filtered(lambda line: line.state == "planned"):
            return False
        allowed = abs(self.amount_before) * self.company_id.linserv_billing_approval_percent / 100.0
        return policy == "always" or self.currency_id.compare_amounts(abs(self.amount_difference), allowed) > 0

    def _check_approved(self):
        """Refuse to bill what has not been approved; a run that nobody looked at is previewed first."""
        if self.company_id.linserv_billing_approval == "never" or self._is_approved():
            return
        self.action_preview()
        if self.approval_state != "none":
            raise UserError(_("%s must be approved before it is billed: preview it and ask for approval.", self.name))


class LinservBillingRunLine(models.Model):
    _inherit = "linserv.billing.run.line"

    approved = fields.Boolean(readonly=True)
    amount_approved = fields.Monetary(readonly=True)

    def _check_approved(self, plan):
        """Refuse an invoice of another amount than the approved one."""
        if not self.run_id._is_approved():
            return
        if not self.approved or self.currency_id.compare_amounts(self.amount_approved, float(plan.amount)):
            raise UserError(
                _(
                    "What is due has changed since the run was approved: %(approved)s was approved, now it is "
                    "%(amount)s. Bill what is missing, with a new approval.",
                    approved=self.amount_approved,
                    amount=plan.amount,
                )
            )
