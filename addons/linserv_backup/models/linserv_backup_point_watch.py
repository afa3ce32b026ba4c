from odoo import models


class LinservBackupPoint(models.Model):
    _inherit = "linserv.backup.point"

    def init(self):
        result = super().init()
        # The days are counted anew from the points of a few days: without it every count reads all of them.
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS linserv_backup_point_slot ON linserv_backup_point USING brin (slot)"
        )
        return result
