"""Plans, slots and points: what is due, what is a gap, what is believed."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .common import MORNING, BackupCase, epoch


@freeze_time("2026-11-02 10:00:30")
class TestSlots(BackupCase):
    """The slots that have come."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-11-02 09:59:00"):
            cls.plan = cls.make_plan()

    def order(self):
        self.env["linserv.backup.plan"]._cron_order()
        return self.env["linserv.backup.point"].search([("repository_id", "=", self.repository.id)])

    def test_a_slot_that_has_come_is_ordered_at_the_backup_host(self):
        point = self.order()
        self.assertEqual((point.state, point.name), ("running", "db-20261102T100000Z"))
        run = point.run_id
        self.assertEqual((run.verb, run.host_id, run.detached), ("repo.take", self.backup_host, True))
        self.assertIn('"slot": "20261102T100000Z"', run.args)
        self.assertEqual(self.plan.date_next, fields.Datetime.to_datetime("2026-11-02 10:30:00"))

    def test_ordering_twice_orders_once(self):
        self.assertEqual(self.order(), self.order())
        self.assertEqual(self.env["linserv.run"].search_count([("verb", "=", "repo.take")]), 1)

    def test_a_plan_that_was_reset_makes_no_second_point(self):
        point = self.order()
        self.plan._wait_for_next(epoch(MORNING) - 3600)
        self.assertEqual(self.order(), point)

    def test_the_place_after_the_slot_is_waited_for(self):
        self.plan.jitter_seconds = 3600
        with patch.object(type(self.plan), "_get_place", lambda plan: 600):
            self.plan._wait_for_next(epoch(MORNING) - 300)
            self.assertFalse(self.order())
            with freeze_time("2026-11-02 10:10:01"):
                self.assertEqual(self.order().slot, fields.Datetime.to_datetime("2026-11-02 10:00:00"))

    def test_after_an_outage_of_odoo_the_newest_slot_is_taken_and_the_others_are_gaps(self):
        with freeze_time("2026-11-02 13:10:00"):
            points = self.order()
        self.assertEqual(points[0].state, "running")
        self.assertEqual(str(points[0].slot), "2026-11-02 13:00:00")
        self.assertEqual(set(points[1:].mapped("state")), {"missed"})
        self.assertEqual((len(points), set(points[1:].mapped("reason"))), (7, {"odoo_down"}))
        self.assertIn("Odoo was not running", points[1].reason_text)

    def test_after_a_hundred_days_only_the_days_that_are_kept_become_gaps(self):
        with freeze_time("2027-03-02 10:00:30"):
            self.assertEqual(len(self.order()), 4320)

    def test_the_days_of_the_clock_changes_lose_no_slot_and_have_none_twice(self):
        for midnight, half_hours in (("2026-10-24 22:00:00", 50), ("2027-03-27 23:00:00", 46)):
            begin = fields.Datetime.to_datetime(midnight)
            plan = self.make_plan(
                self.make_repository(
                    self.make_instance(self.host, name=midnight[:4], technical_name="dst%s" % midnight[:4]),
                    state="ready",
                ),
                date_from=begin.date(),
                date_begun=begin - timedelta(minutes=1),
            )
            for number in range(half_hours):
                with freeze_time(begin + timedelta(minutes=30 * number, seconds=30)):
                    plan._order_due()
            points = plan.point_ids
            self.assertEqual((len(points), set(points.mapped("state"))), (half_hours, {"due"}))
            local = {self.local(point.slot).date() for point in points}
            self.assertEqual(len(local), 1, "the customer's day from midnight to midnight")

    def local(self, moment):
        return fields.Datetime.context_timestamp(self.repository.with_context(tz="Europe/Stockholm"), moment)

    def test_a_repository_that_is_not_connected_has_gaps_that_say_so(self):
        self.repository.state = "draft"
        point = self.order()
        self.assertEqual((point.state, point.reason), ("missed", "not_connected"))

    def test_one_point_at_a_time_for_a_repository(self):
        first = self.order()
        with freeze_time("2026-11-02 10:30:30"):
            second = self.order() - first
            self.assertEqual(second.state, "due")
        with freeze_time("2026-11-02 11:00:30"):
            self.order()
        self.assertEqual((second.state, second.reason), ("missed", "overlap"))
        self.assertEqual(first.state, "running")

    def test_a_host_takes_as_many_at_once_as_it_bears(self):
        self.backup_host.backup_parallel = 1
        instance = self.make_instance(self.host, name="Second", technical_name="norrvik-two", database="two")
        other = self.make_repository(instance, state="ready")
        self.make_plan(other)
        self.order()
        points = self.env["linserv.backup.point"].search([])
        self.assertEqual(sorted(points.mapped("state")), ["due", "running"])

    def test_three_plans_of_which_the_middle_one_is_broken(self):
        for number in (2, 3):
            instance = self.make_instance(self.host, name=str(number), technical_name="i%d" % number, database="d")
            self.make_plan(self.make_repository(instance, state="ready"))
        plans = self.env["linserv.backup.plan"].search([], order="id")
        self.env.cr.execute("UPDATE linserv_backup_plan SET weekdays = 'x' WHERE id = %s", [plans[1].id])
        plans.invalidate_cache()
        with mute_logger("odoo.addons.linserv_backup.models.linserv_backup_plan_order"):
            self.order()
        points = self.env["linserv.backup.point"].search([])
        self.assertEqual(points.plan_id, plans[0] | plans[2])
        self.assertEqual(set(points.mapped("state")), {"running"})


