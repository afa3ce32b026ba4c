from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

UNTOUCHED = {
    "state": "draft",
    "lease_until": False,
    "approval_state": "none",
    "asked_by_id": False,
    "approved_by_id": False,
    "date_approved": False,
}
WHAT_IS_APPROVED = {"date", "invoice_date", "company_id", "contract_ids", "mode"}


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

    @api.model_create_multi
    def create(self, vals_list):
        runs = super().create(vals_list)
        if not self.env.su and any((run[name] or False) != UNTOUCHED[name] for run in runs for name in UNTOUCHED):
            runs._refuse_by_hand()
        return runs

    def write(self, vals):
        """How far the run has come and who approved it is written by the run's own methods: as superuser."""
        if not self.env.su and set(UNTOUCHED) & set(vals):
            self._refuse_by_hand()
        if not self.env.su and WHAT_IS_APPROVED & set(vals) and self.filtered(lambda run: run.state != "draft"):
            raise UserError(_("The run has begun: make another one for another day, other contracts or another mode."))
        result = super().write(vals)
        if WHAT_IS_APPROVED & set(vals):
            self.filtered(lambda run: run.approval_state != "none")._forget_approval()
        return result

    def _mark(self, vals):
        """Write how far the run has come, for whoever may write the run. sudo: nobody writes that by hand."""
        self.check_access_rights("write")
        self.check_access_rule("write")
        return self.sudo().write(vals)

    def _refuse_by_hand(self):
        raise AccessError(_("A billing run is billed and approved by its buttons, not by writing that it is."))

    def action_ask_approval(self):
        """Ask the approver to look at the preview."""
        self.ensure_one()
        if self.approval_state != "needed":
            raise UserError(_("%s does not wait for approval to be asked for.", self.name))
        self._mark({"approval_state": "asked", "asked_by_id": self.env.user.id})
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
        self._mark(
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
        self._mark({"approval_state": "needed", "asked_by_id": False})
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
        self._forget_approval()
        if self._needs_approval():
            self._mark({"approval_state": "needed"})

    def _forget_approval(self):
        """Begin anew: what was approved is no longer what would be billed (sudo: lines are the run's alone)."""
        self.line_ids.filtered("approved").sudo().write({"approved": False, "amount_approved": 0.0})
        self._mark({name: UNTOUCHED[name] for name in UNTOUCHED if name not in ("state", "lease_until")})

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
