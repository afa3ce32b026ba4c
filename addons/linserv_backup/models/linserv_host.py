from odoo import fields, models


class LinservHost(models.Model):
    _inherit = "linserv.host"

    backup_role = fields.Selection(
        [("backup", "Backup host"), ("dr", "Disaster recovery host")],
        tracking=True,
        help="What the host does for other hosts: it pulls their backups, or it pulls copies of a backup host's.",
    )
