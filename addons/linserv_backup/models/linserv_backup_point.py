from odoo import fields, models

from .linserv_backup_repository import KINDS

STATES = [
    ("due", "Due"),
    ("running", "Running"),
    ("proved", "Proved"),
    ("suspect", "Suspect"),
    ("failed", "Failed"),
    ("missed", "Missed"),
    ("trashed", "Deleted"),
    ("removed", "Removed"),
]
FAILURE_CLASSES = [
    ("transient", "Passes by itself"),
    ("configuration", "Configuration"),
    ("data", "Data"),
    ("capacity", "Capacity"),
    ("unknown", "Unknown"),
]


class LinservBackupPoint(models.Model):
    """One slot of one repository: a point that was read back and judged, or a gap with its reason."""

    _name = "linserv.backup.point"
    _description = "Recovery Point"
    _inherit = ["linserv.run.origin"]
    _order = "slot desc, kind, id desc"
    _check_company_auto = True

    name = fields.Char(readonly=True, help="The archive's name in the repository.")
    repository_id = fields.Many2one("linserv.backup.repository", required=True, readonly=True, ondelete="restrict")
    instance_id = fields.Many2one(related="repository_id.instance_id", store=True, index=True)
    company_id = fields.Many2one(related="repository_id.company_id", store=True)
    commercial_partner_id = fields.Many2one(
        related="repository_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    plan_id = fields.Many2one(
        "linserv.backup.plan", readonly=True, ondelete="set null", index=True, groups="base.group_user"
    )
    kind = fields.Selection(KINDS, required=True, readonly=True)
    slot = fields.Datetime(required=True, readonly=True, help="The time that the point stands for.")
    state = fields.Selection(STATES, required=True, readonly=True, default="due")
    failure_class = fields.Selection(FAILURE_CLASSES, readonly=True)
    reason = fields.Char(readonly=True, groups="base.group_user", help="A code: of the failure, the gap or the doubt.")
    reason_detail = fields.Char(readonly=True, groups="base.group_user")
    reason_text = fields.Char(compute="_compute_reason_text", compute_sudo=True, string="Why")
    attempts = fields.Integer(readonly=True, groups="base.group_user")
    date_retry = fields.Datetime("Next attempt", readonly=True, groups="base.group_user")
    run_id = fields.Many2one("linserv.run", readonly=True, ondelete="set null", groups="base.group_user")

    date_taken = fields.Datetime("State of", readonly=True, help="When the source was read, by the source's clock.")
    date_proved = fields.Datetime("Read back on", readonly=True)
    date_drilled = fields.Datetime("Restored in a drill on", readonly=True)
    date_trashed = fields.Datetime("Deleted on", readonly=True)
    date_removed = fields.Datetime("Removed from disk on", readonly=True)
    form = fields.Char(readonly=True, help="How the dump is stored: whole, patch, segments or chunks.")
    bytes_stored = fields.Float(digits=(20, 0), readonly=True)
    dump_bytes = fields.Float(digits=(20, 0), readonly=True)
    rows = fields.Integer(readonly=True)
    files = fields.Integer(readonly=True)
    seconds = fields.Float(readonly=True, digits=(16, 1), help="From the order to the point.")
    sha256 = fields.Char("SHA-256 of the dump", readonly=True, groups="base.group_user")
    manifest = fields.Text(readonly=True, groups="base.group_user")
    held = fields.Boolean(readonly=True)
    hold_reason = fields.Char(readonly=True, groups="base.group_user")
    accepted_by_id = fields.Many2one("res.users", readonly=True, groups="base.group_user")
    accepted_date = fields.Datetime(readonly=True, groups="base.group_user")

    _sql_constraints = [
        ("slot_unique", "unique (repository_id, kind, slot)", "A slot has one point."),
    ]

    def init(self):
        self.env.cr.execute(
            """
            CREATE INDEX IF NOT EXISTS linserv_backup_point_open
                ON linserv_backup_point (repository_id, state) WHERE state IN ('due', 'running', 'suspect');
            CREATE INDEX IF NOT EXISTS linserv_backup_point_run
                ON linserv_backup_point (run_id) WHERE run_id IS NOT NULL;
            """
        )

    def name_get(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return [
            (point.id, "%s, %s %s" % (point.instance_id.name, labels[point.kind].lower(), point._get_local_slot()))
            for point in self
        ]

    def _get_local_slot(self):
        return fields.Datetime.to_string(fields.Datetime.context_timestamp(self, self.slot))[:16]
