from datetime import datetime, time, timedelta

from odoo import api, fields, models

from ..domain import alerts, capacity

FIRST_WEEK = timedelta(days=7)
FROZEN_AFTER = timedelta(days=1)
# The first proof that is incomplete since the last one that was complete.
GAPS = """
SELECT DISTINCT ON (proof.repository_id, proof.kind)
       proof.repository_id, proof.kind, proof.instance_id, repository.host_id, proof.id,
       min(proof.date) OVER (PARTITION BY proof.repository_id, proof.kind) AS since,
       proof.missing
  FROM linserv_backup_proof proof JOIN linserv_backup_repository repository ON repository.id = proof.repository_id
 WHERE proof.company_id = %(company)s AND proof.missing > 0 AND repository.active AND repository.state != 'closed'
   AND NOT EXISTS (SELECT 1 FROM linserv_backup_proof later
                    WHERE later.repository_id = proof.repository_id AND later.kind = proof.kind
                      AND later.date > proof.date AND later.missing = 0)
 ORDER BY proof.repository_id, proof.kind, proof.date DESC
"""
PROOFS = """
SELECT repository.id AS repository_id, repository.instance_id, repository.host_id,
       (SELECT max(write_date) FROM linserv_backup_proof proof WHERE proof.repository_id = repository.id) AS proved,
       (SELECT min(date_proved) FROM linserv_backup_point point
         WHERE point.repository_id = repository.id AND point.state = 'proved') AS begun
  FROM linserv_backup_repository repository
 WHERE repository.company_id = %(company)s AND repository.active AND repository.state = 'ready'
"""
# What the clock of each host showed when one of its repositories was last listed.
CLOCKS = """
SELECT DISTINCT ON (host_id) host_id, skew, listed FROM (
    SELECT host_id, clock_skew AS skew, date_listed AS listed FROM linserv_backup_repository
     WHERE company_id = %(company)s AND date_listed IS NOT NULL
     UNION ALL
    SELECT dr_host_id, dr_clock_skew, dr_date_listed FROM linserv_backup_repository
     WHERE company_id = %(company)s AND dr_date_listed IS NOT NULL) AS clocks
 WHERE host_id IS NOT NULL ORDER BY host_id, listed DESC
"""


