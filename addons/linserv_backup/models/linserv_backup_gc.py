from odoo import api, fields, models

KEEP_RUN_DAYS = 7
KEEP_POINT_DAYS = 400
AT_ONCE = 20000
OVER = ("removed", "missed", "failed")


class LinservBackupPoint(models.Model):
    """What nobody asks for any more: runs that took a point long ago, and points whose days are long over."""

    _inherit = "linserv.backup.point"

    @api.autovacuum
    def _gc_runs(self):
        """A fleet makes 15,000 of these runs a day; what came of them stands on the points."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_RUN_DAYS)
        domain = [
            ("res_model", "in", (self._name, "linserv.backup.repository", "linserv.backup.deletion")),
            ("state", "=", "done"),
            ("date_finished", "<", limit),
        ]
        self.env["linserv.run"].search(domain, limit=AT_ONCE).unlink()

    @api.autovacuum
    def _gc_points(self):
        """Points that were removed and gaps of more than a year ago, unless a restore was made of them."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_POINT_DAYS)
        self.env.cr.execute("SELECT DISTINCT point_id FROM linserv_restore WHERE point_id IS NOT NULL")
        used = [row[0] for row in self.env.cr.fetchall()]
        domain = [("state", "in", OVER), ("slot", "<", limit), ("id", "not in", used)]
        self.search(domain, limit=AT_ONCE).unlink()
