from odoo import _, api, fields, models

from ..domain import alert_changes, alerts


class LinservBackupAlert(models.Model):
    """Who is told: an activity for one person, and one mail a round, however much went wrong at once."""

    _inherit = "linserv.backup.alert"

    def _tell(self):
        """Tell the company's person of new and worse alerts; those that another one speaks for stay quiet."""
        for company in self.company_id:
            loud = self.filtered(lambda each, company=company: each.company_id == company and not each.is_quiet)
            user = company._get_backup_person()
            if loud and user:
                loud._ask(user)
                loud._mail(user)

    def _ask(self, user):
        """Give the person an activity on each; where there is one already it stays the only one."""
        for alert in self.with_context(lang=user.lang, mail_activity_quick_update=True):
            alert.user_id = user
            asked = alert.activity_search(["linserv_backup.mail_activity_alert"])
            if asked:
                asked.write({"summary": alert.title, "note": alert.summary})
            else:
                alert.activity_schedule(
                    "linserv_backup.mail_activity_alert",
                    fields.Date.context_today(alert),
                    summary=alert.title,
                    note=alert.summary,
                    user_id=user.id,
                )

    def _mail(self, user):
        """Send one mail with all of them, the critical ones first. It leaves by Odoo's mail queue."""
        if not user.email:
            return
        rows = self.with_context(lang=user.lang, tz=user.tz).sorted(
            lambda each: (each.severity != alerts.CRITICAL, each.date_since, each.id)
        )
        self.env["mail.mail"].create(rows._prepare_mail_vals(user))

    def _prepare_mail_vals(self, user):
        """Return the mail; its subject is the alert, or how many there are."""
        first, company = self[0], self[0].company_id
        subject = _("%(count)s backup alerts, first: %(title)s", count=len(self), title=first.title)
        body = self.env["ir.qweb"]._render("linserv_backup.mail_alerts", {"alerts": self})
        return {
            "subject": first.title if len(self) == 1 else subject,
            "body_html": body,
            "email_from": company.email_formatted or user.email_formatted,
            "email_to": user.email_formatted,
            "auto_delete": True,
        }

    def _get_url(self):
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")
        return "%s/web#id=%d&model=linserv.backup.alert&view_type=form" % (base, self.id)

    @api.model
    def _tell_second_person(self, now):
        """Bring critical alerts that nobody has taken to a second person, once."""
        waiting = self.search([("state", "=", "open"), ("severity", "=", "critical"), ("date_unanswered", "=", False)])
        late = waiting.filtered(
            lambda each: (
                not each.is_quiet
                and alert_changes.is_unanswered(each.severity, each.date_opened, bool(each.taken_by_id), now)
            )
        )
        for company in late.company_id:
            mine = late.filtered(lambda each, company=company: each.company_id == company)
            second = company._get_backup_second_person()
            mine.write({"date_unanswered": now})
            if second:
                mine._mail(second)
        return late
