from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import host_reports

PATTERN = timedelta(days=9)  # a weekly pattern shows itself within


class LinservHost(models.Model):
    """What backup and DR hosts say of themselves by their own timers, and what they are told to expect."""

    _inherit = "linserv.host"

    backup_report_date = fields.Datetime("Reported on", readonly=True, copy=False)
    backup_report_alarms = fields.Text("What it reports", readonly=True, copy=False)

    @api.model
    def _cron_read_reports(self):
        """Each hour: read what every backup and DR host has found by itself; once a day tell it what to expect."""
        now = fields.Datetime.now()
        hosts = self.search([("backup_role", "!=", False), ("state", "in", ("ready", "pinned", "unreachable"))])
        for host in hosts:
            host._queue_run(
                "watch.status",
                origin=host,
                idempotency_key="backup.report:%d:%s" % (host.id, now.strftime("%Y%m%d%H")),
                deadline=30,
            )
            expected = host._get_expected(now)
            if expected:
                host._queue_run(
                    "watch.expect",
                    {"repositories": expected},
                    origin=host,
                    idempotency_key="backup.expect:%d:%s" % (host.id, now.date()),
                    deadline=60,
                )

    def _get_expected(self, now):
        """Return {repository: {kinds: {kind: seconds}}}: how old its newest proved point may be on this host."""
        self.ensure_one()
        field, kinds = ("dr_host_id", ("dr",)) if self.backup_role == "dr" else ("host_id", ("db", "fs"))
        here = self.env["linserv.backup.repository"].search([(field, "=", self.id)])
        repositories = here.filtered(lambda each: each.state == "ready")
        critical = timedelta(hours=self.company_id.linserv_backup_critical_hours)
        watch = self.env["linserv.backup.watch"]
        # Of a customer who has left nothing is late any more.
        expected = {each.name: {"kinds": {}} for each in here if each.state == "closed"}
        for plan in repositories._get_plans_in_force().filtered(lambda each: each.kind in kinds):
            slots = watch._promised(plan, now, now + PATTERN)
            allowed = host_reports.allowed_age(slots, critical)
            name = plan.repository_id.name
            expected.setdefault(name, {"kinds": {}})["kinds"][plan.kind] = int(allowed.total_seconds())
        return expected

    def _on_run_done(self, run, result):
        """Take over what the host reports.

        :raise UserError: the host answered nonsense
        """
        super()._on_run_done(run, result)
        if run.verb != "watch.status":
            return
        try:
            report = host_reports.parse(result)
        except host_reports.MalformedReportError as error:
            raise UserError(_("The host's report cannot be read: %s", error)) from error
        if report:
            vals = {"backup_report_date": report.time, "backup_report_alarms": "\n".join(report.alarms) or False}
            self.with_context(tracking_disable=True).write(vals)
