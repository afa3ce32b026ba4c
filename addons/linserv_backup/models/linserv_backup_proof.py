from odoo import fields, models

from .linserv_backup_repository import KINDS

STATES = [("complete", "Complete"), ("incomplete", "Incomplete")]


class LinservBackupProof(models.Model):
    """The daily proof that every point that was promised is there: what is expected against what the host lists."""

    _name = "linserv.backup.proof"
    _description = "Retention Proof"
    _order = "date desc, instance_id, kind, id desc"
    _rec_name = "date"

    repository_id = fields.Many2one(
        "linserv.backup.repository", required=True, readonly=True, ondelete="cascade", index=True
    )
    instance_id = fields.Many2one(related="repository_id.instance_id", store=True, index=True)
    company_id = fields.Many2one(related="repository_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="repository_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    date = fields.Date(required=True, readonly=True, index=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True)
    slots = fields.Integer(readonly=True, help="Every slot within the days that the plan keeps.")
    gaps = fields.Integer("Recorded gaps", readonly=True, help="Slots without a point, each with its reason.")
    expected = fields.Integer(readonly=True, help="Slots less the recorded gaps.")
    listed = fields.Integer(readonly=True, help="Of those expected, how many the repository itself lists.")
    missing = fields.Integer(readonly=True, help="Expected, but not listed and not explained.")
    suspect = fields.Integer(readonly=True, help="There, but suspect: they count when somebody has accepted them.")
    extra = fields.Integer(readonly=True, help="Listed beyond what is expected: older points that wait for deletion.")
    gap_text = fields.Text("Gaps explained", readonly=True)
    missing_text = fields.Text("Missing points", readonly=True, groups="base.group_user")
    run_id = fields.Many2one("linserv.run", readonly=True, index=True, ondelete="set null", groups="base.group_user")

    _sql_constraints = [
        ("day_unique", "unique (repository_id, kind, date)", "A day has one proof for each kind."),
    ]
