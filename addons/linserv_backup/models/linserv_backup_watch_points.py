from odoo import api, models

from ..domain import alerts, slots
from .linserv_backup_watch import LONG_AGO

LAST_PROVED = """
SELECT plan.id AS plan_id, plan.repository_id, plan.kind, repository.instance_id, repository.host_id,
       repository.dr_host_id, repository.state,
       (SELECT max(point.slot) FROM linserv_backup_point point
         WHERE point.repository_id = plan.repository_id AND point.kind = plan.kind AND point.state = 'proved') AS proved
  FROM linserv_backup_plan plan
  JOIN linserv_backup_repository repository ON repository.id = plan.repository_id
 WHERE plan.company_id = %(company)s AND plan.date_from <= %(today)s
   AND (plan.date_to IS NULL OR plan.date_to >= %(today)s)
   AND repository.active AND repository.state != 'closed'
"""
SUSPECT = """
SELECT DISTINCT ON (point.repository_id, point.kind)
       point.id, point.repository_id, point.kind, point.reason, point.instance_id, repository.host_id,
       min(coalesce(point.date_proved, point.slot)) OVER (PARTITION BY point.repository_id, point.kind) AS since
  FROM linserv_backup_point point JOIN linserv_backup_repository repository ON repository.id = point.repository_id
 WHERE point.state = 'suspect' AND repository.company_id = %(company)s
 ORDER BY point.repository_id, point.kind, point.slot DESC
"""
CONFIGURATION = """
SELECT DISTINCT ON (point.repository_id, point.kind)
       point.id, point.repository_id, point.kind, point.reason, point.instance_id, repository.host_id,
       point.slot AS since
  FROM linserv_backup_repository repository
  JOIN linserv_backup_point point ON point.repository_id = repository.id
 WHERE repository.company_id = %(company)s AND repository.active AND repository.state != 'closed'
   AND point.state = 'failed' AND point.failure_class = 'configuration' AND point.slot >= %(begin)s
   AND NOT EXISTS (SELECT 1 FROM linserv_backup_point later
                    WHERE later.repository_id = point.repository_id AND later.kind = point.kind
                      AND later.slot > point.slot AND later.state IN ('proved', 'suspect'))
 ORDER BY point.repository_id, point.kind, point.slot
"""


class LinservBackupWatch(models.AbstractModel):
    """What is wrong with points: late by what is proved, suspect, or set up so that they cannot be taken."""

    _inherit = "linserv.backup.watch"

    @api.model
    def _find_late(self, company, now, limits):
        rows = self._rows(LAST_PROVED, company=company.id, today=now.date())
        plans = self.env["linserv.backup.plan"].browse([row["plan_id"] for row in rows])
        found = [self._judge_lateness(plan, row, now, limits) for plan, row in zip(plans, rows)]
        return [finding for finding in found if finding]

    @api.model
    def _judge_lateness(self, plan, row, now, limits):
        """Return the finding of one plan. What was never connected and has no point is another alert's."""
        if row["state"] != "ready" and not row["proved"]:
            return None
        begin = max(row["proved"] or now - LONG_AGO, now - LONG_AGO)
        missed = alerts.overdue(self._promised(plan, begin, now), row["proved"], now, limits)
        host = row["dr_host_id"] if row["kind"] == "dr" else row["host_id"]
        return alerts.late(
            "linserv.backup.repository,%d:%s" % (row["repository_id"], row["kind"]),
            missed,
            now,
            limits,
            code="dr_late" if row["kind"] == "dr" else "late",
            cause="linserv.host,%d" % host if host else "",
            facts=self._about({**row, "host_id": host}, kind=row["kind"]),
        )

    @api.model
    def _promised(self, plan, after, until):
        """Return the slots of a plan after one time up to another (UTC): what was promised, whatever was done."""
        promise = plan._get_promise()
        begin = max(plan._epoch(after), promise.begin - 1)
        end = plan._epoch(until) if promise.end is None else min(plan._epoch(until), promise.end - 1)
        return [plan._moment(epoch) for epoch in slots.between(promise.schedule, begin, end)]

    @api.model
    def _find_suspect(self, company, now, limits):
        rows = self._rows(SUSPECT, company=company.id)
        return [self._point_finding("suspect", row, now) for row in rows]

    @api.model
    def _find_configuration(self, company, now, limits):
        rows = self._rows(CONFIGURATION, company=company.id, begin=now - LONG_AGO)
        return [self._point_finding("configuration", row, now) for row in rows]

    @api.model
    def _point_finding(self, code, row, now):
        facts = self._about(
            row, kind=row["kind"], reasons=row["reason"] or "", record="linserv.backup.point,%d" % row["id"]
        )
        subject = "linserv.backup.repository,%d:%s" % (row["repository_id"], row["kind"])
        return alerts.find(code, subject, row["since"], now, facts=facts)
