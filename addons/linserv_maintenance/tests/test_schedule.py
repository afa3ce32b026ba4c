from odoo import fields
from odoo.tests import tagged

from .common import NOVEMBER, CodeCase, honest, tree_of

TODAY = fields.Date.to_date("2026-11-22")


@tagged("post_install", "-at_install")
class TestSchedule(CodeCase):
    """The scheduled action counts what is due, each on its own."""

    def due(self, today=TODAY):
        return self.env["linserv.instance"]._get_instances_to_count(today)

    def test_only_production_instances_under_maintenance_are_counted(self):
        copy = self.make_instance(self.host, name="Copy", technical_name="norrvik-test", kind="test")
        self.assertFalse(self.due())
        self.make_maintenance()
        self.make_maintenance(copy)
        self.assertEqual(self.due(), self.instance)

    def test_maintenance_that_has_ended_is_not_counted(self):
        self.make_maintenance().write({"date_end": "2026-11-21"})
        self.assertFalse(self.due())

    def test_a_counted_instance_is_due_again_next_month(self):
        self.make_maintenance()
        self.approved({"a": 100}, NOVEMBER)
        self.assertFalse(self.due())
        self.assertEqual(self.due(fields.Date.to_date("2026-12-20")), self.instance)

    def test_a_failed_count_is_due_again_and_a_rejected_one_is_not(self):
        self.make_maintenance()
        failed = self.answered({}, NOVEMBER)
        self.assertEqual(failed.state, "failed")
        self.assertEqual(self.due(), self.instance)
        rejected = self.counted({"a": 100}, NOVEMBER)
        rejected.with_user(self.manager)._reject("Wrong folder")
        self.assertFalse(self.due())

    def test_of_three_instances_the_middle_one_fails_and_two_are_counted(self):
        others = self.make_instance(name="No host", technical_name="a")
        others |= self.make_instance(self.host, name="Third", technical_name="third")
        for instance in self.instance | others:
            self.make_maintenance(instance)
        self.env["linserv.instance"]._cron_count_code()
        states = {snapshot.instance_id.name: snapshot.state for snapshot in self.snapshots.search([])}
        self.assertEqual(states, {"Norrvik production": "running", "No host": "failed", "Third": "running"})

    def test_the_action_run_twice_orders_nothing_twice(self):
        self.make_maintenance()
        self.env["linserv.instance"]._cron_count_code()
        self.env["linserv.instance"]._cron_count_code()
        self.assertEqual(self.env["linserv.run"].search_count([("verb", "=", "code.count")]), 1)

    def test_a_count_whose_run_ended_silently_is_ended_too(self):
        snapshot = self.count()
        snapshot.run_id.write(
            {"state": "failed", "error": "The answer could not be taken over.", "error_code": "origin_error"}
        )
        self.snapshots._fail_abandoned()
        self.assertEqual((snapshot.state, snapshot.error_code), ("failed", "origin_error"))

    def test_each_month_s_counts_are_audited_once(self):
        self.make_maintenance()
        today = fields.Date.context_today(self.snapshots)
        snapshot = self.answered(honest(tree_of({"a": 100})), today)
        snapshot.with_user(self.manager).action_approve()
        audits = self.env["linserv.code.audit"]
        audits._cron_audit()
        audits._cron_audit()
        self.assertEqual(audits.search([]).mapped("snapshot_id"), snapshot)
        self.assertEqual(len(audits.search([])), 1)
