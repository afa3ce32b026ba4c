import json

from odoo import api, fields, models

from ..domain.proof_calendar import Day
from .linserv_backup_repository import KINDS

# The class of a reason is what customers may know of it; nothing else of it leaves the house.
REFRESH = """
WITH seen AS (
    SELECT point.repository_id, point.kind, point.slot,
           (point.slot AT TIME ZONE 'UTC' AT TIME ZONE coalesce(source.timezone, 'Europe/Stockholm'))::date AS day,
           (point.state = 'proved' OR point.state IN ('trashed', 'removed') AND point.reason IS NULL) AS is_proved,
           CASE WHEN point.state = 'suspect' THEN 'suspect'
                WHEN point.state NOT IN ('failed', 'missed') THEN NULL
                WHEN point.reason IN ('overlap', 'no_point') THEN point.reason
                WHEN point.reason IN ('odoo_down', 'host_busy', 'not_connected') THEN 'ours'
                WHEN point.failure_class = 'transient' THEN 'unreachable'
                WHEN point.failure_class = 'data' THEN 'data'
                ELSE 'ours' END AS reason_class
      FROM linserv_backup_point point
      JOIN linserv_backup_repository repository ON repository.id = point.repository_id
      LEFT JOIN linserv_host source ON source.id = repository.source_host_id
     WHERE point.slot >= %(first)s::date - 1 AND point.slot < %(last)s::date + 2
       AND point.slot <= %(now)s
), paused AS (
    SELECT seen.*, CASE WHEN is_proved THEN slot - coalesce(
               lag(slot) OVER (PARTITION BY repository_id, kind, is_proved ORDER BY slot),
               (SELECT max(earlier.slot) FROM linserv_backup_point earlier
                 WHERE earlier.repository_id = seen.repository_id AND earlier.kind = seen.kind
                   AND earlier.slot < seen.slot AND earlier.state IN ('proved', 'trashed', 'removed'))
           ) END AS pause
      FROM seen
), counted AS (
    SELECT repository_id, kind, day, reason_class, count(*) AS number,
           count(*) FILTER (WHERE is_proved) AS proved, max(extract(epoch FROM pause)) AS longest
      FROM paused WHERE day BETWEEN %(first)s AND %(last)s GROUP BY 1, 2, 3, 4
)
INSERT INTO linserv_backup_day (repository_id, instance_id, company_id, commercial_partner_id, kind, date,
       expected, proved, reasons, longest_gap, create_uid, create_date, write_uid, write_date)
SELECT counted.repository_id, repository.instance_id, repository.company_id, repository.commercial_partner_id,
       counted.kind, counted.day, sum(number), sum(proved),
       jsonb_object_agg(reason_class, number) FILTER (WHERE reason_class IS NOT NULL)::text,
       coalesce(max(longest), 0), %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
  FROM counted JOIN linserv_backup_repository repository ON repository.id = counted.repository_id
 GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (repository_id, kind, date) DO UPDATE
   SET expected = excluded.expected, proved = excluded.proved, reasons = excluded.reasons,
       longest_gap = excluded.longest_gap, write_uid = excluded.write_uid, write_date = excluded.write_date
 WHERE (linserv_backup_day.expected, linserv_backup_day.proved, linserv_backup_day.longest_gap,
        coalesce(linserv_backup_day.reasons, ''))
    IS DISTINCT FROM (excluded.expected, excluded.proved, excluded.longest_gap, coalesce(excluded.reasons, ''))
"""


class LinservBackupDay(models.Model):
    """How many points of one kind were expected and proved on one local day: what calendars and graphs are drawn from.

    Counted from the points, never written by hand. It stays when the points of the day have long been deleted.
    """

    _name = "linserv.backup.day"
    _description = "Day of Backups"
    _order = "date desc, instance_id, kind"
    _log_access = True

    repository_id = fields.Many2one(
        "linserv.backup.repository",
        required=True,
        readonly=True,
        ondelete="cascade",
        groups="base.group_user",
    )
    instance_id = fields.Many2one(related="repository_id.instance_id", store=True, index=True, compute_sudo=True)
    company_id = fields.Many2one(related="repository_id.company_id", store=True, compute_sudo=True)
    commercial_partner_id = fields.Many2one(
        related="repository_id.commercial_partner_id", string="Customer", store=True, index=True, compute_sudo=True
    )
    kind = fields.Selection(KINDS, required=True, readonly=True)
    date = fields.Date(required=True, readonly=True, help="In the time zone of the customer's host.")
    expected = fields.Integer(readonly=True)
    proved = fields.Integer(readonly=True)
    missing = fields.Integer(compute="_compute_missing", help="Expected and not proved, for the reasons recorded.")
    reasons = fields.Char(readonly=True, help="How many are missing for which reason (JSON).")
    longest_gap = fields.Integer(
        "Longest time without a new point (s)", readonly=True, group_operator="max", help="That ended on this day."
    )

    _sql_constraints = [("day_unique", "unique (repository_id, kind, date)", "A day is counted once for each kind.")]

    def init(self):
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS linserv_backup_day_company ON linserv_backup_day (company_id, kind, date)"
        )

    @api.depends("expected", "proved")
    def _compute_missing(self):
        for day in self:
            day.missing = max(0, day.expected - day.proved)

    @api.model
    def _refresh(self, first, last):
        """Count the local days from ``first`` to ``last`` anew, both included. The same points give the same rows."""
        self.env["linserv.backup.point"].flush()
        self.env["linserv.backup.repository"].flush()
        values = {
            "first": first,
            "last": last,
            "now": fields.Datetime.now(),
            "uid": self.env.uid,
        }
        self.env.cr.execute(REFRESH, values)
        self.invalidate_cache()

    @api.model
    def _cron_refresh(self):
        """Each night: count the last two weeks anew, for points that were accepted or given up since."""
        today = fields.Date.today()
        self._refresh(fields.Date.subtract(today, days=14), fields.Date.add(today, days=1))

    def _to_calendar(self):
        """Return {date: domain value}."""
        return {row.date: Day(row.date, row.expected, row.proved, json.loads(row.reasons or "{}")) for row in self}
