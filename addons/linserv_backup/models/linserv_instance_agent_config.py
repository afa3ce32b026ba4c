from odoo import models

FILESTORE = "/var/lib/odoo/.local/share/Odoo/filestore/%s"


class LinservInstance(models.Model):
    _inherit = "linserv.instance"

    def _prepare_agent_config(self):
        """Add what a backup host reads: the role that may only read, and where Debian's Odoo keeps its files."""
        return {
            **super()._prepare_agent_config(),
            "backup_user": "linserv_backup",
            "filestore": FILESTORE % self.database,
            "folders": {},
        }
