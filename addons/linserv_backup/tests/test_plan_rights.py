"""Who sees and does what with repositories, plans, points and proofs."""

from odoo.exceptions import AccessError

from .common import MORNING, BackupCase

MODELS = ("repository", "plan", "point", "proof", "deletion")


class TestPlanRights(BackupCase):
    """Customers read their own points, staff reads, managers set up, nobody writes a point."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.make_plan()
        cls.point = cls.make_points(cls.plan, 1, MORNING, manifest="{}", reason="x")
        cls.proof = cls.env["linserv.backup.proof"].create(
            [{"repository_id": cls.repository.id, "date": "2026-11-02", "kind": "db", "state": "complete"}]
        )
        cls.other = cls.env["res.partner"].create([{"name": "Other AB", "is_company": True}])
        cls.own_login = cls.make_portal_user("norrvik", cls.customer)
        cls.foreign_login = cls.make_portal_user("other", cls.other)
        cls.user = cls.make_user("olof", "linserv_backup.linserv_backup_group_user")
        cls.manager = cls.make_user("karin", "linserv_backup.linserv_backup_group_manager")
        cls.employee = cls.make_user("emma")

    @classmethod
    def make_portal_user(cls, login, partner):
        """Create a portal user who belongs to `partner`."""
        person = cls.env["res.partner"].create([{"name": login, "parent_id": partner.id}])
        refs = [(6, 0, [cls.env.ref("base.group_portal").id])]
        vals = {"login": login, "partner_id": person.id, "groups_id": refs}
        return cls.env["res.users"].with_context(no_reset_password=True).create([vals])

    def as_user(self, user, model):
        return self.env["linserv.backup." + model].with_user(user)

    def test_a_customer_reads_his_own_points_and_proofs_and_another_customer_none(self):
        for model in ("point", "proof"):
            self.assertEqual(len(self.as_user(self.own_login, model).search([])), 1)
            self.assertFalse(self.as_user(self.foreign_login, model).search([]))
        with self.assertRaises(AccessError):
            self.point.with_user(self.foreign_login).read(["name"])

    def test_a_customer_reads_nothing_about_the_hosts(self):
        own = self.point.with_user(self.own_login)
        self.assertEqual(own.read(["state", "slot"])[0]["state"], "proved")
        for name in ("manifest", "reason", "run_id", "plan_id", "hold_reason"):
            with self.assertRaises(AccessError):
                own.read([name])
        for model in ("repository", "plan", "deletion"):
            with self.assertRaises(AccessError):
                self.as_user(self.own_login, model).search([])

    def test_an_employee_without_backups_reads_nothing(self):
        for model in MODELS:
            with self.assertRaises(AccessError):
                self.as_user(self.employee, model).search([])

    def test_staff_reads_and_changes_nothing(self):
        for record in (self.repository, self.plan, self.point, self.proof):
            seen = record.with_user(self.user)
            self.assertTrue(seen.read())
            with self.assertRaises(AccessError):
                seen.write({"active": True} if "active" in seen else {"kind": "fs"})
            with self.assertRaises(AccessError):
                seen.unlink()

    def test_managers_set_up_and_write_no_point(self):
        self.plan.with_user(self.manager).write({"extra_days": 10})
        for record in (self.point, self.proof):
            with self.assertRaises(AccessError):
                record.with_user(self.manager).write({"kind": "fs"})

    def test_managers_connect_and_staff_does_not(self):
        self.repository.with_user(self.manager).action_connect()
        self.assertEqual(self.repository.connect_run_id.verb, "repo.enroll")
        with self.assertRaises(AccessError):
            self.repository.with_user(self.user).action_connect()

    def test_another_company_sees_none_of_it(self):
        company = self.env["res.company"].create([{"name": "Other operator"}])
        stranger = self.make_user(
            "stranger",
            "linserv_backup.linserv_backup_group_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for model in MODELS:
            self.assertFalse(self.as_user(stranger, model).search([]))

    def test_a_point_is_kept_in_a_bulk_of_two(self):
        points = self.point | self.make_points(self.plan, 2, MORNING.replace(hour=8))
        self.assertEqual(len(points.with_user(self.user).mapped("display_name")), 3)
        self.assertEqual(len(points.with_user(self.own_login).mapped("reason_text")), 3)
