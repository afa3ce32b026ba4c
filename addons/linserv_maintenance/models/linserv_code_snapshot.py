from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import snapshot_states

STATES = [
    ("running", "Counting"),
    ("draft", "To approve"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("failed", "Failed"),
]
#: Written by the chatter and activities of a settled count; nothing of the count itself.
CHATTER = ("message_", "activity_", "website_message_")


class LinservCodeSnapshot(models.Model):
    """One count of the lines of code of an instance, as of one day."""

    _name = "linserv.code.snapshot"
    _description = "Line Count"
    _inherit = ["mail.thread", "mail.activity.mixin", "linserv.run.origin"]
    _order = "date desc, id desc"
    _check_company_auto = True
    # Nobody writes a count, but colleagues who read it may talk about it.
    _mail_post_access = "read"

    name = fields.Char(compute="_compute_name", store=True)
    instance_id = fields.Many2one(
        "linserv.instance", required=True, readonly=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True, ondelete="restrict")
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    date = fields.Date(string="Counted as of", required=True, readonly=True, index=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="running", tracking=True, index=True)

    # Several counts of one month are not added up in a graph.
    code_lines = fields.Integer(string="Lines of code", readonly=True, group_operator="max")
    total_lines = fields.Integer(string="Lines in all", readonly=True)
    module_count = fields.Integer(string="Modules", readonly=True)
    file_count = fields.Integer(string="Files", readonly=True)
    error_count = fields.Integer(string="Files not counted", readonly=True)
    root = fields.Char(string="Root hash", readonly=True)
    tree_id = fields.Many2one("linserv.code.tree", readonly=True, ondelete="restrict", groups="base.group_user")
    rule_profile = fields.Char(string="Odoo series of the rule", readonly=True)
    rule_cloc_sha256 = fields.Char(string="Hash of the host's cloc.py", readonly=True)
    rule_python = fields.Char(string="Python of the instance", readonly=True)
    module_ids = fields.One2many("linserv.code.snapshot.module", "snapshot_id", string="Lines per module")
    note_ids = fields.One2many("linserv.code.snapshot.note", "snapshot_id", string="Notes")
    note_count = fields.Integer(compute="_compute_note_count", string="Number of notes")

    previous_id = fields.Many2one("linserv.code.snapshot", string="Compared with", readonly=True, ondelete="restrict")
    previous_code_lines = fields.Integer(related="previous_id.code_lines", string="Lines before")
    change_lines = fields.Integer(string="Change", readonly=True)
    change_percent = fields.Float(string="Change (%)", digits=(16, 2), readonly=True)
    price_unit = fields.Monetary(string="Price per block", readonly=True, currency_field="currency_id")
    block_size = fields.Integer(string="Lines per block", readonly=True)
    block_count = fields.Integer(string="Started blocks", readonly=True)
    amount = fields.Monetary(string="Fee per month", readonly=True, currency_field="currency_id")
    change_amount = fields.Monetary(string="Change of the fee", readonly=True, currency_field="currency_id")
    rounding_amount = fields.Monetary(string="Rounding to started blocks", readonly=True, currency_field="currency_id")

    decision = fields.Char(string="Decision of the rules", readonly=True, groups="base.group_user")
    approval_text = fields.Char(compute="_compute_approval_text", string="Why", groups="base.group_user")
    signing_error = fields.Char(readonly=True, groups="base.group_user")
    approved_by_id = fields.Many2one("res.users", string="Settled by", readonly=True, groups="base.group_user")
    approved_date = fields.Datetime(string="Settled on", readonly=True)
    rejection_reason = fields.Char(groups="base.group_user", tracking=True)
    statement = fields.Text(string="Signed statement", readonly=True)
    signature = fields.Char(readonly=True, help="Ed25519 signature of the statement, hexadecimal.")
    public_key = fields.Char(readonly=True, help="Ed25519 public key, hexadecimal.")
    signing_secret_id = fields.Many2one("linserv.secret", readonly=True, groups="base.group_user")
    reading_id = fields.Many2one("linserv.meter.reading", readonly=True, copy=False, groups="base.group_user")

    run_id = fields.Many2one("linserv.run", readonly=True, groups="base.group_user")
    run_progress = fields.Integer(related="run_id.progress", string="Progress", groups="base.group_user")
    run_progress_text = fields.Char(related="run_id.progress_text", string="Doing", groups="base.group_user")
    error = fields.Text(readonly=True, groups="base.group_user")
    error_code = fields.Char(readonly=True, groups="base.group_user")
    error_detail = fields.Text(readonly=True, groups="base.group_user")

    audit_ids = fields.One2many("linserv.code.audit", "snapshot_id", string="Audits", groups="base.group_user")
    audit_count = fields.Integer(compute="_compute_audit_count", groups="base.group_user")

    def init(self):
        # One live count for an instance and day; one chain of approved counts without forks.
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS linserv_code_snapshot_day_unique
                ON linserv_code_snapshot (instance_id, date) WHERE state IN ('running', 'draft', 'approved');
            CREATE UNIQUE INDEX IF NOT EXISTS linserv_code_snapshot_chain_unique
                ON linserv_code_snapshot (instance_id, coalesce(previous_id, 0)) WHERE state = 'approved';
            """
        )

    @api.depends("instance_id.name", "date")
    def _compute_name(self):
        for snapshot in self:
            snapshot.name = "%s %s" % (snapshot.instance_id.name or "", snapshot.date or "")

    @api.depends("note_ids")
    def _compute_note_count(self):
        groups = self.env["linserv.code.snapshot.note"].read_group(
            [("snapshot_id", "in", self.ids)], ["snapshot_id"], ["snapshot_id"]
        )
        counts = {group["snapshot_id"][0]: group["snapshot_id_count"] for group in groups}
        for snapshot in self:
            snapshot.note_count = counts.get(snapshot.id, 0)

    @api.depends("audit_ids")
    def _compute_audit_count(self):
        for snapshot in self:
            snapshot.audit_count = len(snapshot.audit_ids)

    def write(self, vals):
        if not all(name.startswith(CHATTER) for name in vals):
            self._check_not_settled()
        return super().write(vals)

    def unlink(self):
        self._check_not_settled()
        if "running" in self.mapped("state"):
            raise UserError(_("Cancel the count before you delete it: the host is still counting."))
        return super().unlink()

    @api.model
    def _get_mail_message_access(self, res_ids, operation, model_name=None):
        """Customers read their counts too, and could post in anyone's name to anyone: they need the right to write."""
        if operation == "create" and not (self.env.su or self.env.user.has_group("base.group_user")):
            return "write"
        return super()._get_mail_message_access(res_ids, operation, model_name=model_name)

    def _check_not_settled(self):
        """:raise UserError: a count that was approved or rejected is kept as it was"""
        for snapshot in self:
            if snapshot.state in ("approved", "rejected"):
                raise UserError(
                    _(
                        "%s is settled and is kept as it was: it may stand behind an invoice. "
                        "Count again instead of changing it.",
                        snapshot.display_name,
                    )
                )

    def _move(self, state, **vals):
        """Give the count another state, with the values that belong to it.

        :raise UserError: the table of states does not know this step
        """
        self.ensure_one()
        if not snapshot_states.may_become(self.state, state):
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                _(
                    "%(name)s is %(now)s and cannot become %(then)s.",
                    name=self.display_name,
                    now=labels[self.state].lower(),
                    then=labels[state].lower(),
                )
            )
        self.write(dict(vals, state=state))

    def _get_action(self):
        """Return the action that shows these counts: one as a form, several as a list."""
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_maintenance.linserv_code_snapshot_action")
        if len(self) == 1:
            return dict(action, res_id=self.id, view_mode="form", views=[(False, "form")], context={})
        return dict(action, domain=[("id", "in", self.ids)], context={})

    def action_view_modules(self):
        """Show what changed since the count before, module by module."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "linserv_maintenance.linserv_code_snapshot_module_action"
        )
        context = {"search_default_changed": bool(self.previous_id)}
        return dict(action, domain=[("snapshot_id", "=", self.id)], context=context, display_name=self.name)

    def action_audit(self):
        """Order an audit of the count and show it."""
        self.ensure_one()
        if self.state not in ("draft", "approved"):
            raise UserError(_("Only a finished count can be audited."))
        self.env["linserv.code.audit"]._start(self)
        return self.action_view_audits()

    def action_view_audits(self):
        """Show the audits of the count."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_maintenance.linserv_code_audit_action")
        return dict(action, domain=[("snapshot_id", "=", self.id)], context={})

    def action_view_run(self):
        """Open the run that counted."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "linserv.run",
            "res_id": self.run_id.id,
            "views": [(False, "form")],
        }
