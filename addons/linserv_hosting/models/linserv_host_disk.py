from odoo import api, fields, models


class LinservHostDisk(models.Model):
    """A mounted file system of a host, as it was when the facts were last read."""

    _name = "linserv.host.disk"
    _description = "Disk of a Host"
    _order = "host_id, mount"
    _rec_name = "mount"

    host_id = fields.Many2one("linserv.host", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="host_id.company_id", store=True)
    mount = fields.Char(string="Mounted on", required=True, readonly=True)
    file_system = fields.Char(readonly=True)
    size_gb = fields.Float(string="Size (GB)", digits=(16, 1), readonly=True)
    free_gb = fields.Float(string="Free (GB)", digits=(16, 1), readonly=True)
    used_percent = fields.Float(string="Used (%)", digits=(16, 1), compute="_compute_used_percent", store=True)

    @api.depends("size_gb", "free_gb")
    def _compute_used_percent(self):
        for disk in self:
            used = disk.size_gb - disk.free_gb
            disk.used_percent = 100.0 * used / disk.size_gb if disk.size_gb else 0.0
