from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, html_escape

from ..domain import terms


class LinservContract(models.Model):
    """Notice: which last day it gives, giving it, and taking it back."""

    _inherit = "linserv.contract"

    def _prepare_notice(self, date):
        """Return what notice on ``date`` would mean. Writes nothing.

        A dict: ``date`` of the notice, ``date_end`` the contract's last day, ``date_expires`` when the time of notice
        has run out, ``date_notice_latest`` the last day of notice for that end, or False where the contract runs until
        further notice. Raises UserError when no notice can be given.
        """
        self.ensure_one()
        self._check_can_end(date)
        agreement = self._agreement()
        end = max(terms.last_day(agreement, date), self.date_start)
        fixed = terms.term_end(agreement, terms.notice_expires(agreement, date))
        return {
            "date": date,
            "date_end": end,
            "date_expires": terms.notice_expires(agreement, date),
            "date_notice_latest": terms.notice_latest(agreement, end) if fixed else False,
        }

    def _give_notice(self, date, by="customer", reason=None):
        """Give notice on ``date`` and confirm it by mail. Returns the contract's last day.

        ``by`` is customer or linserv. Two clicks are one notice: the second finds that notice has been given.
        """
        self.ensure_one()
        self._lock()
        notice = self._prepare_notice(date)
        self.write(
            {
                "notice_date": date,
                "notice_by": by,
                "notice_reason": reason or False,
                "date_end": notice["date_end"],
            }
        )
        self._mail_customer("linserv_contract.mail_template_notice")
        self._remind_salesperson(
            _("Notice has been given"),
            _("%(name)s ends on %(end)s.", name=self.name, end=format_date(self.env, notice["date_end"])),
        )
        return notice["date_end"]

    def _withdraw_notice(self, reason=None):
        """Take a notice back while the contract still runs: it goes on as if none had been given."""
        self.ensure_one()
        self._lock()
        if not self.notice_date or self.state != "active":
            raise UserError(_("No notice to withdraw: none has been given on contract %s, or it has ended.", self.name))
        if self.date_end < fields.Date.context_today(self):
            raise UserError(_("Contract %s is past its last day: make a new contract.", self.name))
        self._forget_exit_fee()
        self.write(
            {
                "notice_date": False,
                "notice_by": False,
                "notice_reason": False,
                "date_end": False,
                "is_early_exit": False,
            }
        )
        self.message_post(body=html_escape(_("The notice has been withdrawn. %s", reason or "")))
        self._mail_customer("linserv_contract.mail_template_notice_withdrawn")

    def _check_can_end(self, date):
        if self.state != "active":
            raise UserError(_("Contract %s is not in force: no notice can be given on it.", self.name))
        if self.notice_date:
            raise UserError(
                _(
                    "Notice was given on contract %(name)s on %(day)s; it ends on %(end)s.",
                    name=self.name,
                    day=format_date(self.env, self.notice_date),
                    end=format_date(self.env, self.date_end),
                )
            )
        if self.date_end:
            end = format_date(self.env, self.date_end)
            raise UserError(_("Contract %(name)s ends on %(end)s already.", name=self.name, end=end))
        if date > fields.Date.context_today(self):
            raise UserError(_("Notice is given today or has come in before: the day cannot lie ahead."))

    def _lock(self):
        """Hold the contract until the transaction ends, and read it as it is now."""
        self.flush()
        self.env.cr.execute("SELECT id FROM linserv_contract WHERE id IN %s FOR UPDATE", [tuple(self.ids)])
        self.invalidate_cache(ids=self.ids)

    def _mail_customer(self, xmlid):
        """Send a mail to the customer in the customer's language; without address say so on the contract."""
        self.ensure_one()
        if not self.partner_id.email:
            text = _("%s has no e-mail address: tell the customer by other means.", self.partner_id.display_name)
            self.message_post(body=html_escape(text))
            return False
        # sudo: a template is sent by whoever acts on the contract, also by the customer in the portal.
        template, values = self.env.ref(xmlid).sudo(), {"auto_delete": False}
        return template.send_mail(self.id, email_values=values, notif_layout="mail.mail_notification_light")

    def _remind_salesperson(self, summary, note, date=None):
        """Schedule an activity for the salesperson, or for who made the contract.

        sudo: the activity is made for somebody else, also when the customer acts in the portal.
        """
        self.ensure_one()
        user = (self.user_id | self.sudo().create_uid)[:1]
        return self.sudo().activity_schedule(
            "mail.mail_activity_data_todo",
            date or fields.Date.context_today(self),
            summary=summary,
            note=note,
            user_id=user.id,
        )
