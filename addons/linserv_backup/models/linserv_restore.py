import uuid

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..domain import restores

KINDS = [
    ("test_copy", "Test copy"),
    ("same", "Restore on the same host"),
    ("other", "Restore on another host"),
]
STATES = [
    ("draft", "Not ordered"),
    ("ordered", "Ordered"),
    ("preparing", "Preparing"),
    ("delivering", "Being delivered"),
    ("neutralising", "Being restored"),
    ("checking", "Being checked"),
    ("ready", "Ready to be swapped in"),
    ("published", "In use"),
    ("expired", "Removed"),
    ("cancelled", "Cancelled"),
    ("failed", "Failed"),
]
WORK_TYPES = {"test_copy": "test_copy", "same": "restore", "other": "restore"}
MANAGERS = "linserv_backup.linserv_backup_group_manager"
USERS = "linserv_backup.linserv_backup_group_user"


class LinservRestore(models.Model):
    """A point that is brought to life: as a harmless test copy, or in earnest on the same host or another.

    Whoever orders it is told first what it costs. What is done on the hosts is in `linserv_restore_work`, ordering and
    cancelling in `linserv_restore_order`.
    """

    _name = "linserv.restore"
    _description = "Restore"
    _inherit = ["mail.thread", "mail.activity.mixin", "linserv.run.origin"]
    _order = "date_wanted desc, id desc"
    _check_company_auto = True

    name = fields.Char("Number", readonly=True, copy=False)
    kind = fields.Selection(KINDS, required=True, default="test_copy", tracking=True)
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    instance_id = fields.Many2one(
        "linserv.instance", required=True, index=True, ondelete="restrict", check_company=True, tracking=True
    )
    company_id = fields.Many2one(related="instance_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="instance_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    date_wanted = fields.Date(
        "Wanted on",
        required=True,
        tracking=True,
        default=fields.Date.context_today,
        help="The day on which it is made.",
    )
    point_time = fields.Datetime(
        "As it was at",
        tracking=True,
        help="The newest point at or before this moment is restored; empty: the newest there is on that day.",
    )
    point_id = fields.Many2one(
        "linserv.backup.point", readonly=True, copy=False, ondelete="restrict", groups="base.group_user"
    )
    point_slot = fields.Datetime("Restored from", readonly=True, copy=False)
    source = fields.Selection(
        [("backup", "Backup host"), ("dr", "DR host")], required=True, default="backup", groups="base.group_user"
    )
    target_host_id = fields.Many2one(
        "linserv.host",
        string="To host",
        check_company=True,
        ondelete="restrict",
        tracking=True,
        groups="base.group_user",
        help="By default the host that the instance's copies go to, else the instance's own.",
    )
    database = fields.Char(readonly=True, copy=False)
    url = fields.Char("Address", readonly=True, copy=False)
    anonymise = fields.Boolean(tracking=True, help="People's names, addresses, numbers and messages are taken out.")
    passwords = fields.Selection(
        [("keep", "Everybody logs in as in production"), ("internal", "Only colleagues can log in")],
        string="Log in",
        required=True,
        default="keep",
        tracking=True,
    )
    note = fields.Text("What for", help="Written by whoever orders it.")

    key = fields.Char(readonly=True, copy=False, required=True, default=lambda self: uuid.uuid4().hex, groups=USERS)
    order_key = fields.Char(readonly=True, copy=False, groups="base.group_user")
    ordered_by_id = fields.Many2one("res.partner", "Ordered by", readonly=True, copy=False)
    date_ordered = fields.Datetime("Ordered on", readonly=True, copy=False)
    contract_id = fields.Many2one(
        "linserv.contract", readonly=True, copy=False, ondelete="restrict", groups="base.group_user"
    )
    is_charged = fields.Boolean("Charged", readonly=True, copy=False)
    price_text = fields.Char("Told before the order", readonly=True, copy=False)
    date_published = fields.Datetime("In use since", readonly=True, copy=False)
    date_expires = fields.Datetime("Removed on", copy=False, tracking=True)
    date_cancelled = fields.Datetime("Cancelled on", readonly=True, copy=False)
    cancelled_by_id = fields.Many2one("res.partner", "Cancelled by", readonly=True, copy=False)
    cancel_reason = fields.Char(readonly=True, copy=False)
    is_counted = fields.Boolean("Counts", readonly=True, copy=False, help="It has used one of those in the contract.")
    notice_id = fields.Many2one("ir.attachment", "Written notice", readonly=True, copy=False, groups="base.group_user")

    run_id = fields.Many2one("linserv.run", readonly=True, copy=False, ondelete="set null", groups=USERS)
    step = fields.Char(readonly=True, copy=False, groups=USERS)
    attempt = fields.Integer(readonly=True, copy=False, groups=USERS)
    progress = fields.Integer(related="run_id.progress", groups=USERS)
    error = fields.Char("Why it failed", readonly=True, copy=False, groups=USERS)
    closed_text = fields.Text("What was switched off", readonly=True, copy=False, groups=USERS)
    looked_at = fields.Integer("Channels looked at", readonly=True, copy=False, groups=USERS)
    kept_database = fields.Char("The former database", readonly=True, copy=False, groups=USERS)
    date_started = fields.Datetime(readonly=True, copy=False, groups=USERS)
    seconds = fields.Integer("Took (s)", readonly=True, copy=False, groups=USERS)

    _sql_constraints = [
        ("key_unique", "unique (key)", "A restore has an identifier of its own."),
        ("order_key_unique", "unique (order_key)", "This has been ordered already."),
    ]

    @api.constrains("kind", "target_host_id", "instance_id")
    def _check_target(self):
        for restore in self:
            host, own = restore.target_host_id, restore.instance_id.host_id
            if restore.kind == "same" and host and host != own:
                raise ValidationError(_("A restore on the same host goes to the instance's own host."))
            if restore.kind == "other" and host == own:
                raise ValidationError(_("Choose another host than the instance's own."))

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create([dict(vals) for vals in vals_list])
        for record in records:
            record._complete()
        return records

    def _complete(self):
        """Give the restore its number and its host."""
        vals = {"name": "R%05d" % self.id}
        if not self.target_host_id:
            vals["target_host_id"] = self._default_target().id
        self.write(vals)

    def _default_target(self):
        instance = self.instance_id.sudo()
        if self.kind == "test_copy":
            return instance.copy_host_id or instance.host_id
        return instance.host_id if self.kind == "same" else self.env["linserv.host"]

    def unlink(self):
        if any(restore.state != "draft" for restore in self):
            raise UserError(_("What has been ordered is cancelled, not deleted."))
        return super().unlink()

    def name_get(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        return [
            (each.id, ", ".join(filter(None, (each.name, kinds.get(each.kind), each.instance_id.name))))
            for each in self
        ]

    def _move(self, event, **vals):
        """Move by the transition table and write the values with it.

        :raise UserError: the event is not possible in the state
        """
        self.ensure_one()
        try:
            state = restores.next_state(self.state, event)
        except restores.ForbiddenTransitionError:
            label = dict(self._fields["state"]._description_selection(self.env))[self.state]
            raise UserError(
                _("This is not possible: %(name)s is %(state)s.", name=self.name, state=label.lower())
            ) from None
        self.write(dict(vals, state=state))

    def _lock(self):
        """Hold the restore until the transaction ends, and read it as it is now."""
        self.flush()
        self.env.cr.execute("SELECT id FROM linserv_restore WHERE id IN %s FOR UPDATE", [tuple(self.ids)])
        self.invalidate_cache(ids=self.ids)

    def _check_manager(self):
        if not self.env.su and not self.env.user.has_group(MANAGERS):
            raise AccessError(_("Only managers of backups may do this."))

    def _check_user(self):
        if not self.env.su and not self.env.user.has_group(USERS):
            raise AccessError(_("Only colleagues who handle backups may do this."))

    def _get_repository(self):
        """Return where the instance's points are. sudo: who orders a copy need not see repositories."""
        self.ensure_one()
        return self.env["linserv.backup.repository"].sudo().search([("instance_id", "=", self.instance_id.id)], limit=1)

    def _find_point(self, moment=None):
        """Return the proved database point at or before a moment (None: the newest); empty where there is none."""
        kind = "db" if self.sudo().source == "backup" else "dr"
        domain = [("instance_id", "=", self.instance_id.id), ("kind", "=", kind), ("state", "=", "proved")]
        if moment:
            domain.append(("slot", "<=", moment))
        return self.env["linserv.backup.point"].sudo().search(domain, order="slot desc", limit=1)
