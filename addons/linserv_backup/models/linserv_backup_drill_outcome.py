from datetime import datetime, timezone

from odoo import _, api, fields, models

from ..domain import drill_schedule, drills


class LinservBackupDrill(models.Model):
    """What becomes of a host's answer."""

    _inherit = "linserv.backup.drill"

    def _on_run_done(self, run, result):
        """Judge what the host found against what Odoo was told when the point was taken, and sign it."""
        super()._on_run_done(run, result)
        if self.state != "ordered" or run.verb != "drill.run":
            return
        try:
            finding = drills.parse(result)
        except drills.MalformedDrillError as error:
            self._fail("bad_answer", str(error))
            return
        verdict = drills.judge(finding, self._get_known())
        self._move(verdict.state, **self._prepare_outcome_vals(finding, verdict, run))
        self._try_to_sign(finding, verdict)
        self._note_on_point(verdict)
        self._on_drill_settled()

    def _on_run_failed(self, run, error):
        """Take note that the drill was not held; the schedule orders another."""
        result = super()._on_run_failed(run, error)
        if self.state == "ordered":
            self._fail(error["code"], error["message"])
        return result

    def _fail(self, code, text):
        now = fields.Datetime.now()
        kind = drill_schedule.failure_class(code)
        self._move("failed", date_ended=now, reason=code, reason_detail=text, failure_class=kind)
        self._on_drill_settled()

    def _on_drill_settled(self):
        """The drill has its final state: a fault freezes the retention, a later drill that passed ends that."""
        self.repository_id._note_trouble()

    def _get_known(self):
        """Return what Odoo knows of the point since it was taken. On the DR host it is the same dump."""
        self.ensure_one()
        point = self.point_id
        return drills.Known(self.point_name, int(point.dump_bytes) or None, point.sha256 or None, point.rows or None)

    def _prepare_outcome_vals(self, finding, verdict, run):
        self.ensure_one()
        ended = _moment(finding.ended)
        files, registry = finding.files, finding.registry
        seconds = {"%s_seconds" % phase: finding.seconds.get(phase, 0.0) for phase in drills.PHASES}
        return {
            **seconds,
            "date_held": _moment(finding.began),
            "date_ended": ended,
            "reason": " ".join(verdict.codes) or False,
            "reason_detail": "\n".join(fault.text for fault in verdict.faults if fault.text) or False,
            "usable_seconds": finding.usable_seconds,
            "total_seconds": finding.total_seconds,
            "cpu_seconds": finding.cpu_seconds,
            "peak_memory_mb": finding.peak_memory_mb,
            "dump_bytes": finding.dump_bytes or 0,
            "table_count": finding.tables or 0,
            "row_count": finding.rows or 0,
            "tables_compared": finding.rows_compared,
            "hashes_compared": finding.hashes_compared,
            "file_count": files.count if files else 0,
            "files_damaged": files.damaged if files else 0,
            "files_missing": files.missing if files else 0,
            "odoo_version": registry.odoo if registry else False,
            "module_count": registry.modules if registry else 0,
            "modules_missing": ", ".join(registry.missing_modules) if registry else False,
        }

    def _note_on_point(self, verdict):
        """A point that was restored says so."""
        if verdict.state == "proved" and self.point_id:
            self.point_id.sudo().write({"date_drilled": self.date_held})

    @api.depends("reason", "state")
    @api.depends_context("lang")
    def _compute_reason_text(self):
        texts = self._get_reason_texts()
        for drill in self:
            known = [texts.get(code) or self.env["linserv.run"]._get_error_text(code) for code in drill._get_codes()]
            drill.reason_text = " ".join(known) or False

    def _get_codes(self):
        return (self.reason or "").split()

    @api.model
    def _get_reason_texts(self):
        return {
            "point_missing": _("The repository does not have the point."),
            "point_damaged": _("What the repository gave is damaged."),
            "dump_differs": _("The rebuilt dump is not the one that was taken."),
            "dump_damaged": _("PostgreSQL could not restore the dump."),
            "registry_broken": _("Odoo could not load the restored database."),
            "rows_differ": _("Tables have other numbers of rows than at the source."),
            "hashes_differ": _("Rows are not as they were at the source."),
            "files_damaged": _("Files of the filestore are damaged."),
            "files_missing": _("Files that the database refers to are missing."),
            "files_unreadable": _("Odoo could not read every file that it was asked for."),
            "other_point": _("The host restored another point than it was asked for."),
            "other_dump": _("The dump is not the one that the backup host told of when the point was taken."),
            "other_rows": _("There are not as many rows as when the point was taken."),
            "not_whole": _("The host did not go through every part of the drill."),
            "drill_unconfigured": _("The host is not set up for drills. Complete backup.drill in its agent.json."),
            "drill_unfit": _("The host's PostgreSQL does not let the drill work. See the details."),
            "drill_left_over": _("The scratch database could not be removed. The next drill on the host tries again."),
            "drill_timeout": _("A part of the drill took too long."),
        }


def _moment(epoch):
    return datetime.fromtimestamp(epoch, timezone.utc).replace(tzinfo=None)
