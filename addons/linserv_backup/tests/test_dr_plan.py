"""The disaster recovery plan in its versions, and the exercise that is recorded against it."""

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .drill_builders import answer
from .drill_case import DrillCase


class DrPlanCase(DrillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"lang": "en_US", "phone": "060-12 34 56", "email": "info@norrvik.se"})
        cls.plans = cls.env["linserv.dr.plan"]
        cls.env["linserv.backup.plan"].create(
            [{"repository_id": cls.repository.id, "kind": "db", "days": 90, "points": 48, "date_from": "2026-01-01"}]
        )

    def make_plan(self, **vals):
        return self.plans.create([dict({"partner_id": self.customer.id}, **vals)])

    def make_exercise(self, plan, **vals):
        return self.env["linserv.dr.exercise"].create([dict({"plan_id": plan.id}, **vals)])


@tagged("-at_install", "post_install")
class TestDrPlan(DrPlanCase):
    def test_a_plan_begins_with_the_standard_steps_and_known_people(self):
        plan = self.make_plan()
        self.assertEqual(len(plan.step_ids), 9)
        self.assertEqual(plan.step_ids[0].who, "lead")
        self.assertIn(self.customer, plan.contact_ids.partner_id)
        self.assertEqual(plan.contact_ids.filtered(lambda one: one.partner_id == self.customer).phone, "060-12 34 56")

    def test_the_paper_says_who_what_where_and_how_long(self):
        drill = self.order()
        drill._on_run_done(drill.run_id, answer())
        plan = self.make_plan()
        plan._issue(False)
        pdf = self.env.ref("linserv_backup.linserv_dr_plan_pdf")
        text = pdf._render_qweb_html(plan.ids)[0].decode().replace("\u00a0", " ")
        wanted = ("060-12 34 56", "Choose the point", "DB 90/48", "backup1", "dr1", "701,234", "31 s", "borg extract")
        for words in (*wanted, "has not been locked away", "First version", "has not been exercised"):
            self.assertIn(words, text)

    def test_versions_are_numbered_and_stay_as_they_are(self):
        plan = self.make_plan().with_context(force_report_rendering=True)
        first = plan._issue(False)
        self.assertEqual((first.number, first._get_pdf()[1][:5]), (1, b"%PDF-"))
        plan.change_note = "New deputy"
        plan.action_issue()
        self.assertEqual((plan.version_id.number, plan.version_id.note, plan.change_note), (2, "New deputy", False))
        for act in (lambda: first.write({"note": "x"}), first.unlink):
            with self.assertRaises(UserError):
                act()

    def test_a_plan_without_people_is_not_issued(self):
        plan = self.make_plan()
        plan.contact_ids.unlink()
        with self.assertRaises(UserError):
            plan._issue(False)

    def test_every_customer_gets_a_plan_and_only_changes_make_a_version(self):
        self.plans._cron_issue_plans()
        plan = self.plans.search([("partner_id", "=", self.customer.id)])
        self.assertEqual((len(plan), plan.version_id.number), (1, 1))
        self.plans._cron_issue_plans()
        drill = self.order()
        drill._on_run_done(drill.run_id, answer())
        self.plans._cron_issue_plans()
        self.assertEqual(plan.version_id.number, 1)
        self.repository.dr_host_id = self.make_host(name="dr2", address="dr2.invalid", backup_role="dr")
        plan.invalidate_cache()
        self.plans._cron_issue_plans()
        self.assertEqual((plan.version_id.number, plan.is_outdated), (2, False))

    def test_customers_read_their_own_versions_only(self):
        plan = self.make_plan()
        plan._issue(False)
        other = self.env["res.partner"].create([{"name": "Adalen Bygg AB", "is_company": True}])
        ours, theirs = self.make_portal_user("nora3", self.customer), self.make_portal_user("adam3", other)
        self.assertEqual(self.plans.with_user(ours)._get_portal_plans(), plan.version_id)
        self.assertTrue(plan.version_id.with_user(ours)._get_pdf()[1])
        self.assertFalse(self.plans.with_user(theirs)._get_portal_plans())
        with self.assertRaises(AccessError):
            plan.version_id.with_user(theirs)._get_pdf()
        with self.assertRaises(AccessError):
            plan.with_user(ours).read(["partner_id"])


@tagged("-at_install", "post_install")
class TestDrExercise(DrPlanCase):
    def setUp(self):
        super().setUp()
        self.plan = self.make_plan()
        self.plan._issue(False)

    def held(self):
        exercise = self.make_exercise(self.plan)
        exercise.action_start()
        exercise.action_order_drills()
        drill = exercise.drill_ids
        drill._on_run_done(drill.run_id, answer(name=drill.point_name))
        exercise.step_ids.action_begin()
        exercise.step_ids.action_done()
        exercise.write({"result": "passed", "conclusion": "The phone list was old."})
        exercise.action_finish()
        return exercise

    def test_an_exercise_takes_the_plans_steps_and_its_version(self):
        exercise = self.make_exercise(self.plan)
        exercise.action_start()
        self.assertEqual(exercise.step_ids.mapped("name"), self.plan.step_ids.mapped("name"))
        self.assertEqual(exercise.version_id, self.plan.version_id)
        self.assertEqual(exercise.planned_minutes, sum(self.plan.step_ids.mapped("minutes")))

    def test_it_restores_from_the_dr_host_and_keeps_the_drill_as_evidence(self):
        exercise = self.held()
        self.assertEqual((exercise.drill_ids.zone, exercise.drill_ids.state), ("dr", "proved"))
        self.assertEqual(exercise.state, "done")
        self.assertEqual(self.plan.date_last_exercise, fields.Date.context_today(exercise))
        self.assertGreater(self.plan.date_next_exercise, self.plan.date_last_exercise)
        pdf = self.env.ref("linserv_backup.linserv_dr_plan_pdf")
        self.assertIn("The phone list was old.", pdf._render_qweb_html(self.plan.ids)[0].decode())

    def test_its_record_is_kept_as_a_paper(self):
        exercise = self.held()
        kept = self.env["ir.attachment"].search([("res_model", "=", exercise._name), ("res_id", "=", exercise.id)])
        self.assertEqual(kept.name, "Disaster recovery exercise, %s.pdf" % exercise.name)
        text = kept.raw.decode().replace("\u00a0", " ")
        for words in ("The phone list was old.", "Choose the point", "701,234", "Restored and proved", "31 s"):
            self.assertIn(words, text)

    def test_times_are_noted_step_by_step(self):
        exercise = self.make_exercise(self.plan)
        exercise.action_start()
        step = exercise.step_ids[0]
        step.write({"date_started": "2026-11-20 09:00:00", "date_ended": "2026-11-20 09:12:30"})
        self.assertEqual((step.minutes, exercise.minutes), (12.5, 12.5))

    def test_it_is_finished_only_when_everything_is_said(self):
        exercise = self.make_exercise(self.plan)
        with self.assertRaises(UserError):
            exercise.action_finish()
        exercise.action_start()
        with self.assertRaises(UserError):
            exercise.action_finish()
        exercise.step_ids.action_done()
        with self.assertRaises(UserError):
            exercise.action_finish()

    def test_what_was_recorded_stays(self):
        exercise = self.held()
        for act in (
            lambda: exercise.write({"result": "failed"}),
            lambda: exercise.step_ids[0].write({"outcome": "failed"}),
            exercise.step_ids[0].unlink,
            exercise.unlink,
        ):
            with self.assertRaises(UserError):
                act()
