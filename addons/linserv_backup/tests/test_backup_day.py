"""The days that calendars and graphs are drawn from, and what customers read of them. Numbers as in docs/backups.md."""

from odoo import fields
from odoo.tests import tagged

from .watch_common import WatchCase


@tagged("post_install", "-at_install")
class TestBackupDay(WatchCase):
    """Norrvik's days in Stockholm."""

    def days(self, first, last):
        self.env["linserv.backup.day"]._refresh(first, last)
        return self.env["linserv.backup.day"].search([("instance_id", "=", self.instance.id)], order="date")

    def test_43_a_day_is_a_day_where_the_customer_is(self):
        self.make_points("2026-11-02 23:30", 3)
        (day,) = self.days("2026-11-02", "2026-11-04")[1:] or self.days("2026-11-02", "2026-11-04")
        self.assertEqual((str(day.date), day.expected, day.proved), ("2026-11-03", 2, 2))

    def test_43_the_days_of_the_clock_changes_have_46_and_50_points(self):
        self.make_points("2026-03-29 23:30", 96)
        self.make_points("2026-10-25 23:30", 96)
        counts = {str(day.date): day.proved for day in self.days("2026-03-29", "2026-10-25")}
        self.assertEqual((counts["2026-03-29"], counts["2026-10-25"]), (46, 50))

    def test_45_what_is_missing_has_the_customer_s_words_only(self):
        self.make_points("2026-11-02 10:00", 2)
        self.make_point("2026-11-02 10:30", state="missed", reason="odoo_down", failure_class="transient")
        self.make_point("2026-11-02 11:00", state="failed", reason="host_key_changed", failure_class="configuration")
        self.make_point("2026-11-02 11:30", state="failed", reason="timeout", failure_class="transient")
        self.make_point("2026-11-02 12:00", state="suspect", reason="rows_down")
        (day,) = self.days("2026-11-02", "2026-11-02")
        self.assertEqual((day.expected, day.proved, day.missing), (6, 2, 4))
        self.assertEqual(day.reasons, '{"ours": 2, "suspect": 1, "unreachable": 1}')

    def test_the_longest_time_without_a_point_belongs_to_the_day_on_which_it_ended(self):
        self.make_points("2026-11-02 10:00", 4)
        self.make_point("2026-11-02 13:00")
        (day,) = self.days("2026-11-02", "2026-11-02")
        self.assertEqual(day.longest_gap, 3 * 3600)

    def test_counting_again_changes_nothing_and_an_accepted_point_counts(self):
        point = self.make_point("2026-11-02 10:00", state="suspect", reason="rows_down")
        (day,) = self.days("2026-11-02", "2026-11-02")
        written = day.write_date
        self.assertEqual((self.days("2026-11-02", "2026-11-02").write_date, day.proved), (written, 0))
        point.state = "proved"
        self.assertEqual(self.days("2026-11-02", "2026-11-02").proved, 1)

    def test_what_was_deleted_after_its_days_was_proved(self):
        self.make_point("2026-11-02 10:00", state="trashed")
        self.assertEqual(self.days("2026-11-02", "2026-11-02").proved, 1)

    def test_a_customer_s_page_says_when_the_last_point_is_of(self):
        now = fields.Datetime.now().replace(second=0, microsecond=0)
        point = self.make_point(now)
        self.repository.last_db_point_id = point
        row = self.instance._prepare_backup_rows()[0]
        self.assertEqual((row["policies"], row["status"], row["ago"]), ("DB 90/48", "well", "just now"))

    def test_a_policy_is_explained_in_words(self):
        files = self.make_plan(
            self.repository, kind="fs", points=4, times="07:00, 11:00, 15:00, 19:00", weekdays="12345"
        )
        self.assertEqual(self.plan._describe_for_customer(), "Every 30 minutes, day and night, kept 90 days.")
        self.assertEqual(
            files._describe_for_customer(), "Monday to Friday at 07:00, 11:00, 15:00, 19:00, kept 90 days."
        )

    def test_the_overview_has_a_number_and_a_list_for_everything(self):
        self.make_points("2026-11-02 10:00", 2)
        self.days("2026-11-01", "2026-11-03")
        self.env["linserv.backup.alert"]._watch(fields.Datetime.now())
        figures = self.env["linserv.backup.dashboard"].get_figures()
        self.assertEqual(
            {card["key"] for card in figures["cards"]}, {"ready", "proved", "late", "suspect", "drills", "full"}
        )
        for card in figures["cards"]:
            action = card["action"]
            self.assertIsInstance(self.env[action["res_model"]].search_count(action["domain"]), int)
