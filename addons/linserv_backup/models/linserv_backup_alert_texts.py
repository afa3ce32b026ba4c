from odoo import _, api, fields, models
from odoo.tools import format_date, format_datetime


class LinservBackupAlert(models.Model):
    """What alerts say, in the reader's language."""

    _inherit = "linserv.backup.alert"

    @api.model
    def _get_titles(self):
        return {
            "late": _("Points are late"),
            "dr_late": _("The DR copy is late"),
            "host_late": _("Many instances of a host are late"),
            "suspect": _("A point is suspect"),
            "damaged": _("A stored point is damaged"),
            "drill_failed": _("A drill failed"),
            "drill_late": _("No drill for too long"),
            "gaps": _("Gaps that nobody can explain"),
            "proof_late": _("No fresh retention proof"),
            "retention_frozen": _("Old points are not deleted"),
            "capacity": _("A disk will be full"),
            "clock_skew": _("Two clocks do not agree"),
            "configuration": _("Set up wrongly, not tried again"),
            "not_connected": _("Sold, but not backed up"),
            "backup_report_missing": _("The backup host does not report"),
            "dr_report_missing": _("The DR host does not report"),
            "host_alarm": _("A host raises the alarm itself"),
            "restore_failed": _("A restore failed"),
            "copy_overdue": _("A test copy was not removed"),
            "sheet_unconfirmed": _("Recovery sheet not confirmed"),
            "cron_silent": _("Scheduled actions stood still"),
        }

    def _get_summary(self):
        """Return one sentence with the facts of this alert."""
        self.ensure_one()
        words = self._get_words()
        texts = {**self._get_point_summaries(words), **self._get_host_summaries(words)}
        return texts.get(self.code) or _("Since %(since)s.", **words)

    def _get_words(self):
        """Return what the sentences are filled with: every fact, and the times as people write them."""
        facts = self._get_facts()
        points, repositories = self.env["linserv.backup.point"], self.env["linserv.backup.repository"]
        codes = (facts.get("reasons") or "").split()
        freezes = repositories._get_freeze_texts()
        reasons = [points._get_reason_text(code) for code in codes]
        drills = self.env["linserv.backup.drill"]._get_reason_texts()
        reasons += [drills.get(code, code) for code in (facts.get("drill_reasons") or "").split()]
        reasons += [freezes.get(code, code) for code in (facts.get("freeze") or "").split()]
        kinds = dict(self.env["linserv.backup.point"]._fields["kind"]._description_selection(self.env))
        full_on = facts.get("full_on")
        return {
            "missed": 0, "count": 0, "days": 0, "minutes": 0, "missing": 0, "names": "", "what": "",
            **facts,
            "reason": facts.get("reason") or " ".join(reasons),
            "kind": kinds.get(facts.get("kind"), ""),
            "since": format_datetime(self.env, self.date_since, dt_format="short") if self.date_since else "",
            "full_on": format_date(self.env, fields.Date.to_date(full_on)) if full_on else "",
        }  # fmt: skip

    @api.model
    def _get_point_summaries(self, words):
        return {
            "late": _("%(kind)s: no proved point since the slot %(since)s was due, %(missed)s slots in all.", **words),
            "dr_late": _("No verified copy since %(since)s was due, %(missed)s in all.", **words),
            "suspect": _("%(kind)s: %(reason)s Nothing is deleted until somebody has looked.", **words),
            "damaged": _("Damaged: %(names)s", **words),
            "drill_failed": _("The drill of %(since)s failed: %(reason)s", **words),
            "drill_late": _("A drill should have passed by %(since)s.", **words),
            "gaps": _("%(kind)s: %(missing)s points are promised, not listed and not explained.", **words),
            "proof_late": _("The repository should have been listed and compared by %(since)s.", **words),
            "retention_frozen": _("Nothing is deleted: %(reason)s", **words),
            "configuration": _("%(kind)s: %(reason)s It is not tried again before somebody has mended it.", **words),
            "not_connected": _("%(what)s is sold, and nothing is taken.", **words),
            "restore_failed": _("%(what)s: %(reason)s", **words),
            "copy_overdue": _("%(what)s should have been removed by %(since)s.", **words),
        }

    @api.model
    def _get_host_summaries(self, words):
        return {
            "host_late": _("%(count)s instances are late since %(since)s. Look at the host first.", **words),
            "capacity": words["full_on"]
            and _("Full on %(full_on)s, in %(days)s days, at the growth of the last month.", **words),
            "clock_skew": _("The host's clock differs by %(minutes)s minutes. Nothing is deleted meanwhile.", **words),
            "backup_report_missing": _("Its report should have come by %(since)s.", **words),
            "dr_report_missing": _("Its report should have come by %(since)s.", **words),
            "host_alarm": words["names"],
            "sheet_unconfirmed": _("The key and passphrase of the repository may be on its host only.", **words),
            "cron_silent": _("Since %(since)s: %(names)s", **words),
        }