@freeze_time("2026-11-02 10:00:30")
class TestPoint(BackupCase):
    """What becomes of an answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-11-02 09:59:00"):
            cls.plan = cls.make_plan()

    def take(self):
        self.env["linserv.backup.plan"]._cron_order()
        domain = [("repository_id", "=", self.repository.id), ("state", "=", "running")]
        return self.env["linserv.backup.point"].search(domain)

    def test_an_honest_answer_proves_the_point(self):
        point = self.answer(self.take())
        self.assertEqual((point.state, point.rows, point.files, point.bytes_stored), ("proved", 1250, 30, 480))
        self.assertEqual(self.repository.last_db_point_id, point)
        self.assertNotIn("res_partner", point.manifest)

    def test_the_same_answer_twice_changes_nothing(self):
        point = self.answer(self.take())
        before = point.read(["state", "date_proved", "reason"])
        self.assertEqual(self.answer(point).read(["state", "date_proved", "reason"]), before)

    def test_an_answer_about_another_point_is_a_failure_of_data_and_freezes_deleting(self):
        point = self.answer(self.take(), name="db-20261102T093000Z")
        self.assertEqual((point.state, point.reason, point.failure_class), ("due", "other_point", "data"))
        self.assertTrue(self.repository.frozen)

    def test_rows_that_are_gone_make_the_point_suspect_until_somebody_accepts_it(self):
        self.make_points(self.plan, 1, MORNING - timedelta(minutes=60, seconds=30), rows=2000)
        point = self.answer(self.take())
        self.assertEqual((point.state, point.reason), ("suspect", "rows_down"))
        self.assertIn("suspect", self.repository.freeze_codes)
        self.assertNotEqual(self.repository.last_db_point_id, point)
        manager = self.make_user("karin", "linserv_backup.linserv_backup_group_manager")
        point.with_user(manager).action_accept()
        run = self.env["linserv.run"].search([("verb", "=", "repo.accept")])
        point._on_run_done(run, {})
        self.assertEqual((point.state, point.accepted_by_id), ("proved", manager))
        self.assertEqual(self.repository.last_db_point_id, point)
        self.assertFalse(self.repository.frozen)

    def test_who_manages_nothing_accepts_nothing(self):
        point = self.answer(self.take(), judged="suspect", reasons=["table_vanished"])
        user = self.make_user("olof", "linserv_backup.linserv_backup_group_user")
        with self.assertRaisesRegex(Exception, "Only managers"):
            point.with_user(user).action_accept()

    def test_what_passes_by_itself_is_tried_again_within_the_slot(self):
        point = self.refuse(self.take(), "unreachable", retryable=True)
        self.assertEqual((point.state, point.failure_class, point.attempts), ("due", "transient", 1))
        self.env["linserv.backup.point"]._start_due()
        self.assertEqual(point.state, "due")
        with freeze_time("2026-11-02 10:01:31"):
            self.env["linserv.backup.point"]._start_due()
        self.assertEqual((point.state, point.attempts), ("running", 2))
        self.assertEqual(self.answer(point).state, "proved")

    def test_what_a_person_must_mend_is_not_tried_again(self):
        point = self.refuse(self.take(), "host_key_changed")
        self.assertEqual((point.state, point.failure_class, point.date_retry), ("failed", "configuration", False))

    def test_a_host_that_is_down_for_three_hours_leaves_recorded_gaps(self):
        moment = fields.Datetime.to_datetime("2026-11-02 10:00:30")
        for minute in range(0, 180):
            with freeze_time(moment + timedelta(minutes=minute)):
                self.refuse(self.take(), "unreachable", retryable=True) if self.take() else None
        with freeze_time("2026-11-02 13:00:45"):
            self.answer(self.take())
        points = self.env["linserv.backup.point"].search([("repository_id", "=", self.repository.id)])
        self.assertEqual(len(points), 7)
        self.assertEqual(points[0].state, "proved")
        gaps = points[1:]
        self.assertEqual(set(gaps.mapped("reason")), {"unreachable"})
        self.assertTrue(set(gaps.mapped("state")) <= {"failed", "missed"})
        with freeze_time("2026-11-02 13:01:45"):
            proof = self.list_now(points[0])
        self.assertEqual((proof.state, proof.expected, proof.listed, proof.gaps), ("complete", 1, 1, 6))
        self.assertIn("2026-11-02 11:00–2026-11-02 13:30 (6)", proof.gap_text)

    def test_a_run_that_somebody_cancels_blocks_nothing(self):
        point = self.take()
        point.run_id.sudo().action_cancel()
        self.env["linserv.backup.point"]._start_due()
        self.assertEqual((point.state, point.reason, point.failure_class), ("due", "cancelled", "transient"))
        with freeze_time("2026-11-02 10:02:00"):
            self.assertEqual(self.take(), point)

    def test_runs_of_long_ago_are_removed_and_their_points_stay(self):
        point = self.answer(self.take())
        point.run_id.sudo().write({"state": "done", "date_finished": "2026-10-01 00:00:00"})
        old = self.make_points(self.plan, 2, MORNING - timedelta(days=500), state="removed")
        point._gc_runs()
        point._gc_points()
        self.assertFalse(point.run_id)
        self.assertEqual((point.state, bool(old.exists())), ("proved", False))

    def test_a_hold_keeps_several_reasons(self):
        point = self.answer(self.take())
        point._hold("restore 1")
        point._hold("restore 2")
        point._release("restore 1")
        self.assertTrue(point.held)
        point._release("restore 2")
        self.assertFalse(point.held)
        verbs = self.env["linserv.run"].search([("verb", "in", ("repo.hold", "repo.release"))]).mapped("verb")
        self.assertEqual(sorted(verbs), ["repo.hold", "repo.hold", "repo.hold", "repo.release"])

    def test_a_dr_point_is_ordered_at_the_dr_host(self):
        self.make_plan(kind="dr", days=14, points=1, times="11:00")
        self.answer(self.take())
        copy = self.take()
        self.assertEqual((copy.kind, copy.run_id.verb, copy.run_id.host_id), ("dr", "dr.pull", self.dr_host))
        self.assertEqual(self.answer(copy, form="whole").state, "proved")
        self.assertEqual(self.repository.last_dr_point_id, copy)


@freeze_time("2026-11-02 10:12:40")
class TestNow(BackupCase):
    """A point beside the plan."""

    def test_it_is_taken_at_once_and_pressed_twice_it_is_one(self):
        self.repository.action_take_now()
        self.repository.action_take_now()
        point = self.env["linserv.backup.point"].search([("repository_id", "=", self.repository.id)])
        self.assertEqual((point.state, point.name, point.plan_id.id), ("running", "db-20261102T101240Z", False))
        self.assertEqual((point.run_id.verb, point.run_id.deadline), ("repo.take", 3600))

    def test_only_of_what_is_connected(self):
        self.repository.state = "draft"
        with self.assertRaisesRegex(UserError, "is not connected"):
            self.repository.action_take_now()
        self.assertFalse(self.env["linserv.backup.point"].search([("repository_id", "=", self.repository.id)]))

    def test_only_by_a_manager(self):
        user = self.env["res.users"].with_context(no_reset_password=True)
        group = self.env.ref("linserv_backup.linserv_backup_group_user")
        johan = user.create({"name": "Johan", "login": "johan-now", "groups_id": [(6, 0, group.ids)]})
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self.repository.with_user(johan).action_take_now()
