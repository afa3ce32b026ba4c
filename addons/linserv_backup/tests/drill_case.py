"""What the tests of drills, reports and plans begin with."""

from odoo import fields

from .common import BackupCase
from .drill_builders import SHA, answer


class DrillCase(BackupCase):
    """A connected repository with one proved database point and one DR copy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.drills = cls.env["linserv.backup.drill"]
        cls.repository.state = "ready"
        cls.point = cls.make_point(cls.repository, "2026-11-01 10:30:00")
        cls.copy = cls.make_point(cls.repository, "2026-11-01 02:00:00", kind="dr", name="dr-20261101T020000Z")
        cls.repository.write({"last_db_point_id": cls.point.id, "last_dr_point_id": cls.copy.id})

    @classmethod
    def make_point(cls, repository, slot, **vals):
        moment = fields.Datetime.to_datetime(slot)
        defaults = {
            "repository_id": repository.id,
            "kind": "db",
            "slot": moment,
            "state": "proved",
            "name": "db-%s" % moment.strftime("%Y%m%dT%H%M%SZ"),
            "sha256": SHA,
            "dump_bytes": 262144000,
            "rows": 701234,
        }
        return cls.env["linserv.backup.point"].create([dict(defaults, **vals)])

    def order(self, zone="backup", point=None):
        return self.drills._order_drill(self.repository, point or self.point, zone)

    def held(self, *faults, **more):
        drill = self.order()
        drill._on_run_done(drill.run_id, answer(faults=faults, **more))
        return drill

    @classmethod
    def make_portal_user(cls, login, partner):
        person = cls.env["res.partner"].create([{"name": login, "parent_id": partner.id, "email": login + "@x.se"}])
        vals = {"login": login, "partner_id": person.id, "groups_id": [(6, 0, [cls.env.ref("base.group_portal").id])]}
        return cls.env["res.users"].with_context(no_reset_password=True).create([vals])
