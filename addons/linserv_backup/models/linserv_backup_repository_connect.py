from odoo import fields, models


class LinservBackupRepository(models.Model):
    """How a repository comes to be: made on the backup host, let in by the customer's host, copied by the DR host."""

    _inherit = "linserv.backup.repository"

    public_key = fields.Char(
        readonly=True, copy=False, help="The backup host's key for this repository; its private half never leaves it."
    )
    dr_public_key = fields.Char("DR public key", readonly=True, copy=False)
    connect_run_id = fields.Many2one("linserv.run", readonly=True, copy=False, ondelete="set null")
    connect_error = fields.Char(readonly=True, copy=False)
    connect_attempt = fields.Integer(readonly=True, copy=False)
