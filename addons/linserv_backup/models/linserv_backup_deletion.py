from odoo import fields, models

from .linserv_backup_repository import KINDS

STATES = [
    ("ordered", "Ordered"),
    ("trashed", "Deleted"),
    ("removed", "Removed"),
    ("refused", "Refused"),
    ("failed", "Failed"),
]


class LinservBackupDeletion(models.Model):
    """Points whose days are over, by name: deleted by two sides that agree, removed from the disk a week later."""

    _name = "linserv.backup.deletion"
    _description = "Deletion of Recovery Points"
    _inherit = ["linserv.run.origin"]
    _order = "date desc, id desc"

    repository_id = fields.Many2one(
        "linserv.backup.repository", required=True, readonly=True, ondelete="cascade", index=True
    )
    instance_id = fields.Many2one(related="repository_id.instance_id", store=True, index=True)
    company_id = fields.Many2one(related="repository_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="repository_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    kind = fields.Selection(KINDS, required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="ordered")
    names = fields.Text(readonly=True, help="The names that Odoo asked the host to delete.")
    name_count = fields.Integer("Points", readonly=True)
    reason = fields.Char(readonly=True)
    run_id = fields.Many2one("linserv.run", readonly=True, index=True, ondelete="set null")
    date_done = fields.Datetime("Deleted on", readonly=True)

    _sql_constraints = [
        ("day_unique", "unique (repository_id, kind, date)", "A day has one deletion for each kind."),
    ]
