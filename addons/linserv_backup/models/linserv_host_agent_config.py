from odoo import models

ENGINES = {
    "backup": {"root": "/var/lib/linserv-backup", "borg": "/opt/linserv/borg/bin/borg", "zstd": "/usr/bin/zstd"},
    "dr": {"root": "/var/lib/linserv-dr", "restic": "/usr/bin/restic", "zstd": "/usr/bin/zstd"},
}


class LinservHost(models.Model):
    _inherit = "linserv.host"

    def _prepare_agent_config(self):
        """Add what a backup or DR host is told: where it keeps points, and with which Odoo it proves them."""
        config = super()._prepare_agent_config()
        engines = ENGINES.get(self.backup_role)
        return {**config, "backup": {**engines, "drill": self._prepare_drill_config()}} if engines else config

    def _prepare_drill_config(self):
        """Return where a point is restored to prove it: the host's own PostgreSQL and Debian's Odoo 14."""
        return {
            "pg": {"host": "/run/postgresql", "user": "linserv_drill"},
            "odoo_python": "/usr/bin/python3",
            "odoo_bin": "/usr/bin/odoo",
            "core_addons_path": ["/usr/lib/python3/dist-packages/odoo/addons"],
        }
