import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..domain import restores
from .common import BackupCase, epoch, manifest


@tagged("post_install", "-at_install")
class RestoreCase(BackupCase):
    """A customer with BACKUP and DRIFT OCH PATCH, and three proved points."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.subscription = cls.make_subscription()
        cls.contract = cls.subscription.contract_id
        drift = cls.env["linserv.service"].search([("code", "=", "drift")])
        cls.env["linserv.subscription"].create(
            [{"contract_id": cls.contract.id, "service_id": drift.id, "instance_id": cls.instance.id,
              "date_start": "2026-06-01", "state": "active"}]
        )  # fmt: skip
        cls.contract.action_activate()
        level = cls.env.ref("linserv_contract.linserv_hour_level_agreement")
        cls.env["linserv.hour.price"].create({"level_id": level.id, "price_unit": 1250, "date_from": "2020-01-01"})
        cls.today = fields.Date.context_today(cls.env.user)
        cls.now = fields.Datetime.now().replace(minute=0, second=0)
        plan = cls.repository.plan_ids.filtered(lambda each: each.kind == "db")
        cls.points = cls.make_points(plan, 3, cls.now)
        for point in cls.points:
            point.manifest = json.dumps(manifest(cls.repository, "db", epoch(point.slot)))
        cls.repository.public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFdWHl0vSg0Wh3f5c1c1mNqXcK1rM6nq3mQ6nWc9o1aB"
        cls.customer.write({"email": "kund@norrvik.example.com", "lang": "en_US"})
        cls.manager = cls.make_user("chef", "linserv_backup.linserv_backup_group_manager")
        cls.technician = cls.make_user("tekniker", "linserv_backup.linserv_backup_group_user")

    def make(self, ahead=0, **vals):
        """Create a restore so many days ahead."""
        day = self.today + timedelta(days=ahead)
        return self.env["linserv.restore"].create([dict({"instance_id": self.instance.id, "date_wanted": day}, **vals)])

    def order(self, ahead=0, accept=False, **vals):
        """Order a test copy."""
        restore = self.make(ahead, **vals)
        return restore._place_order(self.customer, accept_charge=accept)

    def offer(self):
        return self.env["linserv.restore"]._portal_offer(self.instance)

    def done(self, restore, **result):
        """Let the host answer the step that is under way."""
        restore._on_run_done(restore.run_id, result)
        return restore

    def work(self, restore, until=None):
        """Answer every step as an honest host does."""
        answers = {"neutralise": {"closed": {"scheduled_action": 40}}, "check": {"live": [], "looked_at": 200}}
        while restore.state in restores.WORKING and restore.step != until:
            self.done(restore, **answers.get(restore.step, {}))
        return restore


class TestRestoreOrder(RestoreCase):
    def test_twelve_are_included_and_the_thirteenth_says_its_price_first(self):
        for _number in range(12):
            self.assertFalse(self.offer()["is_charged"])
            self.assertFalse(self.order().is_charged)
        offer = self.offer()
        self.assertEqual((offer["used"], offer["limit"], offer["left"], offer["price"]), (12, 12, 0, 1250))
        self.assertIn("1,250", offer["reason"])
        with self.assertRaisesRegex(UserError, "all are used"):
            self.order()
        thirteenth = self.order(accept=True)
        self.assertTrue(thirteenth.is_charged)
        self.assertFalse(thirteenth.is_counted)
        self.assertEqual(self.offer()["used"], 12)

    def test_an_order_twice_is_one(self):
        restore = self.order()
        restore._place_order(self.customer)
        self.assertEqual(self.offer()["used"], 1)
        order, vals = self.env["linserv.restore"]._portal_order, {"date_wanted": self.today}
        keys = [order(self.instance, self.customer, vals, "the-key", False).id for _number in range(2)]
        self.assertEqual(len(set(keys)), 1)
        self.assertEqual(self.offer()["used"], 2)

    def test_cancelled_eight_and_seven_days_ahead_it_does_not_count(self):
        for ahead in (8, 7):
            restore = self.order(ahead)
            restore._cancel(self.customer)
            restore._cancel(self.customer)
            self.assertEqual((restore.state, restore.is_counted, self.offer()["used"]), ("cancelled", False, 0))

    def test_cancelled_six_days_ahead_the_answer_is_no_and_why(self):
        restore = self.order(6)
        with self.assertRaisesRegex(UserError, "too late.*at the latest 7 days ahead.*still counts"):
            restore._cancel(self.customer)
        self.assertEqual(restore.state, "ordered")
        restore._cancel(self.customer, accept_counted=True)
        self.assertEqual((restore.state, restore.is_counted, self.offer()["used"]), ("cancelled", True, 1))

    def test_what_linserv_calls_off_does_not_count(self):
        restore = self.order(1)
        restore._start()
        restore._cancel(self.manager.partner_id, force=True)
        self.assertEqual((restore.state, restore.step, self.offer()["used"]), ("cancelled", "drop", 0))
        self.assertFalse(restore.point_id.held)

    def test_the_cancellation_is_confirmed_in_writing_once(self):
        restore = self.order(9)
        restore._send_confirmation()
        restore._cancel(self.customer, "not needed")
        for _number in range(2):
            restore._send_confirmation()
            self.env["linserv.restore"]._cron_restore()
        mails = self.env["mail.mail"].search([("model", "=", "linserv.restore"), ("res_id", "=", restore.id)])
        self.assertEqual(len(mails), 2)
        self.assertEqual(len(mails.filtered(lambda mail: "cancelled" in mail.subject)), 1)
        self.assertIn("confirmation of the cancellation in writing", mails[0].body_html + mails[1].body_html)

    def test_a_confirmation_that_failed_is_sent_by_the_scheduled_action(self):
        restore = self.order(9)
        self.assertEqual(restore.confirm, "order")
        self.env["linserv.restore"]._cron_restore()
        self.assertFalse(restore.confirm)
        self.assertTrue(self.env["mail.mail"].search([("model", "=", "linserv.restore"), ("res_id", "=", restore.id)]))

    def test_a_moment_before_the_first_backup_is_refused(self):
        with self.assertRaisesRegex(UserError, "no backup from before"):
            self.order(point_time=self.now - timedelta(days=400))
        with self.assertRaisesRegex(UserError, "passed"):
            self.order(-1)

    def test_the_form_of_the_portal(self):
        read = self.env["linserv.restore"]._portal_read
        for form, wrong in (
            ({"date": ""}, "date"),
            ({"date": "2026-13-01"}, "date"),
            ({"date": "1999-01-01"}, "date"),
            ({"date": str(self.today), "point": "moment"}, "point_date"),
            (
                {"date": str(self.today), "point": "moment", "point_date": "2001-01-01", "point_time": "10:00"},
                "point_date",
            ),
            (
                {"date": str(self.today), "point": "moment", "point_date": "2999-01-01", "point_time": "10:00"},
                "point_date",
            ),
            ({"date": str(self.today), "point": "moment", "point_date": "x", "point_time": "<b>"}, "point_date"),
        ):
            self.assertEqual(list(read(self.instance, form)[1]), [wrong], form)
        vals, errors = read(self.instance, {"date": str(self.today), "anonymise": "1", "note": " try "})
        self.assertEqual((errors, vals["anonymise"], vals["note"], vals["point_time"]), ({}, True, "try", False))

    def test_without_a_contract_nothing_is_ordered_in_the_portal(self):
        stranger = self.env["res.partner"].create({"name": "Other", "is_company": True})
        instance = self.make_instance(self.host, technical_name="other", partner_id=stranger.id)
        with self.assertRaisesRegex(UserError, "no contract in force"):
            self.env["linserv.restore"]._portal_order(instance, stranger, {"date_wanted": self.today}, "k", False)


class TestRestoreWork(RestoreCase):
    def test_the_steps_of_a_copy(self):
        restore = self.order(point_time=self.points[1].slot + timedelta(minutes=5))
        self.env["linserv.restore"]._cron_restore()
        self.assertEqual((restore.state, restore.step, restore.point_id), ("preparing", "prepare", self.points[1]))
        self.assertTrue(self.points[1].held)
        self.assertTrue(restore.database.startswith("norrvik-copy-"))
        verbs = []
        while restore.state in restores.WORKING:
            verbs.append(restore.run_id.verb)
            self.work_one(restore)
        self.assertEqual(
            verbs, ["restore.prepare", "repo.deliver", "restore.neutralise", "restore.check_live", "restore.publish"]
        )
        self.assertEqual(restore.state, "published")
        self.assertEqual((restore.date_expires - restore.date_published).days, 14)
        self.assertFalse(self.points[1].held)
        self.assertEqual(restore.confirm, "published")

    def work_one(self, restore):
        step = restore.step
        answers = {"check": {"live": [], "looked_at": 9}}
        self.done(restore, **answers.get(step, {}))

    def test_another_host_lets_the_delivery_in_and_forgets_it(self):
        other = self.make_host(name="other", address="other.invalid")
        restore = self.order(target_host_id=other.id)
        restore._start()
        self.assertEqual(
            (restore.step, restore.run_id.verb, restore.run_id.host_id), ("authorise", "key.authorize", other)
        )
        self.work(restore)
        revoked = self.env["linserv.run"].search([("verb", "=", "key.revoke"), ("host_id", "=", other.id)])
        self.assertEqual(len(revoked), 1)

    def test_a_copy_with_one_open_channel_is_never_shown(self):
        for result in ({"live": [{"code": "mail_server", "place": "ir_mail_server.active", "rows": 1}], "looked_at": 9},
                       {"live": [], "looked_at": 0}, {}):  # fmt: skip
            restore = self.order()
            restore._start()
            self.work(restore, until="check")
            self.done(restore, **result)
            self.assertEqual((restore.state, restore.url and restore.date_published), ("failed", False))
            self.assertIn("could still reach", restore.error)
            self.assertTrue(restore.activity_ids)

    def test_a_failed_step_is_taken_up_again_where_it_stopped(self):
        restore = self.order()
        restore._start()
        self.work(restore, until="neutralise")
        restore._on_run_failed(restore.run_id, {"code": "disk_full", "message": "full", "retryable": False})
        self.assertEqual((restore.state, restore.error), ("failed", "full"))
        first = restore.run_id
        restore.with_user(self.technician).action_retry()
        self.assertEqual((restore.step, restore.run_id == first), ("neutralise", False))
        self.work(restore)
        self.assertEqual(restore.state, "published")

    def test_an_answer_that_comes_twice_or_late_changes_nothing(self):
        restore = self.order()
        restore._start()
        run = restore.run_id
        restore._on_run_done(run, {})
        second = restore.run_id
        restore._on_run_done(run, {})
        restore._on_run_failed(run, {"code": "x", "message": "x", "retryable": False})
        self.assertEqual((restore.run_id, restore.state), (second, "delivering"))
        restore._start()
        self.assertEqual(restore.run_id, second)

    def test_work_that_nobody_follows_is_found(self):
        restore = self.order()
        restore._start()
        restore.run_id.action_cancel()
        self.env["linserv.restore"]._cron_restore()
        self.assertEqual(restore.state, "failed")

    def test_a_copy_expires_and_is_removed_once(self):
        restore = self.order()
        restore._start()
        self.work(restore)
        restore.date_expires = fields.Datetime.now() - timedelta(minutes=1)
        self.env["linserv.restore"]._cron_restore()
        self.env["linserv.restore"]._cron_restore()
        drops = self.env["linserv.run"].search([("verb", "=", "restore.drop")])
        self.assertEqual((len(drops), restore.state), (1, "published"))
        restore._on_run_failed(restore.run_id, {"code": "unreachable", "message": "away", "retryable": True})
        restore.run_id.write({"state": "failed", "date_finished": fields.Datetime.now() - timedelta(hours=2)})
        self.env["linserv.restore"]._cron_restore()
        self.assertEqual(len(self.env["linserv.run"].search([("verb", "=", "restore.drop")])), 2)
        self.done(restore)
        self.assertEqual(restore.state, "expired")

    def test_a_restore_in_earnest_waits_for_a_manager(self):
        restore = self.order(kind="same", accept=True)
        restore._start()
        self.work(restore)
        self.assertEqual((restore.state, restore.step, restore.database), ("ready", "load", "norrvik"))
        wizard = (
            self.env["linserv.restore.swap"].with_user(self.manager).create({"restore_id": restore.id, "confirm": "no"})
        )
        with self.assertRaisesRegex(UserError, "exactly"):
            wizard.action_swap()
        wizard.confirm = "norrvik"
        wizard.action_swap()
        wizard.action_swap()
        self.assertEqual((restore.run_id.verb, restore.state), ("restore.swap", "ready"))
        self.done(restore, kept="norrvik_before_1")
        self.assertEqual((restore.state, restore.kept_database), ("published", "norrvik_before_1"))

    def test_a_technician_does_not_swap_in(self):
        restore = self.order(kind="same", accept=True)
        with self.assertRaises(AccessError):
            self.env["linserv.restore.swap"].with_user(self.technician).create({"restore_id": restore.id})

    def test_one_that_cannot_begin_does_not_stop_the_others(self):
        bad, good = self.order(), self.order()
        bad.source = "dr"
        self.env["linserv.restore"]._cron_restore()
        self.assertEqual((bad.state, good.state), ("failed", "preparing"))
        self.assertIn("no proved backup", bad.error)

    def test_the_order_of_staff_says_the_price_and_orders_once_accepted(self):
        for _number in range(12):
            self.order()
        order = self.env["linserv.restore.order"].with_user(self.technician).create({"instance_id": self.instance.id})
        order._onchange_target()
        self.assertTrue(order.is_charged)
        with self.assertRaisesRegex(UserError, "Ask the customer"):
            order.action_order()
        order.accept_charge = True
        made = self.env["linserv.restore"].browse(order.action_order()["res_id"])
        self.assertEqual((made.state, made.is_charged, made.target_host_id), ("ordered", True, self.host))

    def test_the_ribbon_is_in_the_customers_language(self):
        restore = self.order()
        restore._start()
        self.assertIn("TEST COPY", restore._say_ribbon())
        with patch.object(type(restore), "_get_lang", return_value="en_US"):
            self.assertNotIn("%(", restore._say_ribbon())
