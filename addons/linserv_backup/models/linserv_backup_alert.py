import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import alerts

SEVERITIES = [("warning", "Warning"), ("critical", "Critical")]


class LinservBackupAlert(models.Model):
    """Something about backups that a person must know: opened once, escalated, and closed by itself when it is mended.

    Nobody opens or closes an alert by hand: what is proved decides (rules 30-41 in docs/backups.md).
    """

    _name = "linserv.backup.alert"
    _description = "Backup Alert"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "state desc, severity, date_since, id"
    _rec_name = "title"

    code = fields.Selection("_selection_code", "Kind", required=True, readonly=True, index=True)
    subject = fields.Char(required=True, readonly=True, help="What it is about; with the kind this is open only once.")
    state = fields.Selection(
        [("open", "Open"), ("closed", "Mended")],
        required=True,
        readonly=True,
        default="open",
        index=True,
        tracking=True,
    )
    severity = fields.Selection(SEVERITIES, required=True, readonly=True, tracking=True)
    title = fields.Char(compute="_compute_texts")
    summary = fields.Char(compute="_compute_texts", string="What is wrong")
    facts = fields.Char(readonly=True, help="What the words are made of (JSON).")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    repository_id = fields.Many2one("linserv.backup.repository", readonly=True, ondelete="cascade", index=True)
    instance_id = fields.Many2one("linserv.instance", readonly=True, ondelete="cascade", index=True)
    commercial_partner_id = fields.Many2one(related="instance_id.commercial_partner_id", string="Customer", store=True)
    host_id = fields.Many2one("linserv.host", readonly=True, ondelete="cascade")
    record_model = fields.Char(readonly=True)
    record_res_id = fields.Many2oneReference("Record", model_field="record_model", readonly=True)
    date_since = fields.Datetime("Wrong since", required=True, readonly=True)
    date_opened = fields.Datetime("Noticed on", required=True, readonly=True, default=fields.Datetime.now)
    date_seen = fields.Datetime("Last seen", readonly=True, help="When the watch last found it.")
    date_closed = fields.Datetime("Mended on", readonly=True, tracking=True)
    times = fields.Integer("Times opened", readonly=True, default=1)
    is_quiet = fields.Boolean(
        readonly=True, help="Another alert speaks for this one: no activity and no mail of its own."
    )
    user_id = fields.Many2one("res.users", "Told", readonly=True)
    taken_by_id = fields.Many2one("res.users", "Taken by", readonly=True, tracking=True)
    date_unanswered = fields.Datetime("Told a second person on", readonly=True)
    runbook = fields.Char(compute="_compute_runbook", help="Where the runbook is in the suite's documentation.")
    runbook_html = fields.Html("Runbook", compute="_compute_runbook", sanitize=False)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS linserv_backup_alert_open ON linserv_backup_alert "
            "(company_id, code, subject) WHERE state = 'open'"
        )

    @api.model
    def _selection_code(self):
        titles = self._get_titles()
        return [(code, titles[code]) for code in alerts.RULES]

    @api.depends("code", "facts", "date_since")
    @api.depends_context("lang", "tz")
    def _compute_texts(self):
        titles = self._get_titles()
        for alert in self:
            about = alert.instance_id.name or alert.host_id.name
            alert.title = ": ".join(filter(None, (titles.get(alert.code), about)))
            alert.summary = alert._get_summary()

    def _get_facts(self):
        self.ensure_one()
        return json.loads(self.facts or "{}")

    def action_take(self):
        """Say that one looks after it: it is not brought to a second person then."""
        for alert in self.filtered(lambda each: each.state == "open"):
            # sudo: users may read alerts only; taking one changes nothing but who looks after it.
            alert.sudo().write({"taken_by_id": self.env.uid, "user_id": self.env.uid})
            alert.sudo().activity_ids.write({"user_id": self.env.uid})
        return True

    def action_open_record(self):
        """Show what it is about: the point, the drill, the restore, the repository, the host or the instance."""
        self.ensure_one()
        model, res_id = self._get_record()
        if not model:
            raise UserError(_("What this was about has been removed."))
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "res_id": res_id,
            "views": [[False, "form"]],
            "target": "current",
        }

    def _get_record(self):
        if self.record_model in self.env and self.env[self.record_model].browse(self.record_res_id).exists():
            return self.record_model, self.record_res_id
        for record in (self.repository_id, self.instance_id, self.host_id):
            if record:
                return record._name, record.id
        return None, None
