import json
import logging
import re

from odoo import api, fields, models

from ..domain import alert_changes, alerts

_logger = logging.getLogger(__name__)


class LinservBackupAlert(models.Model):
    """The dead man in Odoo: looks at what is proved, and makes the open alerts agree with it."""

    _inherit = "linserv.backup.alert"

    @api.model
    def _cron_watch(self):
        """Every ten minutes: look at every company's backups, change the alerts, tell who must know."""
        self._watch(fields.Datetime.now())
        self.env["linserv.backup.pulse"]._beat()

    @api.model
    def _watch(self, now):
        """Judge everything as of ``now``; twice in a row changes nothing."""
        today = now.date()
        self.env["linserv.backup.day"]._refresh(fields.Date.subtract(today, days=1), fields.Date.add(today, days=1))
        self.env["linserv.backup.capacity"]._take()
        changed = self.browse()
        for company in self.env["res.company"].search([("id", "!=", False)]):
            watch = self.with_company(company).env["linserv.backup.watch"]
            changed |= self._apply(company, *watch._look(company, now), now)
        changed._tell()
        self._tell_second_person(now)
        return changed

    @api.model
    def _apply(self, company, findings, judged, now):
        """Make the company's alerts agree with the findings; return those that somebody must be told about."""
        limits = company._get_backup_limits()
        findings = alerts.worst(alerts.with_several(findings, now, limits))
        quiet = alerts.quiet_keys(findings)
        changes = alert_changes.compare(self._get_known(company, now), findings, now, judged | {alerts.SEVERAL})
        opened = self.create([self._prepare_vals(company, each, quiet, now) for each in changes.opened])
        back = self._rewrite(changes.reopened, quiet, now, reopen=True)
        worse = self._rewrite(changes.escalated, quiet, now)
        self._rewrite(changes.kept, quiet, now)
        self.browse(changes.closed)._close(now)
        return opened | back | worse

    @api.model
    def _get_known(self, company, now):
        """Return the open alerts and those closed lately, for the domain."""
        lately = now - alert_changes.REOPEN_WITHIN
        domain = ["|", ("state", "=", "open"), ("date_closed", ">=", lately), ("company_id", "=", company.id)]
        return [
            alert_changes.Known(each.id, (each.code, each.subject), each.severity, each.date_closed or None)
            for each in self.search(domain)
        ]

    @api.model
    def _prepare_vals(self, company, finding, quiet, now):
        facts = dict(finding.facts)
        record = facts.pop("record", None) or ""
        model, _comma, res_id = record.partition(",")
        host = re.fullmatch(r"linserv\.host,(\d+)", finding.subject)
        return {
            "code": finding.code,
            "subject": finding.subject,
            "company_id": company.id,
            "severity": finding.severity,
            "date_since": finding.since,
            "date_opened": now,
            "date_seen": now,
            "repository_id": facts.pop("repository", False),
            "instance_id": facts.pop("instance", False),
            "host_id": facts.pop("host", False) or (int(host.group(1)) if host else False),
            "record_model": model or False,
            "record_res_id": int(res_id or 0),
            "facts": json.dumps(facts, sort_keys=True),
            "is_quiet": finding.key in quiet,
        }

    @api.model
    def _rewrite(self, pairs, quiet, now, reopen=False):
        """Bring alerts up to what was found; only what changed is written. A critical one is never eased."""
        done = self.browse()
        for number, finding in pairs:
            alert = self.browse(number)
            vals = self._prepare_vals(alert.company_id, finding, quiet, now)
            for name in ("code", "subject", "company_id", "date_opened", "date_seen"):
                vals.pop(name)
            if alert.severity == alerts.CRITICAL and not reopen:
                vals.pop("severity")
            if reopen:
                vals.update(state="open", date_closed=False, date_opened=now, times=alert.times + 1)
                vals.update(taken_by_id=False, date_unanswered=False)
            changed = alert._only_changed(vals)
            if changed:
                alert.write(changed)
            done |= alert
        done and done._touch(now)
        return done

    def _only_changed(self, vals):
        """Return the values that differ from what the alert has."""
        self.ensure_one()
        have = {name: self[name].id if self._fields[name].type == "many2one" else self[name] for name in vals}
        return {name: value for name, value in vals.items() if (have[name] or False) != (value or False)}

    def _touch(self, now):
        """Note that they were seen, without a write each: that would be in every log and every history."""
        self.env.cr.execute("UPDATE linserv_backup_alert SET date_seen = %s WHERE id = ANY(%s)", [now, self.ids])
        self.invalidate_cache(["date_seen"])

    def _close(self, now):
        """Close what is mended, and what was asked of people because of it."""
        if self:
            self.write({"state": "closed", "date_closed": now})
            self.activity_unlink(["linserv_backup.mail_activity_alert"])
            _logger.info("Backup alerts mended: %s", ", ".join("%s %s" % (a.code, a.subject) for a in self))
