from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import NOVEMBER, CodeCase, honest, tree_of


@tagged("post_install", "-at_install")
class TestRights(CodeCase):
    """Colleagues of other companies, customers, and settings that make no sense."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create([{"name": "Sydserv AB"}])
        vals = {"company_id": cls.other_company.id, "company_ids": [(6, 0, cls.other_company.ids)]}
        cls.stranger = cls.make_user("stig", "linserv_maintenance.linserv_code_snapshot_group_manager", **vals)
        cls.eva = cls.make_portal_user("eva", cls.customer)

    def test_a_manager_of_another_company_sees_and_moves_nothing(self):
        snapshot = self.counted({"a": 100})
        audit = self.env["linserv.code.audit"].with_user(self.manager)._start(snapshot)
        for record in (snapshot, snapshot.module_ids, snapshot.tree_id, audit):
            self.assertFalse(self.env[record._name].with_user(self.stranger).search([]))
        strangers = snapshot.with_user(self.stranger)
        for method in ("action_approve", "action_cancel", "action_retry", "action_audit", "action_verify"):
            with self.assertRaises(AccessError, msg=method):
                getattr(strangers, method)()
        with self.assertRaises(AccessError):
            strangers._reject("because")
        with self.assertRaises(AccessError):
            self.instance.with_user(self.stranger).action_count_code()
        self.assertEqual(snapshot.state, "draft")

    def test_who_runs_the_hosts_does_not_decide_when_a_count_needs_a_person(self):
        technician = self.make_user("tekla", "linserv_hosting.linserv_host_group_manager")
        instance = self.instance.with_user(technician)
        instance.write({"url": "https://odoo.norrvik.example"})
        for setting in ({"code_band": 100.0}, {"code_agreed_lines": 1000}):
            with self.assertRaises(AccessError):
                instance.write(setting)
        both = ("linserv_hosting.linserv_host_group_manager", "linserv_maintenance.linserv_code_snapshot_group_manager")
        self.instance.with_user(self.make_user("bo", *both)).write({"code_band": 20.0})
        self.assertEqual(self.instance.code_band, 20.0)

    def test_a_manager_of_another_company_is_not_told(self):
        self.assertNotIn(self.stranger, self.counted({"a": 100}).activity_ids.user_id)

    def test_a_customer_orders_and_settles_nothing(self):
        snapshot = self.approved({"a": 100})
        customers = snapshot.with_user(self.eva)
        for method in ("action_approve", "action_cancel", "action_retry", "action_audit", "action_view_run"):
            with self.assertRaises(AccessError, msg=method):
                getattr(customers, method)()
        with self.assertRaises(AccessError):
            self.instance.with_user(self.eva).action_count_code()

    def test_settings_that_make_no_sense_are_refused(self):
        for vals in (
            {"linserv_code_count_day": 29},
            {"linserv_code_count_day": 0},
            {"linserv_code_band": -1},
            {"linserv_code_alarm_low": 5},
        ):
            with self.assertRaises(ValidationError):
                self.company.write(vals)
        with self.assertRaises(ValidationError):
            self.instance.write({"code_band": 101})

    def test_two_counts_are_compared_by_module(self):
        first = self.approved({"a": 100, "b": 50})
        second = self.counted({"a": 300, "c": 10}, NOVEMBER)
        context = {"active_id": second.id, "active_model": second._name}
        wizard = self.env["linserv.code.difference"].with_user(self.user).with_context(**context).create([{}])
        self.assertEqual((wizard.before_id, wizard.after_id), (first, second))
        self.assertEqual(wizard.change_lines, 160, "the window opens with the answer")
        wizard.action_compare()
        self.assertEqual(
            [(line.name, line.kind, line.change_lines) for line in wizard.line_ids],
            [("a", "grown", 200), ("b", "removed", -50), ("c", "added", 10)],
        )

    def test_counts_of_two_instances_are_not_compared(self):
        other = self.make_instance(self.host, name="Other", technical_name="other")
        wizard = self.env["linserv.code.difference"].create(
            [
                {
                    "instance_id": self.instance.id,
                    "before_id": self.approved({"a": 1}).id,
                    "after_id": self.answered(honest(tree_of({"a": 1})), instance=other).id,
                }
            ]
        )
        with self.assertRaises(UserError):
            wizard.action_compare()

    def test_the_signing_key_is_made_once_and_nobody_needs_rights_for_it(self):
        self.approved({"a": 100})
        secret = self.company.linserv_code_signing_secret_id
        self.approved({"a": 100}, NOVEMBER)
        self.assertEqual(self.env["linserv.secret"].search([("kind", "=", "signing_key")]), secret)

    def test_an_instance_with_another_customer_is_counted_for_that_one(self):
        waiting = self.counted({"a": 100})
        failed = self.answered({"root": "x"}, NOVEMBER)
        self.instance.partner_id = self.env["res.partner"].create([{"name": "Sydbo AB", "is_company": True}])
        with self.assertRaisesRegex(UserError, "another customer"):
            waiting.with_user(self.manager).action_approve()
        again = self.counted({"a": 100}, NOVEMBER)
        self.assertEqual((again, again.partner_id), (failed, self.instance.partner_id))

    def test_a_customer_writes_nothing_on_a_count_not_even_in_someone_elses_name(self):
        snapshot = self.approved({"a": 100}).with_user(self.eva)
        for vals in ({}, {"author_id": self.manager.partner_id.id, "email_from": "karin@example.com"}):
            with self.assertRaises(AccessError):
                snapshot.message_post(body="Pay to another account", partner_ids=self.customer.ids, **vals)
            with self.assertRaises(AccessError):
                vals.update(body="Pay", model=snapshot._name, res_id=snapshot.id)
                self.env["mail.message"].with_user(self.eva).create([vals])
        self.assertTrue(snapshot.with_user(self.user).message_post(body="Is the new module theirs?"))
