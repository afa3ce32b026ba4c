from odoo import api, models

from ..domain import alerts

# Hosts that keep points, since when they do, and what they last said of themselves.
HOSTS = """
SELECT host.id AS host_id, host.backup_role, host.backup_report_date, host.backup_report_alarms,
       min(repository.create_date) AS begun
  FROM linserv_host host
  JOIN linserv_backup_repository repository
    ON host.id = CASE WHEN host.backup_role = 'dr' THEN repository.dr_host_id ELSE repository.host_id END
 WHERE host.company_id = %(company)s AND host.backup_role IS NOT NULL AND host.active AND host.state != 'retired'
   AND repository.active AND repository.state = 'ready'
 GROUP BY host.id
"""
RESTORES = """
SELECT id, instance_id, target_host_id AS host_id, name, error, state, write_date, date_expires
  FROM linserv_restore
 WHERE company_id = %(company)s
   AND (state = 'failed' OR kind = 'test_copy' AND state = 'published' AND date_expires < %(expired)s)
"""


class LinservBackupWatch(models.AbstractModel):
    """What is wrong with hosts by their own words or their silence, and with restores."""

    _inherit = "linserv.backup.watch"

    @api.model
    def _get_judges(self):
        more = {
            "_find_reports": {"backup_report_missing", "dr_report_missing", "host_alarm"},
            "_find_restores": {"restore_failed", "copy_overdue"},
        }
        return {**super()._get_judges(), **more}

    @api.model
    def _find_reports(self, company, now, limits):
        found = []
        for row in self._rows(HOSTS, company=company.id):
            subject = "linserv.host,%d" % row["host_id"]
            since = alerts.older_than(row["backup_report_date"], row["begun"], now, limits.report_after)
            if since:
                code = "%s_report_missing" % row["backup_role"]
                found.append(alerts.find(code, subject, since, now, facts=self._about(row)))
            elif row["backup_report_alarms"]:
                known = self._known_since(company, "host_alarm", subject, row["backup_report_date"])
                facts = self._about(row, names="; ".join(row["backup_report_alarms"].split("\n")))
                found.append(alerts.find("host_alarm", subject, known, now, facts=facts))
        return found

    @api.model
    def _find_restores(self, company, now, limits):
        rows = self._rows(RESTORES, company=company.id, expired=now - limits.copy_overdue_after)
        return [self._judge_restore(row, now) for row in rows]

    @api.model
    def _judge_restore(self, row, now):
        record = "linserv.restore,%d" % row["id"]
        facts = self._about(row, what=row["name"] or "", reason=row["error"] or "", record=record)
        code, since = ("restore_failed", row["write_date"])
        if row["state"] != "failed":
            code, since = "copy_overdue", row["date_expires"]
        return alerts.find(code, record, since, now, facts=facts)
