"""Builders for the tests of the watch: points at slots, as they would stand there when the backups had run."""

from datetime import timedelta

from odoo import fields

from .common import BackupCase

NOW = fields.Datetime.to_datetime("2026-11-03 12:50:00")  # a Tuesday
HALF_HOUR = timedelta(minutes=30)


class WatchCase(BackupCase):
    """Norrvik's instance with DB 90/48, its repository connected; Karin looks after backups."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.karin = cls.make_person("karin", "linserv_backup.linserv_backup_group_manager")
        cls.company.linserv_backup_user_id = cls.karin
        cls.repository.write({"state": "ready", "recovery_sheet_date": "2026-10-01"})
        cls.plan = cls.make_plan(cls.repository)
        cls.alerts = cls.env["linserv.backup.alert"]

    @classmethod
    def make_person(cls, login, *groups, **vals):
        refs = [(4, cls.env.ref(group).id) for group in ("base.group_user", *groups)]
        defaults = {"name": login.capitalize(), "login": login, "email": login + "@example.com", "groups_id": refs}
        users = cls.env["res.users"].with_context(no_reset_password=True)
        return users.create([dict(defaults, lang="en_US", **vals)])

    @classmethod
    def make_plan(cls, repository, **vals):
        defaults = {
            "kind": "db",
            "days": 90,
            "points": 48,
            "date_from": "2026-09-01",
            "date_begun": "2026-09-01 00:00:00",
        }
        return cls.env["linserv.backup.plan"].create([dict(defaults, repository_id=repository.id, **vals)])

    @classmethod
    def make_point(cls, slot, repository=None, **vals):
        """Create a point at a slot ("2026-11-03 12:00" or a datetime), proved unless said otherwise."""
        slot = fields.Datetime.to_datetime(slot + ":00" if isinstance(slot, str) else slot)
        defaults = {"kind": "db", "state": "proved", "date_proved": slot + timedelta(minutes=2)}
        if vals.get("state", "proved") != "proved":
            defaults["date_proved"] = False
        values = dict(defaults, slot=slot, repository_id=(repository or cls.repository).id, **vals)
        return cls.env["linserv.backup.point"].create([values])

    @classmethod
    def make_points(cls, until, number, repository=None, **vals):
        """Create so many proved points, the last one at the slot ``until``."""
        last = fields.Datetime.to_datetime(until + ":00")
        for back in reversed(range(number)):
            cls.make_point(last - HALF_HOUR * back, repository, **vals)

    def watch(self, now=NOW):
        return self.alerts._watch(now)

    def open_codes(self):
        return sorted(self.alerts.search([("state", "=", "open")]).mapped("code"))
