from odoo import api, models

from ..domain import alerts

# For every repository and zone: the last drill held, when one last passed, since when there is something to drill.
DRILLS = """
SELECT repository.id AS repository_id, repository.instance_id, zone.name AS zone,
       CASE WHEN zone.name = 'dr' THEN repository.dr_host_id ELSE repository.host_id END AS host_id,
       last.id, last.state, last.reason, last.date_held,
       (SELECT max(date_ended) FROM linserv_backup_drill drill
         WHERE drill.repository_id = repository.id AND drill.zone = zone.name AND drill.state = 'proved') AS passed,
       (SELECT min(date_proved) FROM linserv_backup_point point
         WHERE point.repository_id = repository.id AND point.kind = zone.kind AND point.state = 'proved') AS begun
  FROM linserv_backup_repository repository
 CROSS JOIN (VALUES ('backup', 'db'), ('dr', 'dr')) AS zone (name, kind)
  LEFT JOIN LATERAL (
       SELECT id, state, reason, date_held FROM linserv_backup_drill drill
        WHERE drill.repository_id = repository.id AND drill.zone = zone.name AND drill.state IN ('proved', 'faulty')
        ORDER BY date_held DESC, id DESC LIMIT 1) last ON true
 WHERE repository.company_id = %(company)s AND repository.active AND repository.state = 'ready'
"""


class LinservBackupWatch(models.AbstractModel):
    """What is wrong with drills: one found a fault, or none has passed for too long."""

    _inherit = "linserv.backup.watch"

    @api.model
    def _get_judges(self):
        return dict(super()._get_judges(), _find_drills={"drill_failed", "drill_late"})

    @api.model
    def _find_drills(self, company, now, limits):
        found = []
        for row in self._rows(DRILLS, company=company.id):
            subject = "linserv.backup.repository,%d:%s" % (row["repository_id"], row["zone"])
            if row["state"] == "faulty":
                facts = self._about(
                    row, drill_reasons=row["reason"] or "", record="linserv.backup.drill,%d" % row["id"]
                )
                found.append(alerts.find("drill_failed", subject, row["date_held"], now, facts=facts))
            allowed = limits.dr_drill_after if row["zone"] == "dr" else limits.drill_after
            since = row["begun"] and alerts.older_than(row["passed"], row["begun"], now, allowed)
            if since and row["state"] != "faulty":
                found.append(alerts.find("drill_late", subject, since, now, facts=self._about(row)))
        return found