class LinservBackupWatch(models.AbstractModel):
    """What is wrong with repositories and their hosts: proofs, retention, damage, clocks, disks, keys on paper."""

    _inherit = "linserv.backup.watch"

    @api.model
    def _find_gaps(self, company, now, limits):
        rows = self._rows(GAPS, company=company.id)
        return [
            alerts.find(
                "gaps",
                "linserv.backup.repository,%d:%s" % (row["repository_id"], row["kind"]),
                datetime.combine(row["since"], time()),
                now,
                facts=self._about(
                    row, kind=row["kind"], missing=row["missing"], record="linserv.backup.proof,%d" % row["id"]
                ),
            )
            for row in rows
        ]

    @api.model
    def _find_proof_late(self, company, now, limits):
        found = []
        for row in self._rows(PROOFS, company=company.id):
            since = row["begun"] and alerts.older_than(row["proved"], row["begun"], now, limits.proof_after)
            if since:
                subject = "linserv.backup.repository,%d" % row["repository_id"]
                found.append(alerts.find("proof_late", subject, since, now, facts=self._about(row)))
        return found

    @api.model
    def _repositories(self, company, *domain):
        return self.env["linserv.backup.repository"].search([("company_id", "=", company.id), *domain])

    @api.model
    def _repository_finding(self, code, repository, since, now, **facts):
        ids = {
            "repository_id": repository.id,
            "instance_id": repository.instance_id.id,
            "host_id": repository.host_id.id,
        }
        subject = "linserv.backup.repository,%d" % repository.id
        return alerts.find(code, subject, since, now, facts=self._about(ids, **facts))

    @api.model
    def _find_damaged(self, company, now, limits):
        frozen = self._repositories(company, ("frozen", "=", True))
        return [
            self._repository_finding("damaged", each, each.date_frozen, now)
            for each in frozen
            if "damaged" in (each.freeze_codes or "").split()
        ]

    @api.model
    def _find_frozen(self, company, now, limits):
        frozen = self._repositories(company, ("frozen", "=", True), ("date_frozen", "<=", now - FROZEN_AFTER))
        return [
            self._repository_finding("retention_frozen", each, each.date_frozen, now, freeze=each.freeze_codes or "")
            for each in frozen
        ]

    @api.model
    def _find_clock_skew(self, company, now, limits):
        """One finding for each host whose latest listing shows another time."""
        found = []
        for row in self._rows(CLOCKS, company=company.id):
            if abs(row["skew"]) > limits.skew.total_seconds():
                subject = "linserv.host,%d" % row["host_id"]
                since = self._known_since(company, "clock_skew", subject, row["listed"])
                facts = self._about(row, minutes=round(abs(row["skew"]) / 60))
                found.append(alerts.find("clock_skew", subject, since, now, facts=facts))
        return found

    @api.model
    def _find_capacity(self, company, now, limits):
        found, today = [], now.date()
        for host, samples in self.env["linserv.backup.capacity"]._samples(company, today).items():
            forecast = capacity.forecast(samples, today)
            severity = alerts.capacity_severity(forecast.days_left, limits)
            if severity:
                subject = "linserv.host,%d" % host.id
                since = self._known_since(company, "capacity", subject, now)
                facts = {"full_on": fields.Date.to_string(forecast.full_on), "days": forecast.days_left}
                found.append(alerts.find("capacity", subject, since, now, severity=severity, facts=facts))
        return found

    @api.model
    def _find_not_connected(self, company, now, limits):
        """What is sold and not taken: plans of repositories that are not connected, and policies without a plan."""
        today = now.date()
        in_force = [
            ("company_id", "=", company.id),
            ("date_from", "<=", today),
            "|",
            ("date_to", "=", False),
            ("date_to", ">=", today),
        ]
        plans = self.env["linserv.backup.plan"].search(in_force)
        lacking = {}
        for plan in plans.filtered(lambda each: each.repository_id.state not in ("ready", "closed")):
            lacking.setdefault(plan.instance_id, []).append(plan.name)
        planned = {(plan.instance_id, plan.kind) for plan in plans}
        for subscription in self._backup_subscriptions(company, today):
            for policy in subscription._linserv_policies():
                if (subscription.instance_id, policy.kind.lower()) not in planned:
                    lacking.setdefault(subscription.instance_id, []).append(str(policy))
        return [self._not_connected(company, instance, names, now) for instance, names in lacking.items()]

    @api.model
    def _backup_subscriptions(self, company, today):
        """Return the backups in force of instances. sudo: the watch reads what is sold."""
        domain = [
            ("company_id", "=", company.id),
            ("policy", "not in", (False, "")),
            ("state", "=", "active"),
            ("instance_id", "!=", False),
            ("date_start", "<=", today),
        ]
        return self.env["linserv.subscription"].sudo().search(domain).filtered(lambda each: each._is_in_force())

    @api.model
    def _not_connected(self, company, instance, names, now):
        subject = "linserv.instance,%d" % instance.id
        since = self._known_since(company, "not_connected", subject, now)
        facts = {"instance": instance.id, "what": ", ".join(sorted(set(names)))}
        return alerts.find("not_connected", subject, since, now, facts=facts)

    @api.model
    def _find_sheet(self, company, now, limits):
        """A new repository has a week; a confirmed sheet is good for a year."""
        found = []
        for repository in self._repositories(company, ("state", "=", "ready")):
            day = repository.recovery_sheet_date
            due = repository.create_date + FIRST_WEEK
            if day:
                due = datetime.combine(day, time()) + timedelta(days=limits.sheet_days)
            if now >= due:
                found.append(self._repository_finding("sheet_unconfirmed", repository, due, now))
        return found

    @api.model
    def _find_silent(self, company, now, limits):
        """The scheduled actions are nobody's alone: their alert is the first company's."""
        if company != self.env["res.company"].search([], order="id", limit=1):
            return []
        silent = self.env["linserv.backup.pulse"]._silent_crons(now)
        if not silent:
            return []
        names = ", ".join(cron.name for cron, _since in silent)
        return [
            alerts.find("cron_silent", "ir.cron", min(since for _cron, since in silent), now, facts={"names": names})
        ]
