"""What the watch finds beside late points. The numbers are those of docs/backups.md."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .watch_common import NOW, WatchCase


@tagged("post_install", "-at_install")
class TestWatch(WatchCase):
    """Everything in order but the one thing that each test breaks."""

    def setUp(self):
        super().setUp()
        self.make_points("2026-11-03 12:00", 4)

    def codes(self, now=NOW):
        self.watch(now)
        return self.open_codes()

    def make_proof(self, date, missing=0, kind="db"):
        vals = {"repository_id": self.repository.id, "date": date, "kind": kind, "missing": missing}
        state = "incomplete" if missing else "complete"
        return self.env["linserv.backup.proof"].create([dict(vals, state=state, expected=4320, listed=4320 - missing)])

    def make_drill(self, state, held, **vals):
        values = {
            "repository_id": self.repository.id,
            "instance_id": self.instance.id,
            "company_id": self.company.id,
            "commercial_partner_id": self.customer.id,
            "point_name": "db-20261101T000000Z",
            "slot": "2026-11-01 00:00:00",
            "zone": "backup",
            "host_id": self.backup_host.id,
            "state": state,
            "date_held": held,
            "date_ended": held,
        }
        return self.env["linserv.backup.drill"].create([dict(values, **vals)])

    def test_nothing_is_wrong_when_all_is_well(self):
        self.assertEqual(self.codes(), [])

    def test_33_a_drill_is_late_after_eight_days_and_mended_by_one_that_passed(self):
        self.make_point("2026-10-20 12:00")
        self.make_proof("2026-11-03")
        self.assertEqual(self.codes(), ["drill_late"])
        self.make_drill("proved", "2026-11-02 03:00:00")
        self.assertEqual(self.codes(), [])

    def test_a_faulty_drill_is_critical_until_one_has_passed(self):
        drill = self.make_drill("faulty", "2026-11-02 03:00:00", reason="rows_differ")
        alert = self.watch()
        self.assertEqual((alert.code, alert.severity), ("drill_failed", "critical"))
        self.assertIn("other numbers of rows", alert.summary)
        self.assertEqual(alert.action_open_record()["res_id"], drill.id)
        self.make_drill("proved", "2026-11-03 03:00:00")
        self.assertEqual(self.codes(), [])

    def test_gaps_count_from_the_first_incomplete_proof(self):
        self.make_proof("2026-10-30")
        self.make_proof("2026-11-02", missing=3)
        self.make_proof("2026-11-03", missing=2)
        alert = self.watch()
        self.assertEqual((alert.code, str(alert.date_since)), ("gaps", "2026-11-02 00:00:00"))
        self.assertIn("2 points", alert.summary)

    def test_a_complete_proof_ends_the_gaps(self):
        self.make_proof("2026-11-02", missing=3)
        self.make_proof("2026-11-03")
        self.assertEqual(self.codes(), [])

    def test_34_a_disk_that_fills_is_told_with_its_date(self):
        for ago in range(10):
            self.env["linserv.backup.capacity"].create(
                {
                    "host_id": self.backup_host.id,
                    "date": NOW.date() - timedelta(days=ago),
                    "total_bytes": 1000e9,
                    "free_bytes": 150e9 + 10e9 * ago,
                }
            )
        alert = self.watch()
        self.assertEqual((alert.code, alert.host_id, alert.severity), ("capacity", self.backup_host, "warning"))
        self.assertIn("in 10 days", alert.summary)

    def test_a_wrong_clock_is_the_host_s(self):
        self.repository.write({"date_listed": NOW, "clock_skew": -420})
        alert = self.watch()
        self.assertEqual((alert.code, alert.host_id), ("clock_skew", self.backup_host))
        self.assertIn("7 minutes", alert.summary)
        self.repository.write({"clock_skew": 200})
        self.assertEqual(self.codes(), [])

    def test_a_policy_without_a_connected_repository_is_told(self):
        other = self.make_repository(self.make_instance(self.host, technical_name="other"))
        self.make_plan(other)
        alert = self.watch()
        self.assertEqual((alert.code, alert.instance_id), ("not_connected", other.instance_id))
        self.assertIn("DB 90/48", alert.summary)

    def test_a_recovery_sheet_is_asked_for_once_a_year(self):
        self.repository.recovery_sheet_date = "2025-10-01"
        self.assertEqual(self.codes(), ["sheet_unconfirmed"])
        self.repository.recovery_sheet_date = "2026-11-03"
        self.assertEqual(self.codes(), [])

    def test_46_a_host_that_has_not_reported_is_told(self):
        self.env.cr.execute("UPDATE linserv_backup_repository SET create_date = %s", [NOW - timedelta(days=9)])
        self.backup_host.backup_report_date = NOW - timedelta(hours=30)
        self.dr_host.backup_report_date = NOW - timedelta(hours=2)
        self.assertEqual(self.codes(), ["backup_report_missing"])

    def test_47_what_a_host_reports_is_taken_over_and_told(self):
        self.backup_host.backup_report_date = self.dr_host.backup_report_date = NOW
        run = self.backup_host._queue_run("watch.status", origin=self.backup_host)
        alarms = [
            {"key": "late:norrvik:db", "text": "late"},
            {"key": "damaged:norrvik", "text": "norrvik has damaged points"},
        ]
        time = int((NOW - fields.Datetime.to_datetime("1970-01-01 00:00:00")).total_seconds())
        self.backup_host._on_run_done(run, {"report": {"time": time, "alarms": alarms}, "clock": time})
        alert = self.watch()
        self.assertEqual((alert.code, alert.summary), ("host_alarm", "norrvik has damaged points"))

    def test_47_hosts_are_told_how_old_a_point_may_be(self):
        self.make_plan(self.repository, kind="fs", points=4, times="07:00, 11:00, 15:00, 19:00", weekdays="12345")
        expected = self.backup_host._get_expected(NOW)
        hours = {kind: seconds / 3600 for kind, seconds in expected[self.repository.name]["kinds"].items()}
        self.assertEqual(hours, {"db": 6.5, "fs": 66})

    def test_a_failed_restore_and_a_copy_that_was_not_removed_are_told(self):
        vals = {"instance_id": self.instance.id, "kind": "test_copy"}
        failed, old = self.env["linserv.restore"].create([vals, vals])
        failed.write({"state": "failed", "error": "no room"})
        old.write({"state": "published", "date_expires": NOW - timedelta(hours=5)})
        self.assertEqual(self.codes(), ["copy_overdue", "restore_failed"])
        self.assertIn("no room", self.alerts.search([("code", "=", "restore_failed")]).summary)

    def test_scheduled_actions_that_stand_still_are_told(self):
        cron = self.env.ref("linserv_backup.linserv_backup_alert_cron_watch")
        crons = self.env["ir.cron"].search([("name", "=like", "Backup: %")])
        crons.write({"nextcall": NOW + timedelta(minutes=5)})
        cron.nextcall = NOW - timedelta(hours=2)
        self.assertIn("cron_silent", self.codes())
        alert = self.alerts.search([("code", "=", "cron_silent")])
        self.assertEqual(alert.date_since, NOW - timedelta(hours=2))
        self.assertIn(cron.name, alert.summary)

    def test_nobody_watches_is_known_from_the_last_beat(self):
        pulse = self.env["linserv.backup.pulse"]
        pulse._beat()
        self.assertFalse(pulse._stopped_since())
        pulse.search([]).date = fields.Datetime.now() - timedelta(hours=2)
        self.assertTrue(self.env["linserv.backup.dashboard"]._silent())
