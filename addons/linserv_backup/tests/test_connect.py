"""Connecting the hosts of a repository, step by step, each a run."""

import json

from freezegun import freeze_time

from odoo.exceptions import UserError

from odoo.addons.linserv_hosting.domain import host_keys

from .common import BackupCase


def make_key(number):
    """Return a public key that is well formed."""
    import base64  # noqa: PLC0415

    algorithm = b"ssh-ed25519"
    blob = len(algorithm).to_bytes(4, "big") + algorithm + (32).to_bytes(4, "big") + bytes([number]) * 32
    return "ssh-ed25519 " + base64.b64encode(blob).decode()


KEY, DR_KEY = make_key(1), make_key(2)


class TestConnect(BackupCase):
    """A repository is made, let in, copied."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.repository.state = "draft"
        for number, host in enumerate(cls.host | cls.backup_host | cls.dr_host):
            cls.pin(host, make_key(100 + number))

    def answer(self, result=None):
        """Let the newest run of the repository be done."""
        run = self.repository.connect_run_id
        run.sudo().write({"state": "done"})
        self.repository._on_run_done(run, result or {})
        return self.repository.connect_run_id

    def connect(self):
        self.repository.action_connect()
        self.answer({"public_key": KEY, "generation": 1})
        self.answer({"keys": 2})
        self.answer({"public_key": DR_KEY})
        self.answer({"keys": 2})

    def test_the_keys_are_well_formed(self):
        self.assertEqual(host_keys.parse_public_key(KEY).algorithm, "ssh-ed25519")

    def test_each_step_follows_the_one_before(self):
        repository = self.repository
        repository.action_connect()
        run = repository.connect_run_id
        source = json.loads(run.args)["source"]
        self.assertEqual((run.verb, run.host_id, source["instance"]), ("repo.enroll", self.backup_host, "norrvik-prod"))
        self.assertEqual(source["host_keys"], [make_key(100)])
        self.assertEqual(json.loads(run.args)["days"], {})
        run = self.answer({"public_key": KEY, "generation": 1})
        self.assertEqual((run.verb, run.host_id), ("key.authorize", self.host))
        self.assertEqual(json.loads(run.args), {"public_key": KEY, "role": "backup"})
        run = self.answer({"keys": 2})
        self.assertEqual((run.verb, run.host_id, json.loads(run.args)["days"]), ("dr.enroll", self.dr_host, 14))
        run = self.answer({"public_key": DR_KEY})
        self.assertEqual((run.verb, run.host_id), ("key.authorize", self.backup_host))
        self.assertEqual(json.loads(run.args), {"public_key": DR_KEY, "role": "dr"})
        self.answer({"keys": 2})
        self.assertEqual(repository.state, "ready")

    def test_connecting_is_ordered_once_however_often_it_is_gone_on_with(self):
        self.repository.action_connect()
        for _again in range(3):
            self.repository._advance()
            self.env["linserv.backup.repository"]._cron_connect()
        self.assertEqual(self.env["linserv.run"].search_count([("verb", "=", "repo.enroll")]), 1)

    def test_an_odoo_that_died_after_a_step_goes_on_with_the_next(self):
        repository = self.repository
        repository.action_connect()
        self.answer({"public_key": KEY, "generation": 1})
        repository.connect_run_id.sudo().unlink()  # the transaction that ordered the next step never came to its end
        self.env["linserv.backup.repository"]._cron_connect()
        self.assertEqual(repository.connect_run_id.verb, "key.authorize")

    def test_a_key_that_is_none_is_not_believed(self):
        self.repository.action_connect()
        for result in ({}, {"public_key": 7}, {"public_key": "ssh-ed25519 nonsense"}, {"public_key": "x" * 5000}):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.answer(result)
        self.assertFalse(self.repository.public_key)

    def test_a_step_that_fails_says_so_and_is_tried_again_the_next_day(self):
        with freeze_time("2026-11-02 10:00:00"):
            self.repository.action_connect()
            run = self.repository.connect_run_id
            run.sudo().write({"state": "failed", "date_finished": "2026-11-02 10:00:00"})
            self.repository._on_run_failed(run, {"code": "unreachable", "message": "It does not answer."})
            self.assertEqual((self.repository.state, self.repository.connect_error), ("failed", "It does not answer."))
            self.env["linserv.backup.repository"]._cron_connect()
            self.assertEqual(self.repository.connect_run_id, run)
        with freeze_time("2026-11-03 10:00:00"):
            self.env["linserv.backup.repository"]._cron_connect()
        self.assertNotEqual(self.repository.connect_run_id, run)

    def test_another_host_key_of_the_customers_host_is_told_to_the_backup_host(self):
        self.connect()
        self.pin(self.host, make_key(55))
        self.env["linserv.backup.repository"]._cron_connect()
        run = self.repository.connect_run_id
        self.assertEqual((run.verb, run.state), ("repo.enroll", "queued"))
        self.assertIn(make_key(55).split()[1], run.args)
        self.assertEqual(self.repository.state, "ready")

    def test_an_instance_that_moves_takes_its_key_along(self):
        self.connect()
        other = self.make_host(name="vm2", address="other.invalid")
        self.pin(other, make_key(9))
        self.instance.host_id = other
        self.env["linserv.backup.repository"]._cron_connect()
        self.answer({"public_key": KEY, "generation": 1})
        self.assertEqual(self.repository.connect_run_id.host_id, other)
        self.answer({"keys": 1})
        revoke = self.env["linserv.run"].search([("verb", "=", "key.revoke")])
        self.assertEqual((revoke.host_id, json.loads(revoke.args)), (self.host, {"public_key": KEY}))

    def test_what_is_missing_is_said(self):
        self.repository.write({"dr_host_id": False})
        self.assertIn("no second copy", self.repository.connect_missing)
        self.repository.host_id = False
        self.assertIn("Choose the backup host", self.repository.connect_missing)
        with self.assertRaises(UserError):
            self.repository.action_connect()

    def test_without_a_dr_host_two_steps_are_enough(self):
        self.repository.dr_host_id = False
        self.repository.action_connect()
        self.answer({"public_key": KEY, "generation": 1})
        self.answer({"keys": 2})
        self.assertEqual(self.repository.state, "ready")

    def test_a_recovery_sheet_that_is_locked_away_is_no_longer_missing(self):
        self.connect()
        self.assertIn("recovery sheet", self.repository.connect_missing)
        self.repository.action_sheet_locked_away()
        self.assertFalse(self.repository.connect_missing)

    def test_the_hosts_are_told_the_fewest_days_that_any_plan_keeps(self):
        self.connect()
        self.make_plan(date_from="2026-01-01", date_to="2026-10-01")
        self.make_plan(days=30, date_from="2026-10-02")
        with freeze_time("2026-11-02 10:00:00"):
            self.env["linserv.backup.repository"]._cron_connect()
            self.assertEqual(json.loads(self.repository.connect_run_id.args)["days"], {"db": 30})
            self.plan_days = self.repository._get_kept_days()
        self.assertEqual(self.plan_days, {"db": 30, "dr": 14})

    def test_a_closed_repository_has_no_key_at_the_customers_host(self):
        self.connect()
        plan = self.make_plan()
        with self.assertRaises(UserError):
            self.repository.action_close()
        plan.unlink()
        self.repository.action_close()
        self.assertEqual(self.env["linserv.run"].search([("verb", "=", "key.revoke")]).host_id, self.host)
        self.assertEqual(self.repository.state, "closed")

    def test_two_instances_of_one_name_have_repositories_of_their_own(self):
        other = self.make_host(name="vm2", address="other.invalid")
        instance = self.make_instance(other, technical_name="norrvik-prod", database="other")
        self.assertEqual(self.make_repository(instance).name, "norrvik-prod-%d" % instance.id)
