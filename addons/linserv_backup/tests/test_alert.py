"""The dead man in Odoo. The numbers are those of docs/backups.md."""

from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..domain.alerts import RULES
from .watch_common import NOW, WatchCase


def divide_by_nothing(watch, *_arguments):
    """A judge with a fault."""
    watch.env.cr.execute("SELECT 1/0")


@tagged("post_install", "-at_install")
class TestAlert(WatchCase):
    """Norrvik's points stop, and come back."""

    def test_30_points_in_time_open_nothing(self):
        self.make_points("2026-11-03 12:00", 4)
        self.assertFalse(self.watch())
        self.assertEqual(self.open_codes(), [])

    def test_30_a_run_that_says_it_is_well_proves_nothing(self):
        self.make_points("2026-11-03 10:00", 4)
        for slot in ("10:30", "11:00", "11:30", "12:00"):
            self.make_point("2026-11-03 " + slot, state="running")
        self.watch()
        self.assertEqual(self.open_codes(), ["late"])

    def test_31_lateness_names_the_first_slot_that_lacks(self):
        self.make_points("2026-11-03 10:00", 4)
        alert = self.watch()
        self.assertEqual(str(alert.date_since), "2026-11-03 10:30:00")
        self.assertEqual(
            (alert.severity, alert.instance_id, alert.host_id), ("warning", self.instance, self.backup_host)
        )
        self.assertIn("4 slots", alert.summary)

    def test_32_a_suspect_point_is_critical_after_a_day_and_says_why(self):
        self.make_points("2026-11-03 12:00", 2)
        self.make_point("2026-11-02 12:00", state="suspect", date_proved="2026-11-02 12:05:00", reason="rows_down")
        alert = self.watch()
        self.assertEqual((alert.code, alert.severity), ("suspect", "critical"))
        self.assertIn("fewer rows", alert.summary)

    def test_32_a_wrong_key_is_told_and_mended_by_a_proved_point(self):
        self.make_points("2026-11-03 11:30", 2)
        self.make_point("2026-11-03 12:00", state="failed", failure_class="configuration", reason="host_key_changed")
        self.assertEqual(self.watch().code, "configuration")
        self.make_point("2026-11-03 12:30")
        self.watch()
        self.assertEqual(self.open_codes(), [])

    def test_35_a_host_that_stands_still_is_told_once(self):
        others = [self.make_repository(self.make_instance(self.host, technical_name="other-%d" % n)) for n in range(4)]
        for repository in others:
            repository.write({"state": "ready", "recovery_sheet_date": "2026-10-01"})
            self.make_plan(repository)
        for repository in [self.repository, *others]:
            self.make_points("2026-11-03 10:00", 1, repository)
        self.watch()
        self.assertEqual(self.open_codes(), ["host_late"] + ["late"] * 5)
        self.assertEqual(self.alerts.search([("is_quiet", "=", False)]).code, "host_late")
        self.assertEqual(self.activities().res_id, self.alerts.search([("code", "=", "host_late")]).id)

    def test_37_the_second_round_changes_nothing(self):
        self.make_points("2026-11-03 10:00", 4)
        alert = self.watch()
        before = (alert.write_date, self.mails(), self.activities(), alert.message_ids)
        self.assertFalse(self.watch())
        self.assertEqual((alert.write_date, self.mails(), self.activities(), alert.message_ids), before)

    def test_38_it_is_escalated_once_with_another_mail(self):
        self.make_points("2026-11-03 10:00", 4)
        alert = self.watch()
        self.watch(NOW + timedelta(hours=5))
        self.assertEqual((alert.severity, len(self.mails())), ("critical", 2))
        self.watch(NOW + timedelta(hours=5, minutes=10))
        self.assertEqual((len(self.mails()), len(self.activities())), (2, 1))

    def test_39_a_proved_point_closes_it_with_its_activity(self):
        self.make_points("2026-11-03 10:00", 4)
        alert = self.watch()
        self.assertEqual(self.activities().user_id, self.karin)
        self.make_point("2026-11-03 12:00")
        self.watch()
        self.assertEqual((alert.state, self.activities()), ("closed", self.activities().browse()))
        self.assertEqual(alert.date_closed, NOW)

    def test_39_a_judge_that_fails_closes_nothing_and_stops_no_other(self):
        self.make_points("2026-11-03 10:00", 4)
        alert = self.watch()
        self.make_point("2026-11-03 12:00")
        self.make_point("2026-11-03 12:30", state="suspect", reason="dump_small")
        broken = patch.object(type(self.env["linserv.backup.watch"]), "_find_late", divide_by_nothing)
        log = "odoo.addons.linserv_backup.models.linserv_backup_watch"
        with broken, self.assertLogs(log, "ERROR"), mute_logger("odoo.sql_db"):
            self.watch()
        self.assertEqual((alert.state, self.open_codes()), ("open", ["late", "suspect"]))

    def test_40_what_comes_back_the_same_day_is_the_same_alert(self):
        self.make_points("2026-11-03 10:00", 4)
        alert = self.watch()
        self.make_point("2026-11-03 12:00")
        self.watch()
        later = NOW + timedelta(hours=3)
        self.assertEqual(self.watch(later), alert)
        self.assertEqual((alert.state, alert.times, alert.date_closed), ("open", 2, False))

    def test_41_a_second_person_is_told_of_what_nobody_takes(self):
        second = self.make_person("olof", "linserv_backup.linserv_backup_group_manager")
        self.company.linserv_backup_second_user_id = second
        self.make_points("2026-11-03 03:00", 2)
        alert = self.watch()
        self.assertEqual(alert.severity, "critical")
        self.watch(NOW + timedelta(hours=4))
        self.watch(NOW + timedelta(hours=4, minutes=10))
        self.assertEqual(len(self.mails("olof@example.com")), 1)

    def test_41_what_somebody_has_taken_stays_with_them(self):
        self.make_points("2026-11-03 03:00", 2)
        alert = self.watch()
        alert.with_user(self.karin).action_take()
        self.watch(NOW + timedelta(hours=9))
        self.assertEqual((alert.taken_by_id, alert.date_unanswered), (self.karin, False))

    def test_one_mail_a_round_however_much_is_wrong(self):
        self.make_points("2026-11-03 10:00", 4)
        self.make_point("2026-11-03 10:30", state="suspect", reason="dump_small")
        self.watch()
        (mail,) = self.mails()
        self.assertIn("2 backup alerts", mail.subject)
        self.assertIn("docs/runbooks/suspect.md", mail.body_html)

    def test_every_alert_shows_its_runbook(self):
        self.make_points("2026-11-03 10:00", 4)
        alert = self.watch()
        self.assertIn("<h2>What is safe</h2>", alert.runbook_html)
        self.assertEqual({code for code, _label in alert._selection_code()}, set(RULES))

    def test_a_runbook_is_shown_in_the_readers_language_else_in_english(self):
        self.make_points("2026-11-03 10:00", 4)
        alert = self.watch()
        swedish, german = alert.with_context(lang="sv_SE"), alert.with_context(lang="de_DE")
        self.assertIn("<h2>Vad som är säkert</h2>", swedish.runbook_html)
        self.assertEqual(swedish.runbook, "docs/runbooks/sv/late.md")
        self.assertIn("<h2>What is safe</h2>", german.runbook_html)
        self.assertEqual(german.runbook, "docs/runbooks/late.md")

    def mails(self, address="karin@example.com"):
        return self.env["mail.mail"].search([("email_to", "ilike", address)])

    def activities(self):
        return self.env["mail.activity"].search([("res_model", "=", "linserv.backup.alert")])
