from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import drills
from .linserv_backup_point import FAILURE_CLASSES

ZONES = [("backup", "Backup host"), ("dr", "Disaster recovery host")]
STATES = [
    ("ordered", "Ordered"),
    ("proved", "Restored and proved"),
    ("faulty", "Found faulty"),
    ("failed", "Not held"),
    ("cancelled", "Cancelled"),
]
DEADLINE = 8 * 3600
SAMPLES = 20


class LinservBackupDrill(models.Model):
    """A point restored on a backup or DR host, compared with its source, and thrown away: that proves a backup."""

    _name = "linserv.backup.drill"
    _description = "Restore Drill"
    _inherit = ["linserv.run.origin"]
    _order = "date_held desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    repository_id = fields.Many2one(
        "linserv.backup.repository", required=True, readonly=True, ondelete="restrict", index=True
    )
    instance_id = fields.Many2one("linserv.instance", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    commercial_partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, ondelete="restrict", index=True
    )
    point_id = fields.Many2one("linserv.backup.point", readonly=True, ondelete="set null", index=True)
    point_name = fields.Char(required=True, readonly=True, groups="base.group_user")
    slot = fields.Datetime("Point of", required=True, readonly=True)
    zone = fields.Selection(ZONES, string="Restored on", required=True, readonly=True)
    host_id = fields.Many2one(
        "linserv.host", required=True, readonly=True, ondelete="restrict", groups="base.group_user"
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="ordered", index=True)
    date_ordered = fields.Datetime("Ordered on", required=True, readonly=True, default=fields.Datetime.now)
    date_held = fields.Datetime("Held on", readonly=True, index=True)
    date_ended = fields.Datetime("Ended on", readonly=True, help="When it was held, or when it could not be.")
    run_id = fields.Many2one("linserv.run", readonly=True, ondelete="set null", groups="base.group_user")
    run_progress = fields.Integer(related="run_id.progress", string="Progress", groups="base.group_user")
    run_progress_text = fields.Char(related="run_id.progress_text", string="Doing", groups="base.group_user")
    failure_class = fields.Selection(FAILURE_CLASSES, readonly=True, groups="base.group_user")
    reason = fields.Char(readonly=True, help="Codes: of the faults, or of why the drill was not held.")
    reason_detail = fields.Text("What the host said", readonly=True, groups="base.group_user")
    reason_text = fields.Char(compute="_compute_reason_text", compute_sudo=True, string="Why")

    usable_seconds = fields.Float(
        "Usable after (s)",
        readonly=True,
        digits=(16, 3),
        group_operator="avg",
        help="From the order to rebuild until Odoo has loaded the restored database: what a real recovery takes.",
    )
    total_seconds = fields.Float("Whole drill (s)", readonly=True, digits=(16, 3), group_operator="avg")
    rebuild_seconds = fields.Float("Rebuild (s)", readonly=True, digits=(16, 3), group_operator="avg")
    hash_seconds = fields.Float("Compare SHA-256 (s)", readonly=True, digits=(16, 3), group_operator="avg")
    restore_seconds = fields.Float("Restore (s)", readonly=True, digits=(16, 3), group_operator="avg")
    registry_seconds = fields.Float("Load in Odoo (s)", readonly=True, digits=(16, 3), group_operator="avg")
    rows_seconds = fields.Float("Compare rows (s)", readonly=True, digits=(16, 3), group_operator="avg")
    files_seconds = fields.Float("Check files (s)", readonly=True, digits=(16, 3), group_operator="avg")
    cpu_seconds = fields.Float("CPU (s)", readonly=True, digits=(16, 3), groups="base.group_user")
    peak_memory_mb = fields.Integer("Memory (MB)", readonly=True, groups="base.group_user")
    dump_bytes = fields.Float("Size of the dump (bytes)", readonly=True, digits=(20, 0))
    table_count = fields.Integer("Tables", readonly=True)
    row_count = fields.Integer("Rows", readonly=True)
    tables_compared = fields.Integer("Tables with rows compared", readonly=True)
    hashes_compared = fields.Integer("Tables with every row compared", readonly=True)
    file_count = fields.Integer("Files", readonly=True)
    files_damaged = fields.Integer("Damaged files", readonly=True)
    files_missing = fields.Integer("Missing files", readonly=True)
    odoo_version = fields.Char("Loaded by Odoo", readonly=True)
    module_count = fields.Integer("Modules", readonly=True)
    modules_missing = fields.Text("Modules that this host does not have", readonly=True, groups="base.group_user")

    def init(self):
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS linserv_backup_drill_open_unique
                ON linserv_backup_drill (repository_id, zone) WHERE state = 'ordered';
            """
        )

    @api.depends("instance_id.name", "slot", "zone")
    def _compute_name(self):
        for drill in self:
            drill.name = "%s %s" % (drill.instance_id.name or "", fields.Datetime.to_string(drill.slot)[:16])

    @api.model
    def _order_drill(self, repository, point, zone):
        """Order a drill of a point on one of the repository's hosts; return it.

        :raise UserError: there is no such host, or the point has no archive there
        """
        host = repository.host_id if zone == "backup" else repository.dr_host_id
        if not host:
            raise UserError(_("%s has no host to hold the drill on.", repository.display_name))
        if not point or not point.name or point.state != "proved":
            raise UserError(_("Only a point that was read back can be restored in a drill."))
        self.flush(["state"])
        # sudo: staff who may order a drill have no right to write its result.
        drill = self.sudo().create([self._prepare_drill_vals(repository, point, zone, host)])
        drill.run_id = host.sudo()._queue_run(
            "drill.run",
            {"repository": repository.name, "name": point.name, "samples": SAMPLES},
            origin=drill,
            idempotency_key="drill:%d" % drill.id,
            deadline=DEADLINE,
            detached=True,
        )
        return self.browse(drill.id)

    @api.model
    def _prepare_drill_vals(self, repository, point, zone, host):
        return {
            "repository_id": repository.id,
            "instance_id": repository.instance_id.id,
            "company_id": repository.company_id.id,
            "commercial_partner_id": repository.commercial_partner_id.id,
            "point_id": point.id,
            "point_name": point.name,
            "slot": point.slot,
            "zone": zone,
            "host_id": host.id,
        }

    def _move(self, state, **vals):
        """Give the drill another state, with the values that belong to it.

        :raise UserError: the table of states does not know this step
        """
        self.ensure_one()
        if not drills.may_become(self.state, state):
            raise UserError(_("%s is settled and is kept as it was.", self.display_name))
        self.write(dict(vals, state=state))

    def action_view_run(self):
        """Open the run that holds the drill."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "linserv.run",
            "res_id": self.run_id.id,
            "views": [(False, "form")],
        }

    def action_cancel(self):
        """Give up a drill that goes on; the host throws away what it had restored."""
        for drill in self.filtered(lambda each: each.state == "ordered"):
            drill.run_id.action_cancel()
            drill.sudo()._move("cancelled", date_ended=fields.Datetime.now())
