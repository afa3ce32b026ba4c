from odoo import _, models


class LinservBackupPlan(models.Model):
    """What a policy means, in words for its customer."""

    _inherit = "linserv.backup.plan"

    def _get_kind_for_customer(self):
        return {"db": _("Database"), "fs": _("Files"), "dr": _("Disaster recovery copy")}[self.kind]

    def _describe_for_customer(self):
        """Return how often and how long, for example "Every 30 minutes, kept 90 days."."""
        self.ensure_one()
        values = {"points": self.points, "days": self.days + self.extra_days, "minutes": 1440 // self.points}
        if self.times:
            values["times"] = self.times
            if self.weekdays == "1234567":
                return _("Every day at %(times)s, kept %(days)s days.", **values)
            if self.weekdays == "12345":
                return _("Monday to Friday at %(times)s, kept %(days)s days.", **values)
            return _("%(points)s times a day on certain weekdays, at %(times)s, kept %(days)s days.", **values)
        if self.points == 1:
            return _("Once a day, kept %(days)s days.", **values)
        if 1440 % self.points == 0 and self.points >= 24:
            return _("Every %(minutes)s minutes, day and night, kept %(days)s days.", **values)
        return _("%(points)s times a day, kept %(days)s days.", **values)
