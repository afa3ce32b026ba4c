from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..domain import states

STATES = [("draft", "Draft"), ("active", "Active"), ("ended", "Ended"), ("cancelled", "Cancelled")]


class LinservContract(models.Model):
    """The agreement with a customer: its terms and the subscriptions under it."""

    _name = "linserv.contract"
    _description = "Contract"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_start desc, id desc"
    _check_company_auto = True

    name = fields.Char("Number", required=True, copy=False, default="/", index=True)
    active = fields.Boolean(default=True)
    state = fields.Selection(STATES, required=True, default="draft", copy=False, tracking=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, tracking=True, check_company=True, ondelete="restrict"
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        readonly=True,
        states={"draft": [("readonly", False)]},
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        readonly=True,
        states={"draft": [("readonly", False)]},
    )
    user_id = fields.Many2one(
        "res.users", string="Salesperson", default=lambda self: self.env.user, tracking=True, copy=False
    )
    date_start = fields.Date("Start", required=True, default=fields.Date.context_today, tracking=True)
    date_end = fields.Date("Last day", copy=False, tracking=True)
    billing_alignment = fields.Selection(
        [("contract_day", "The contract's start day"), ("calendar", "Calendar months")],
        string="Periods begin on",
        required=True,
        default="contract_day",
        tracking=True,
    )
    payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Payment terms",
        check_company=True,
        default=lambda self: self.env.ref("account.account_payment_term_30days", raise_if_not_found=False),
    )
    term_months = fields.Integer("Minimum term (months)", default=12)
    renewal_months = fields.Integer("Renewed by (months)", default=12)
    notice_months = fields.Integer("Notice (months)", default=3)
    licence_edition = fields.Selection(
        [("community", "Odoo Community"), ("enterprise", "Odoo Enterprise")],
        string="Odoo licence",
        required=True,
        default="community",
        tracking=True,
    )
    licence_number = fields.Char(tracking=True)
    licence_date_end = fields.Date("Licence ends", tracking=True)
    subscription_ids = fields.One2many("linserv.subscription", "contract_id", string="Services", copy=True)
    instance_ids = fields.Many2many("linserv.instance", compute="_compute_instance_ids", string="Instances")
    move_count = fields.Integer(compute="_compute_move_count", groups="base.group_user")
    note = fields.Text("Internal note", groups="base.group_user")

    _sql_constraints = [
        ("name_unique", "unique (name, company_id)", "There is a contract with this number already."),
        ("dates_ordered", "CHECK (date_end >= date_start)", "A contract cannot end before it starts."),
        (
            "terms_positive",
            "CHECK (term_months >= 0 AND renewal_months >= 0 AND notice_months >= 0)",
            "Terms are given in months and cannot be negative.",
        ),
    ]

    @api.depends("subscription_ids.instance_id")
    def _compute_instance_ids(self):
        for contract in self:
            contract.instance_ids = contract.subscription_ids.instance_id

    def _compute_move_count(self):
        moves = self.env["account.move"]
        if not moves.check_access_rights("read", raise_exception=False):
            # The form asks for the number even where its button is hidden.
            self.move_count = 0
            return
        for contract in self:
            contract.move_count = moves.search_count([("linserv_contract_ids", "in", contract.ids)])

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        term = self.partner_id.with_company(self.company_id).property_payment_term_id
        if term:
            self.payment_term_id = term

    @api.constrains("state", "date_end")
    def _check_date_end(self):
        for contract in self:
            if contract.state == "ended" and not contract.date_end:
                raise ValidationError(_("Contract %s has ended: write its last day.", contract.name))

    @api.constrains("date_start", "billing_alignment", "company_id", "currency_id")
    def _check_not_billed(self):
        if self.env["linserv.billed.period"].sudo().search_count([("contract_id", "in", self.ids)]):
            raise ValidationError(
                _(
                    "Invoices have been made from this contract: its company, currency, start and period alignment "
                    "can no longer change. End it and make a new contract."
                )
            )

    @api.constrains("partner_id")
    def _check_customer(self):
        for contract in self:
            billed = self.env["linserv.billed.period"].sudo().search([("contract_id", "=", contract.id)])
            if billed.move_id.commercial_partner_id - contract.commercial_partner_id:
                raise ValidationError(
                    _("Contract %s has been invoiced to another customer. Make a new contract.", contract.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
                vals["name"] = self.env["ir.sequence"].with_company(company).next_by_code("linserv.contract")
        return super().create(vals_list)

    def write(self, vals):
        if "state" in vals:
            self._check_transition(vals["state"])
        return super().write(vals)

    def unlink(self):
        if self.filtered(lambda contract: contract.state not in ("draft", "cancelled")):
            raise UserError(_("Only a draft or cancelled contract can be deleted. End the contract instead."))
        return super().unlink()

    def action_activate(self):
        """Put the contract and its draft subscriptions into force."""
        for contract in self:
            if not contract.subscription_ids:
                raise UserError(_("Contract %s has no services: add at least one.", contract.name))
        self.write({"state": "active"})
        self.subscription_ids.filtered(lambda sub: sub.state == "draft").write({"state": "active"})

    def action_end(self):
        """End the contract on its last day, and every subscription that runs longer."""
        for contract in self:
            if not contract.date_end:
                raise UserError(_("Write the last day of contract %s first.", contract.name))
            contract.subscription_ids._end(contract.date_end)
        self.write({"state": "ended"})

    def action_cancel(self):
        """Cancel a contract that never came into force."""
        self.write({"state": "cancelled"})
        self.subscription_ids.filtered(lambda sub: sub.state == "draft").write({"state": "cancelled"})

    def action_draft(self):
        """Take up a cancelled contract again."""
        self.write({"state": "draft"})
        self.subscription_ids.filtered(lambda sub: sub.state == "cancelled").write({"state": "draft"})

    def action_view_moves(self):
        """Show the invoices and credit notes of the contract."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type")
        return dict(action, domain=[("linserv_contract_ids", "in", self.ids)], context={"create": False})

    def _check_transition(self, target):
        for contract in self:
            if not states.is_allowed(states.CONTRACT, contract.state, target):
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    _(
                        "Contract %(name)s is %(state)s and cannot become %(target)s.",
                        name=contract.name,
                        state=labels[contract.state].lower(),
                        target=labels.get(target, target).lower(),
                    )
                )
