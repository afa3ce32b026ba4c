from odoo import api, fields, models

from ..domain import capacity

TAKE = """
INSERT INTO linserv_backup_capacity (host_id, company_id, date, free_bytes, total_bytes, repository_bytes,
       create_uid, create_date, write_uid, write_date)
SELECT host.id, host.company_id, repository.date_listed::date,
       (array_agg(repository.free_bytes ORDER BY repository.date_listed DESC))[1],
       (array_agg(repository.total_bytes ORDER BY repository.date_listed DESC))[1],
       sum(repository.repository_bytes), %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
  FROM linserv_backup_repository repository JOIN linserv_host host ON host.id = repository.host_id
 WHERE repository.total_bytes > 0 AND repository.date_listed >= %(since)s
 GROUP BY host.id, host.company_id, repository.date_listed::date
    ON CONFLICT (host_id, date) DO UPDATE
   SET free_bytes = excluded.free_bytes, total_bytes = excluded.total_bytes,
       repository_bytes = excluded.repository_bytes, write_uid = excluded.write_uid, write_date = excluded.write_date
"""
# A DR host tells of its disks in its facts: the largest is where the copies are.
TAKE_FACTS = """
INSERT INTO linserv_backup_capacity (host_id, company_id, date, free_bytes, total_bytes, repository_bytes,
       create_uid, create_date, write_uid, write_date)
SELECT DISTINCT ON (host.id) host.id, host.company_id, host.facts_date::date, disk.free_gb * 1e9, disk.size_gb * 1e9,
       (SELECT sum(dr_repository_bytes) FROM linserv_backup_repository WHERE dr_host_id = host.id),
       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
  FROM linserv_host host JOIN linserv_host_disk disk ON disk.host_id = host.id
 WHERE host.backup_role = 'dr' AND host.facts_date >= %(since)s AND disk.size_gb > 0
 ORDER BY host.id, disk.size_gb DESC
    ON CONFLICT (host_id, date) DO UPDATE
   SET free_bytes = excluded.free_bytes, total_bytes = excluded.total_bytes,
       repository_bytes = excluded.repository_bytes, write_uid = excluded.write_uid, write_date = excluded.write_date
"""


class LinservBackupCapacity(models.Model):
    """What the disk of a backup or DR host had free on a day, as the host said; from these the forecast is made."""

    _name = "linserv.backup.capacity"
    _description = "Capacity of a Backup Host"
    _order = "date desc, host_id"

    host_id = fields.Many2one("linserv.host", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="host_id.company_id", store=True, index=True)
    date = fields.Date(required=True, readonly=True)
    free_bytes = fields.Float("Free (bytes)", digits=(20, 0), readonly=True, group_operator="min")
    total_bytes = fields.Float("Disk (bytes)", digits=(20, 0), readonly=True, group_operator="max")
    repository_bytes = fields.Float("Backups (bytes)", digits=(20, 0), readonly=True, group_operator="max")

    _sql_constraints = [("day_unique", "unique (host_id, date)", "A host has one row a day.")]

    @api.model
    def _take(self):
        """Keep what the hosts said in their latest listings, a row a host and day."""
        self.env["base"].flush()
        values = {"uid": self.env.uid, "since": fields.Datetime.subtract(fields.Datetime.now(), days=1)}
        for query in (TAKE, TAKE_FACTS):
            self.env.cr.execute(query, values)
        self.invalidate_cache()

    @api.model
    def _samples(self, company, today):
        """Return {host: [samples of the last days, the oldest first]} of a company."""
        since = fields.Date.subtract(today, days=capacity.DAYS_LOOKED_AT)
        rows = self.search([("company_id", "=", company.id), ("date", ">=", since)], order="date")
        samples = {}
        for row in rows:
            sample = capacity.Sample(row.date, int(row.free_bytes), int(row.total_bytes))
            samples.setdefault(row.host_id, []).append(sample)
        return samples
