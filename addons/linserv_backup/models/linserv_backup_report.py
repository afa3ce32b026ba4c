import logging
import threading
import time

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import report_month

_logger = logging.getLogger(__name__)
SLICE_SECONDS = 40
REPORT = "linserv_backup.linserv_backup_report_pdf"
TEMPLATE = "linserv_backup.mail_template_backup_report"
STATES = [
    ("waiting", "To make"),
    ("made", "To send"),
    ("sent", "Sent by e-mail"),
    ("kept", "Kept, not sent"),
    ("failed", "Failed"),
]


class LinservBackupReport(models.Model):
    """The monthly report of a customer's backups: made once, sent once, kept as it was."""

    _name = "linserv.backup.report"
    _description = "Monthly Backup Report"
    _inherit = ["linserv.backup.paper"]
    _order = "month desc, partner_id, id"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, ondelete="restrict", index=True
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    month = fields.Date(required=True, readonly=True, index=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="waiting", index=True)
    date_made = fields.Datetime("Made on", readonly=True)
    date_sent = fields.Datetime("Sent on", readonly=True)
    document_id = fields.Many2one("ir.attachment", "PDF", readonly=True, ondelete="restrict", groups="base.group_user")
    mail_id = fields.Many2one("mail.mail", "E-mail", readonly=True, ondelete="set null", groups="base.group_system")
    error = fields.Char(readonly=True, groups="base.group_user")

    _sql_constraints = [
        ("month_unique", "unique (partner_id, company_id, month)", "The customer has a report of this month already.")
    ]

    @api.depends("partner_id", "month")
    @api.depends_context("lang")
    def _compute_name(self):
        for report in self:
            report.name = _("Backups, %s", report._format_month(report.month))

    @api.model
    def _cron_make_reports(self):
        """Make and send the reports of last month, each in a transaction of its own; twice makes nothing twice."""
        month = report_month.last_month(fields.Date.context_today(self))
        self._open_month(month)
        self._commit()
        self.search([("state", "in", ("waiting", "made"))])._work_off()

    @api.model
    def _open_month(self, month):
        """Make a record for every customer who had slots in the month, unless there is one."""
        for company, partner in sorted(self._get_customers(month), key=lambda pair: (pair[0].id, pair[1].id)):
            key = [("partner_id", "=", partner.id), ("company_id", "=", company.id), ("month", "=", month)]
            if not self.search(key, limit=1):
                self.create([{"partner_id": partner.id, "company_id": company.id, "month": month}])

    @api.model
    def _get_customers(self, month):
        """Return (company, customer) of every repository that had slots in the month."""
        domain = [("slot", ">=", month), ("slot", "<", report_month.next_month(month))]
        groups = self.env["linserv.backup.point"].read_group(domain, ["repository_id"], ["repository_id"])
        repositories = self.env["linserv.backup.repository"].browse([group["repository_id"][0] for group in groups])
        return {(repository.company_id, repository.commercial_partner_id) for repository in repositories}

    def _work_off(self):
        """Make and send one after the other for as long as a slice may take; the next slice goes on."""
        stop = time.monotonic() + SLICE_SECONDS
        for report in self:
            if time.monotonic() >= stop:
                break
            report._make_and_send()

    def _make_and_send(self):
        """Make the PDF and keep it, then send it: whoever comes second finds it sent."""
        try:
            self._make()
            self._commit()
            if self._claim():
                self._send()
        except (UserError, ValueError) as error:
            self._rollback()
            self.write({"state": "failed", "error": str(error)})
            _logger.info("backup report %s could not be made: %s", self.id, error)
        self._commit()

    def _make(self):
        self.ensure_one()
        if self.document_id:
            return
        name = "%s.pdf" % self.with_context(lang=self.paper_language()).name
        document = self._keep_pdf(REPORT, name)
        self.write({"document_id": document.id, "date_made": fields.Datetime.now(), "state": "made"})

    def _claim(self):
        """Lock the report; False when another worker has it or has sent it."""
        self.flush()
        self.env.cr.execute(
            "SELECT id FROM linserv_backup_report WHERE id = %s AND state = 'made' FOR UPDATE SKIP LOCKED", [self.id]
        )
        return bool(self.env.cr.fetchone())

    def _send(self):
        """Mail it to those who stand on the contracts; without an address it is kept in the portal."""
        if not self._get_recipients():
            return self.write({"state": "kept"})
        values = {"attachment_ids": [(4, self.document_id.id)]}
        mail = self.env.ref(TEMPLATE).send_mail(self.id, email_values=values)
        return self.write({"state": "sent", "mail_id": mail, "date_sent": fields.Datetime.now(), "error": False})

    def _get_recipients(self):
        """Return the people of the customer's contracts that have an address, else the customer."""
        self.ensure_one()
        domain = [("commercial_partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        contracts = self.env["linserv.contract"].sudo().search([*domain, ("state", "=", "active")])
        people = contracts.partner_id.filtered("email")
        return people or self.partner_id.filtered("email")

    def recipient_ids_text(self):
        """Return the recipients as a mail template wants them."""
        return ",".join(str(partner.id) for partner in self._get_recipients())

    def action_retry(self):
        """Make or send again what failed."""
        again = self.filtered(lambda report: report.state in ("failed", "kept"))
        for report in again:
            report.write({"state": "made" if report.document_id else "waiting", "error": False})
        again._work_off()

    def action_download(self):
        """Open the PDF, making it first where that has not been done."""
        self.ensure_one()
        self._make()
        return {"type": "ir.actions.act_url", "url": "/my/backups/reports/%d" % self.id, "target": "self"}

    def _get_pdf(self):
        """Return (name, bytes) for somebody who may read the report.

        sudo: customers read no attachments; this one is their own report.
        """
        self.ensure_one()
        self.check_access_rights("read")
        self.check_access_rule("read")
        document = self.sudo().document_id
        return document.name, document.raw

    @api.model
    def _get_portal_reports(self, limit=24):
        """Return the reports of the signed-in person's company, the newest first: for the portal."""
        ours = ("commercial_partner_id", "=", self.env.user.commercial_partner_id.id)
        return self.search([ours, ("state", "in", ("made", "sent", "kept"))], limit=limit)

    def _commit(self):
        if not self._testing():
            self.env.cr.commit()  # pylint: disable=invalid-commit

    def _rollback(self):
        if not self._testing():
            self.env.cr.rollback()

    def _testing(self):
        testing = getattr(threading.current_thread(), "testing", False) or self.env.registry.in_test_mode()
        return testing and not self.env.context.get("linserv_commit_in_test")
