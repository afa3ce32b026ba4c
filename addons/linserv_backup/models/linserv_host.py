from odoo import fields, models


class LinservHost(models.Model):
    _inherit = "linserv.host"

    backup_role = fields.Selection(
        [("backup", "Backup host"), ("dr", "Disaster recovery host")],
        tracking=True,
        help="What the host does for other hosts: it pulls their backups, or it pulls copies of a backup host's.",
    )
    backup_parallel = fields.Integer(
        "Backups at once",
        default=4,
        help="How many points a backup or DR host takes at the same time; the others wait their turn.",
    )

    def _prepare_peer(self):
        """Return what another host of Linserv needs in order to speak to this one: address, pinned keys, agent."""
        self.ensure_one()
        return {
            "address": self.address,
            "port": self.port,
            "user": self.user,
            "host_keys": sorted("%s %s" % (key.algorithm, key.public_key) for key in self._get_pinned_keys()),
            "agent": self._get_agent_version(),
        }
