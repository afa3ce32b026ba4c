"""Plans follow what is sold: the services of the product sheet, their changes, pauses and ends."""

import psycopg2
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tools import mute_logger

from .common import BackupCase


class TestPlanFollowsSubscription(BackupCase):
    """Plans are made, changed and ended with the subscription."""

    def plans(self, subscription, kind="db"):
        return subscription.backup_plan_ids.filtered(lambda plan: plan.kind == kind).sorted("date_from")

    @freeze_time("2026-11-02 10:00:30")
    def test_a_subscription_makes_a_plan_of_each_policy_from_today(self):
        plans = self.make_subscription().backup_plan_ids
        self.assertEqual(sorted(plans.mapped("name")), ["DB 90/48", "DR 14/1", "FS 90/4"])
        self.assertEqual(set(plans.mapped("date_from")), {fields.Date.to_date("2026-11-02")})
        files = plans.filtered(lambda plan: plan.kind == "fs")
        self.assertEqual((files.times, files.weekdays), ("07:00, 11:00, 15:00, 19:00", "12345"))
        self.assertEqual(plans.repository_id, self.repository)

    @freeze_time("2026-11-02 10:00:30")
    def test_following_twice_changes_nothing(self):
        subscription = self.make_subscription()
        before = subscription.backup_plan_ids.read(["date_from", "date_to", "days"])
        subscription._follow_backup_plans()
        self.env["linserv.subscription"]._cron_follow_backup_plans()
        self.assertEqual(subscription.backup_plan_ids.read(["date_from", "date_to", "days"]), before)

    def test_another_policy_closes_the_plan_and_opens_another_with_what_was_agreed(self):
        with freeze_time("2026-11-02 10:00:30"):
            subscription = self.make_subscription()
            self.plans(subscription).write({"extra_days": 275, "agreement": "Kept a year"})
        with freeze_time("2026-11-09 10:00:30"):
            subscription.policy = "DB 90/24, FS 90/4"
        old, new = self.plans(subscription)
        self.assertEqual((old.points, str(old.date_to)), (48, "2026-11-08"))
        self.assertEqual((new.points, str(new.date_from), new.extra_days), (24, "2026-11-09", 275))
        self.assertEqual(str(self.plans(subscription, "dr").date_to), "2026-11-08")

    def test_a_subscription_that_ends_ends_its_plans(self):
        with freeze_time("2026-11-02 10:00:30"):
            subscription = self.make_subscription()
            subscription._end(fields.Date.to_date("2026-11-30"))
        self.assertEqual(set(map(str, subscription.backup_plan_ids.mapped("date_to"))), {"2026-11-30"})
        plan = self.plans(subscription)
        with freeze_time("2026-12-24 10:00:30"):
            plan._order_due()
            self.assertFalse(plan.date_next)

    @freeze_time("2026-11-02 10:00:30")
    def test_a_draft_has_no_plans(self):
        self.assertFalse(self.make_subscription(state="draft").backup_plan_ids)

    @freeze_time("2026-11-02 10:00:30")
    def test_an_instance_without_repository_gets_one_that_waits_for_a_person(self):
        instance = self.make_instance(self.host, name="Second", technical_name="norrvik-two", database="two")
        repository = self.make_subscription(instance).backup_plan_ids.repository_id
        self.assertEqual((repository.name, repository.state), ("norrvik-two", "draft"))
        self.assertEqual((repository.host_id, repository.dr_host_id), (self.backup_host, self.dr_host))

    @freeze_time("2026-11-02 10:00:30")
    def test_two_backups_of_one_kind_hold_up_no_contract(self):
        self.make_subscription()
        second = self.make_subscription()
        self.assertFalse(second.backup_plan_ids)
        self.assertIn("were not changed", self.repository.message_ids[0].body)

    def subscribe(self, code, contract, start):
        """Buy a service of the product sheet, with what it gives by itself."""
        service = self.env["linserv.service"].search([("code", "=", code)])
        vals = {"service_id": service.id, "policy": service.policy, "instance_id": self.instance.id}
        return contract.subscription_ids.create(
            [dict(vals, contract_id=contract.id, date_start=start, state="active", price_unit=100.0)]
        )

    def in_force(self):
        plans = self.repository.plan_ids.filtered(lambda plan: plan._is_open())
        return sorted((plan.name, str(plan.date_from), str(plan.date_to or "")) for plan in plans)

    def test_the_services_of_the_sheet_have_the_plans_of_the_sheet(self):
        contract = self.env["linserv.contract"].create(
            [{"partner_id": self.instance.partner_id.id, "date_start": "2026-06-01"}]
        )
        with freeze_time("2026-11-02 10:00:30"):
            self.subscribe("bas", contract, "2026-06-01")
            self.assertEqual(self.in_force(), [("DB 14/1", "2026-11-02", ""), ("DR 14/1", "2026-11-02", "")])
        with freeze_time("2026-11-09 10:00:30"):
            backup = self.subscribe("backup", contract, "2026-11-09")
            bought = [("DB 90/48", "2026-11-09", ""), ("DR 14/1", "2026-11-02", ""), ("FS 90/4", "2026-11-09", "")]
            self.assertEqual(self.in_force(), bought)
        with freeze_time("2026-11-16 10:00:30"):
            backup._end(fields.Date.to_date("2026-11-30"))
            self.assertIn(("DB 14/1", "2026-12-01", ""), self.in_force())
            self.assertIn(("DB 90/48", "2026-11-09", "2026-11-30"), self.in_force())

    def test_a_plan_that_cannot_be_is_refused(self):
        for vals in ({"times": "7 o'clock"}, {"weekdays": "89"}, {"folders": "../etc"}, {"points": 0}):
            refusals = (ValidationError, psycopg2.IntegrityError)
            with self.assertRaises(refusals), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self.make_plan(**vals)
        self.make_plan()
        with self.assertRaises(ValidationError):
            self.make_plan()
