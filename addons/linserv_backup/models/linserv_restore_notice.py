import base64
import logging

from odoo import SUPERUSER_ID, _, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime, html_escape

_logger = logging.getLogger(__name__)
CONFIRMATIONS = [("order", "Order"), ("cancel", "Cancellation"), ("published", "In use")]
REPORT = "linserv_backup.linserv_restore_notice_report"
ZONE = "Europe/Stockholm"


class LinservRestore(models.Model):
    """What the customer gets in writing: that a copy is ordered, that it is cancelled (with a PDF), where it is."""

    _inherit = "linserv.restore"

    confirm = fields.Selection(CONFIRMATIONS, "Confirmation owed", readonly=True, copy=False, groups="base.group_user")

    def _confirm(self, what):
        """Note that the customer is owed a confirmation; the scheduled action sends it when nobody does before."""
        self.sudo().confirm = what

    def _send_confirmation(self):
        """Send the confirmation that is owed, once. What cannot be sent now is tried again by the scheduled action."""
        for restore in self.sudo():
            restore._lock()
            what = restore.confirm
            if not what:
                continue
            restore.confirm = False
            if what == "cancel":
                restore._keep_notice()
            restore._send_mail("linserv_backup.mail_template_restore_%s" % what)

    def _keep_notice(self):
        """Keep the confirmation as a PDF: the written notice of the product sheet."""
        if self.notice_id:
            return
        content = self._render_notice()
        if not content:
            return
        vals = {
            "name": _("Cancellation %s.pdf", self.name),
            "datas": base64.b64encode(content),
            "mimetype": "application/pdf",
            "res_model": self._name,
            "res_id": self.id,
        }
        self.notice_id = self.env["ir.attachment"].create([vals])

    def _render_notice(self):
        """Return the PDF, or nothing when it cannot be made just now: the mail says the same."""
        # As nobody in particular: the layout reads the company's bank account, which a customer may not.
        report = self.env.ref(REPORT).with_user(SUPERUSER_ID).with_context(lang=self._get_lang())
        try:
            return report._render_qweb_pdf(self.ids)[0]
        except (UserError, OSError) as error:
            _logger.warning("The notice of restore %s could not be printed: %s", self.name, error)
            return b""

    def _send_mail(self, xmlid):
        """Mail whoever ordered it, else the instance's customer; without an address say so on the record."""
        person = self.ordered_by_id if self.ordered_by_id.email else self.instance_id.partner_id
        if self.commercial_partner_id != person.commercial_partner_id:
            person = self.instance_id.partner_id
        if not person.email:
            text = _(
                "%s has no e-mail address, so nothing was sent: tell the customer by other means.", person.display_name
            )
            self.message_post(body=html_escape(text))
            return
        moments = self.with_context(lang=self._get_lang(person))._prepare_moments()
        template = self.env.ref(xmlid).with_context(lang=self._get_lang(person), **moments)
        values = {"recipient_ids": [(6, 0, person.ids)], "auto_delete": False}
        if self.notice_id and xmlid.endswith("_cancel"):
            values["attachment_ids"] = [(4, self.notice_id.id)]
        template.send_mail(self.id, email_values=values, notif_layout="mail.mail_notification_light")

    def _prepare_moments(self):
        """Return the moments that a mail names, as its reader writes them."""
        return {
            "cancelled": self._format_moment(self.date_cancelled),
            "taken": self._format_moment(self.point_slot),
            "expires": self._format_moment(self.date_expires),
        }

    def _get_lang(self, person=None):
        return (person or self.instance_id.partner_id).lang or self.env.lang or "en_US"

    def _format_moment(self, moment):
        """Return a moment as the reader's language writes it, in the host's time zone."""
        if not moment:
            return ""
        zone = self.sudo().instance_id.host_id.timezone or ZONE
        return format_datetime(self.env, moment, tz=zone, dt_format="yyyy-MM-dd HH:mm")
