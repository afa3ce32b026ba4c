from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..domain.alerts import Limits

DEFAULTS = Limits()


class ResCompany(models.Model):
    """From when something about backups is late, and who is told."""

    _inherit = "res.company"

    linserv_backup_user_id = fields.Many2one(
        "res.users", "Looks after backups", help="Is told of alerts. Empty: the first manager of backups."
    )
    linserv_backup_second_user_id = fields.Many2one(
        "res.users", "Second person", help="Is told of critical alerts that nobody has taken within four hours."
    )
    linserv_backup_overdue_minutes = fields.Integer(
        "Overdue after (min)", default=45, help="How long after its slot a point may take before it is overdue."
    )
    linserv_backup_late_hours = fields.Integer(
        "Late after (h)", default=4, help="When a single slot is overdue so long."
    )
    linserv_backup_critical_hours = fields.Integer("Critical after (h)", default=6)
    linserv_backup_capacity_days = fields.Integer("Disk full within (days)", default=30)
    linserv_backup_capacity_critical_days = fields.Integer("Critically full within (days)", default=7)
    linserv_backup_sheet_days = fields.Integer("Recovery sheet confirmed every (days)", default=365)
    linserv_backup_several = fields.Integer(
        "Instances that are told as one", default=5, help="So many late instances of one host are one alert."
    )

    @api.constrains(
        "linserv_backup_overdue_minutes",
        "linserv_backup_late_hours",
        "linserv_backup_critical_hours",
        "linserv_backup_capacity_days",
        "linserv_backup_capacity_critical_days",
        "linserv_backup_several",
    )
    def _check_linserv_backup_limits(self):
        for company in self:
            hours = (company.linserv_backup_late_hours, company.linserv_backup_critical_hours)
            days = (company.linserv_backup_capacity_critical_days, company.linserv_backup_capacity_days)
            if company.linserv_backup_overdue_minutes < 5 or company.linserv_backup_several < 2:
                raise ValidationError(
                    _("A point may take at least 5 minutes, and at least 2 instances are told as one.")
                )
            if not 1 <= hours[0] <= hours[1] or not 1 <= days[0] <= days[1]:
                raise ValidationError(_("What is critical comes after what is late, and both are at least 1."))

    def _get_backup_limits(self):
        """Return the domain's limits with this company's settings."""
        self.ensure_one()
        return Limits(
            overdue_after=timedelta(minutes=self.linserv_backup_overdue_minutes),
            late_after=timedelta(hours=self.linserv_backup_late_hours),
            critical_after=timedelta(hours=self.linserv_backup_critical_hours),
            capacity_warning_days=self.linserv_backup_capacity_days,
            capacity_critical_days=self.linserv_backup_capacity_critical_days,
            sheet_days=self.linserv_backup_sheet_days,
            drill_after=timedelta(days=self.linserv_drill_days + 1),
            dr_drill_after=timedelta(days=self.linserv_dr_drill_days + 5),
            several=self.linserv_backup_several,
        )

    def _get_backup_person(self):
        """Return who is told first; nobody where there is no manager of backups."""
        self.ensure_one()
        return self.linserv_backup_user_id or self._get_backup_managers()[:1]

    def _get_backup_second_person(self):
        """Return who is told of what nobody has taken: another manager where none is named."""
        self.ensure_one()
        return self.linserv_backup_second_user_id or (self._get_backup_managers() - self._get_backup_person())[:1]

    def _get_backup_managers(self):
        group = self.env.ref("linserv_backup.linserv_backup_group_manager")
        people = group.sudo().users.filtered(
            lambda user: self in user.company_ids and user != self.env.ref("base.user_root")
        )
        return people.sorted("id")
