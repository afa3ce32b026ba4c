import json
import logging

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..adapters.pygount_counter import count_sources
from ..domain import alarm, audit_check, due
from ..domain.price import as_decimal
from ..domain.value_check import TreeRefusedError, printable

_logger = logging.getLogger(__name__)
MANAGERS = "linserv_maintenance.linserv_code_snapshot_group_manager"
AUDIT_DEADLINE = 1800


class LinservCodeAudit(models.Model):
    """A second look at a count: the host's own official tool, and pygount over files that nobody could foresee.

    Sources are looked at in memory and forgotten; only numbers are kept.
    """

    _name = "linserv.code.audit"
    _description = "Audit of a Line Count"
    _inherit = ["mail.thread", "mail.activity.mixin", "linserv.run.origin"]
    _order = "date desc, id desc"
    _mail_post_access = "read"

    name = fields.Char(related="snapshot_id.name", store=True)
    snapshot_id = fields.Many2one("linserv.code.snapshot", required=True, readonly=True, index=True, ondelete="cascade")
    instance_id = fields.Many2one(related="snapshot_id.instance_id", store=True, index=True)
    company_id = fields.Many2one(related="snapshot_id.company_id", store=True, index=True)
    date = fields.Date(string="Audited on", required=True, readonly=True)
    state = fields.Selection(
        [("running", "Running"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="running",
        index=True,
    )
    is_alarm = fields.Boolean(string="Alarm", readonly=True, index=True)
    finding = fields.Text(readonly=True)
    run_id = fields.Many2one("linserv.run", readonly=True)
    error = fields.Text(readonly=True)
    counted_lines = fields.Integer(related="snapshot_id.code_lines", string="Lines of code", store=True)
    official_state = fields.Selection(
        [("equal", "Equal"), ("different", "Different"), ("stopped", "Did not finish")],
        string="Official tool",
        readonly=True,
    )
    official_lines = fields.Integer(string="Official lines", readonly=True)
    official_tail = fields.Text(string="Last words of the official tool", readonly=True)
    sample_files = fields.Integer(string="Files looked at", readonly=True)
    missing_files = fields.Integer(string="Files not handed out", readonly=True)
    changed_files = fields.Integer(string="Files changed since the count", readonly=True)
    sample_lines = fields.Integer(string="Official lines in these files", readonly=True)
    pygount_lines = fields.Integer(string="Lines by pygount", readonly=True)
    departure = fields.Float(string="Departure (%)", digits=(16, 2), readonly=True)
    module_ids = fields.One2many("linserv.code.audit.module", "audit_id", string="Modules", readonly=True)
    language_ids = fields.One2many("linserv.code.audit.language", "audit_id", string="Languages", readonly=True)

    @api.model
    def _start(self, snapshot):
        """Return a new audit of `snapshot`, or the one that is under way."""
        self._check_may_audit()
        snapshot.check_access_rule("read")
        self.sudo()._fail_abandoned()
        running = self.sudo().search([("snapshot_id", "=", snapshot.id), ("state", "=", "running")], limit=1)
        if running:
            return running
        audit = self.sudo().create([{"snapshot_id": snapshot.id, "date": fields.Date.context_today(self)}])
        audit._order_audit()
        return audit

    @api.model
    def _check_may_audit(self):
        """:raise AccessError: only managers order audits; nobody writes one, hence the sudo that follows"""
        if not self.env.su and not self.env.user.has_group(MANAGERS):
            raise AccessError(_("Only managers of line counts can order an audit."))

    def _order_audit(self):
        instance = self.instance_id
        if not instance.host_id:
            raise UserError(_("The instance has no host. Choose the host it runs on."))
        files = audit_check.choose(self.snapshot_id.tree_id._get_tree(), "%s:%s" % (self.id, self.create_date))
        self.run_id = instance.host_id._queue_run(
            "code.audit",
            {"files": files, "run_official": True},
            instance=instance,
            origin=self,
            idempotency_key="code.audit:%s" % self.id,
            deadline=AUDIT_DEADLINE,
            detached=True,
        )

    def _on_run_failed(self, run, error):
        self._fail(error.get("message") or error.get("code"))
        return super()._on_run_failed(run, error)

    def _on_run_done(self, run, result):
        super()._on_run_done(run, result)
        tree = self.snapshot_id.tree_id._get_tree()
        try:
            found = audit_check.check_audit(result, json.loads(run.args)["files"], tree)
        except TreeRefusedError as error:
            self._fail(_("The host's answer cannot be believed: %s", printable(error.detail)))
            return
        vals = dict(self._prepare_official_vals(found.official, tree), **self._prepare_sample_vals(found, tree))
        self.write(dict(vals, state="done", error=False))
        self._judge()

    def _fail(self, message):
        self.write({"state": "failed", "error": message})

    @api.model
    def _fail_abandoned(self):
        """End audits whose run ended without telling them: cancelled or removed by a person."""
        for audit in self.search([("state", "=", "running")]):
            if not audit.run_id or audit.run_id.state in ("cancelled", "failed"):
                audit._fail(audit.run_id.error or _("The audit was cancelled."))

    def _prepare_official_vals(self, official, tree):
        """Compare the host's own tool with the count, module by module."""
        if official is None or official.code is None:
            return {"official_state": "stopped", "official_tail": official.tail if official else False}
        rows = audit_check.compare(tree.lines_by_module(), official.modules)
        return {
            "official_state": "equal"
            if official.code == tree.code and all(a == b for _n, a, b in rows)
            else "different",
            "official_lines": official.code,
            "module_ids": [(5, 0, 0)]
            + [(0, 0, {"name": name, "counted_lines": ours, "official_lines": theirs}) for name, ours, theirs in rows],
        }

    def _prepare_sample_vals(self, found, tree):
        """Let pygount look at the sources; what it could not read is left out on both sides."""
        sources = [source for source in found.sources if source.same]
        counted = count_sources([(source.path, source.content) for source in sources])
        files = audit_check.counted_files(tree)
        judged = [(files[(source.module, source.path)].code, lines) for source, lines in zip(sources, counted) if lines]
        official = sum(code for code, _lines in judged)
        other = sum(lines.code + lines.string for _code, lines in judged)
        return {
            "sample_files": len(judged),
            "missing_files": len(found.missing),
            "changed_files": len(found.sources) - len(sources),
            "sample_lines": official,
            "pygount_lines": other,
            "departure": float(alarm.departure(official, other)),
            "language_ids": [(5, 0, 0)]
            + [(0, 0, self._prepare_language_vals(lines)) for lines in alarm.by_language(x for _c, x in judged)],
        }

    @api.model
    def _prepare_language_vals(self, lines):
        return {
            "name": printable(lines.language),
            "files": lines.files,
            "code_lines": lines.code,
            "documentation_lines": lines.documentation,
            "empty_lines": lines.empty,
            "string_lines": lines.string,
        }

    def _judge(self):
        """Raise the alarm where the count may be wrong, and tell the managers why."""
        self.ensure_one()
        company = self.company_id
        band = alarm.Band(as_decimal(company.linserv_code_alarm_low), as_decimal(company.linserv_code_alarm_high))
        findings = []
        if self.official_state == "different":
            findings.append(_("The host's own tool counts %s lines instead.", self.official_lines))
        if alarm.is_alarm(self.sample_lines, self.pygount_lines, band):
            findings.append(_("pygount departs by %+.1f %% from the official count.", self.departure))
        if self.changed_files:
            findings.append(_("%s files are not those that were counted.", self.changed_files))
        self.write({"is_alarm": bool(findings), "finding": "\n".join(findings) or False})
        if findings:
            self._tell_managers()

    def _tell_managers(self):
        managers = self.env.ref(MANAGERS).users.filtered(lambda user: self.company_id in user.company_ids)
        for manager in managers:
            self.activity_schedule("mail.mail_activity_data_warning", user_id=manager.id, note=self.finding)

    @api.model
    def _cron_audit(self):
        """Audit each month's counts once; one that cannot be ordered does not stop the others."""
        for snapshot in self._get_snapshots_to_audit(fields.Date.context_today(self)):
            try:
                with self.env.cr.savepoint():
                    self._start(snapshot)
            except (UserError, TreeRefusedError, psycopg2.Error):
                _logger.exception("The audit of line count %s could not be ordered", snapshot.id)

    @api.model
    def _get_snapshots_to_audit(self, today):
        """Return the approved counts of the running period that nobody has audited; only the latest of an instance."""
        snapshots = self.env["linserv.code.snapshot"]
        for company in self.env["res.company"].search([("id", "!=", False)]):
            start = due.last_count_day(today, company.linserv_code_count_day)
            domain = [("company_id", "=", company.id), ("state", "=", "approved"), ("date", ">=", start)]
            snapshots |= snapshots.search(domain)
        latest = snapshots.filtered(lambda one: one == one.instance_id.code_approved_id)
        return latest.filtered(lambda one: not one.audit_ids)

    def action_view_run(self):
        """Open the run that audited."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "linserv.run",
            "res_id": self.run_id.id,
            "views": [(False, "form")],
        }
