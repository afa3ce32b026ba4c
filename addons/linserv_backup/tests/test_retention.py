"""The daily proof against the repository's own list, and deletion by two sides."""

import json
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields

from .common import MORNING, BackupCase, epoch

SLOT = fields.Datetime.to_datetime("2026-11-02 10:00:00")


class RetentionCase(BackupCase):
    """A plan of half hours that has run for a long time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-11-02 09:59:00"):
            cls.plan = cls.make_plan(date_from="2026-01-01", date_begun="2026-01-01 00:00:00", days=5)
            cls.plan._wait_for_next(epoch(MORNING))

    def runs(self, verb):
        return self.env["linserv.run"].search([("verb", "=", verb)])


@freeze_time("2026-11-02 10:05:00")
class TestProof(RetentionCase):
    """What is expected against what is listed."""

    def test_every_point_that_is_promised_is_listed(self):
        self.plan.days = 90
        points = self.make_points(self.plan, 4320, SLOT)
        proof = self.list_now(points)
        self.assertEqual((proof.state, proof.expected_text), ("complete", "4,320 of 4,320"))
        self.assertEqual(proof.with_context(lang="en_US").instance_id, self.instance)
        self.assertEqual(self.repository.proof_text, "4,320 of 4,320")
        self.assertFalse(self.repository.frozen)

    def test_a_list_that_comes_twice_is_one_proof(self):
        points = self.make_points(self.plan, 240, SLOT)
        self.assertEqual(self.list_now(points, "first"), self.list_now(points, "second"))
        self.assertEqual(self.env["linserv.backup.proof"].search_count([]), 1)

    def test_a_point_that_the_repository_does_not_list_is_missing_and_stops_deleting(self):
        points = self.make_points(self.plan, 300, SLOT, date_proved="2026-11-01 00:00:00")
        proof = self.list_now(points - points[7])
        self.assertEqual((proof.state, proof.listed, proof.missing), ("incomplete", 239, 1))
        self.assertEqual(points[7].reason, "vanished")
        self.assertIn("missing", self.repository.freeze_codes)
        self.assertFalse(self.env["linserv.backup.deletion"].search([]))

    def test_what_is_listed_after_all_is_found_again(self):
        points = self.make_points(self.plan, 240, SLOT)
        lost = points[3:6]
        lost.write({"state": "failed", "reason": "connection_lost", "failure_class": "transient"})
        proof = self.list_now(points)
        self.assertEqual(set(lost.mapped("state")), {"proved"})
        self.assertEqual((proof.state, proof.listed), ("complete", 240))

    def test_what_odoo_has_never_heard_of_is_taken_over(self):
        points = self.make_points(self.plan, 240, SLOT)
        answer = self.listing(points)
        points[20:40].unlink()
        run = self.repository._order_run(self.backup_host, "repo.list", {}, "x")
        self.repository._on_run_done(run, answer)
        self.assertEqual(self.env["linserv.backup.point"].search_count([("state", "=", "proved")]), 240)
        self.assertEqual(self.env["linserv.backup.proof"].search([]).state, "complete")

    def test_a_damaged_point_counts_no_more_and_counts_again_when_it_is_healed(self):
        points = self.make_points(self.plan, 240, SLOT)
        proof = self.list_now(points, "first", damaged=[{"name": points[9].name, "what": "hash"}])
        self.assertEqual((proof.state, points[9].state, points[9].reason), ("incomplete", "failed", "damaged"))
        self.assertIn("damaged", self.repository.freeze_codes)
        proof = self.list_now(points, "second")
        self.assertEqual((proof.state, points[9].state), ("complete", "proved"))
        self.assertFalse(self.repository.frozen)

    def test_a_point_that_is_being_taken_is_not_expected_yet(self):
        points = self.make_points(self.plan, 240, SLOT)
        points[0].write({"state": "running"})
        self.assertEqual(self.list_now(points[1:]).expected_text, "239 of 239")

    def test_a_suspect_point_does_not_count(self):
        points = self.make_points(self.plan, 240, SLOT)
        points[4].write({"state": "suspect"})
        proof = self.list_now(points)
        self.assertEqual((proof.expected_text, proof.suspect, proof.missing), ("239 of 240", 1, 0))

    def test_a_list_that_cannot_be_is_not_believed(self):
        points = self.make_points(self.plan, 240, SLOT)
        run = self.repository._order_run(self.backup_host, "repo.list", {}, "x")
        self.repository._on_run_done(run, dict(self.listing(points), points=[{"name": "../x"}]))
        self.assertIn("bad_manifest", self.repository.list_error)
        self.assertFalse(self.env["linserv.backup.proof"].search([]))
        self.assertEqual(set(points.mapped("state")), {"proved"})

    def test_lists_are_ordered_once_a_day(self):
        self.repository.public_key = "ssh-ed25519 AAAA"
        for _again in (1, 2):
            self.env["linserv.backup.repository"]._cron_prove()
        self.assertEqual(len(self.runs("repo.list")), 1)
        self.list_now(self.make_points(self.plan, 1, SLOT))
        self.env["linserv.backup.repository"]._cron_prove()
        self.assertEqual(len(self.runs("repo.list")), 2)

    def test_of_three_repositories_the_middle_one_fails(self):
        for number in (2, 3):
            instance = self.make_instance(self.host, name=str(number), technical_name="i%d" % number, database="d")
            self.make_repository(instance, state="ready")
        repositories = self.env["linserv.backup.repository"].search([], order="id")
        repositories.write({"public_key": "ssh-ed25519 AAAA"})
        self.env["linserv.backup.repository"]._cron_prove()
        runs = self.runs("repo.list").sorted("res_id")
        runs[1]._get_origin()._on_run_failed(runs[1], {"code": "unreachable", "message": "down", "retryable": True})
        for run in runs[0] | runs[2]:
            run._get_origin()._on_run_done(run, self.listing(self.env["linserv.backup.point"]))
        self.assertEqual([bool(each.list_error) for each in repositories], [False, True, False])


class TestDeletion(RetentionCase):
    """Nothing goes but by name, by two sides, with clocks that agree."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-11-02 10:05:00"):
            cls.points = cls.make_points(cls.plan, 48 * 9, SLOT, date_proved="2026-10-01 00:00:00")

    def deletions(self):
        return self.env["linserv.backup.deletion"].search([])

    @freeze_time("2026-11-02 10:05:00")
    def test_two_days_worth_go_at_most(self):
        self.list_now(self.points)
        deletion = self.deletions()
        names = json.loads(deletion.run_id.args)["names"]
        days = {name[3:11] for name in names}
        self.assertEqual((deletion.state, deletion.run_id.verb, len(days)), ("ordered", "repo.delete", 2))
        self.assertEqual(min(days), "20261024")
        self.assertEqual(json.loads(deletion.run_id.args)["proved"], "db-20261102T100000Z")

    @freeze_time("2026-11-02 10:05:00")
    def test_a_second_list_of_the_day_deletes_no_more(self):
        self.list_now(self.points, "first")
        self.list_now(self.points, "second")
        self.assertEqual((len(self.deletions()), len(self.runs("repo.delete"))), (1, 1))

    @freeze_time("2026-11-02 10:05:00")
    def test_what_the_host_deleted_is_deleted_here_and_removed_a_week_later(self):
        self.list_now(self.points)
        deletion = self.deletions()
        names = deletion.names.split("\n")
        deletion._on_run_done(deletion.run_id, {"deleted": names})
        gone = self.points.filtered(lambda point: point.name in names)
        self.assertEqual(set(gone.mapped("state")), {"trashed"})
        left = self.points - gone
        with freeze_time("2026-11-03 10:05:00"):
            self.list_now(left, "later", trash=["trash-20261102-%s" % name for name in names])
            self.assertEqual(set(gone.mapped("state")), {"trashed"})
            self.assertFalse(self.runs("repo.purge"))
        fresh = self.make_points(self.plan, 1, fields.Datetime.to_datetime("2026-11-09 10:00:00"))
        with freeze_time("2026-11-09 10:05:30"):
            self.env["linserv.backup.plan"]._order_due()
            self.env["linserv.backup.point"].search([("state", "=", "due")]).unlink()
            self.list_now(left + fresh, "week", trash=["trash-20261102-%s" % name for name in names])
            self.assertEqual(len(self.runs("repo.purge")), 1)
            self.list_now(left + fresh, "after")
        self.assertEqual(set(gone.mapped("state")), {"removed"})

    @freeze_time("2026-11-02 10:05:00")
    def test_a_refusal_is_kept_and_nothing_is_deleted_here(self):
        self.list_now(self.points)
        deletion = self.deletions()
        deletion._on_run_failed(deletion.run_id, {"code": "held", "message": "db-1 is held", "retryable": False})
        self.assertEqual((deletion.state, deletion.reason), ("refused", "db-1 is held"))
        self.assertEqual(set(self.points.mapped("state")), {"proved"})

    @freeze_time("2027-02-10 10:05:00")
    def test_a_clock_that_is_a_hundred_days_ahead_deletes_nothing(self):
        self.list_now(self.points, clock=epoch(fields.Datetime.to_datetime("2026-11-02 10:05:00")))
        self.assertFalse(self.deletions())
        self.assertEqual(self.repository.freeze_codes.split()[0], "clock")
        self.assertEqual(set(self.points.mapped("state")), {"proved"})

    @freeze_time("2027-02-10 10:05:00")
    def test_two_clocks_that_are_both_a_hundred_days_ahead_delete_nothing(self):
        self.list_now(self.points)
        self.assertFalse(self.deletions())
        self.assertIn("stale", self.repository.freeze_codes)

    @freeze_time("2026-11-02 10:05:00")
    def test_a_suspect_point_stops_deleting_and_its_acceptance_lets_it_go_on(self):
        self.points[5].write({"state": "suspect"})
        self.list_now(self.points, "first")
        self.assertFalse(self.deletions())
        self.points[5]._accept(self.env.user)
        self.points[5]._on_run_done(self.runs("repo.accept"), {})
        self.list_now(self.points, "second")
        self.assertEqual(len(self.deletions()), 1)

    @freeze_time("2026-11-02 10:05:00")
    def test_the_day_of_a_held_point_stays(self):
        held = self.points.filtered(lambda point: point.name == "db-20261024T120000Z")
        held._hold("audit")
        self.list_now(self.points)
        self.assertEqual({name[3:11] for name in self.deletions().names.split("\n")}, {"20261025", "20261026"})

    @freeze_time("2026-11-02 10:05:00")
    def test_a_point_that_only_the_host_holds_stays_too(self):
        self.list_now(self.points, held={"db-20261024T120000Z": "drill"})
        self.assertEqual({name[3:11] for name in self.deletions().names.split("\n")}, {"20261025", "20261026"})

    @freeze_time("2026-11-02 10:05:00")
    def test_of_an_ended_plan_everything_goes_in_time_but_the_last_proved_point(self):
        self.plan.date_to = "2026-11-02"
        self.points[1:].unlink()
        with freeze_time("2026-12-24 10:05:00"):
            self.plan._order_due()
            self.list_now(self.points[0])
            self.assertFalse(self.repository.frozen)
            self.assertFalse(self.deletions())

    @freeze_time("2026-11-02 10:05:00")
    def test_a_longer_agreement_deletes_nothing(self):
        self.plan.extra_days = 30
        self.list_now(self.points)
        self.assertFalse(self.deletions())

    @freeze_time("2026-11-02 10:05:00")
    def test_capacity_is_noted(self):
        self.points.write({"bytes_stored": 500000})
        self.list_now(self.points)
        repository = self.repository
        self.assertEqual(
            (repository.size_text, repository.free_text, repository.growth_text), ("1 GB", "5 GB", "24 MB")
        )
        self.assertEqual(repository.clock_skew, 0)
        self.assertAlmostEqual(repository.growth_bytes, 48 * 500000, delta=500000)

    def test_slots_are_half_hours(self):
        self.assertEqual(self.points[0].slot - self.points[1].slot, timedelta(minutes=30))
