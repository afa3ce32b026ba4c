from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..adapters.calls import Outcome
from ..adapters.errors import FatalHostError, RetryableHostError
from ..domain.protocol import Progress
from .common import HostingCase

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJi0hZy1pOe7qJrHgKlCnSLTL1oGBJVqfnZdXb9WzvPW"


@tagged("post_install", "-at_install")
class TestRun(HostingCase):
    """The record of a call: ordered once, claimed by one, settled once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.make_host()
        cls.pin(cls.host, KEY)
        cls.runs = cls.env["linserv.run"]

    def claim(self, run, **options):
        claimed = self.runs._claim(10, 45, run_ids=run.ids, **options)
        self.assertEqual(claimed, run)
        return run.claims

    def settle(self, run, outcome):
        run._settle(self.claim(run), outcome)

    def test_work_with_a_key_is_ordered_once_while_it_lives_and_when_it_is_done(self):
        first = self.host._queue_run("code.count", idempotency_key="count:1")
        self.assertEqual(self.host._queue_run("code.count", idempotency_key="count:1"), first)
        self.settle(first, Outcome("result", result={"a": 1}))
        self.assertEqual(self.host._queue_run("code.count", idempotency_key="count:1"), first)

    def test_work_that_failed_can_be_ordered_again(self):
        first = self.host._queue_run("code.count", idempotency_key="count:1")
        self.settle(first, Outcome("error", error=FatalHostError("verb_unknown")))
        second = self.host._queue_run("code.count", idempotency_key="count:1")
        self.assertNotEqual(second, first)
        with self.assertRaises(UserError):
            first.action_retry()

    def test_the_database_refuses_the_same_key_twice(self):
        first = self.host._queue_run("code.count", idempotency_key="count:1")
        with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017  (of the database)
            self.env.cr.execute(
                "INSERT INTO linserv_run (name, verb, host_id, company_id, user_id, state, idempotency_key)"
                " SELECT 'x', verb, host_id, company_id, user_id, state, idempotency_key"
                "   FROM linserv_run WHERE id = %s",
                [first.id],
                log_exceptions=False,
            )

    def test_what_is_no_verb_is_not_ordered(self):
        for verb in ("rm -rf /", "", "code.count; id", "Code.Count"):
            with self.assertRaises((ValidationError, UserError)), self.env.cr.savepoint():
                self.host._queue_run(verb)

    def test_an_instance_of_another_host_is_refused(self):
        other = self.make_host(address="vm2.example.com")
        with self.assertRaises(UserError):
            self.host._queue_run("code.count", instance=self.make_instance(other))

    def test_a_claimed_run_is_left_alone_until_its_lease_runs_out(self):
        run = self.host._queue_facts()
        self.claim(run)
        self.assertFalse(self.runs._claim(10, 45, run_ids=run.ids))
        run.lease_until = fields.Datetime.now() - timedelta(seconds=1)
        self.claim(run)
        self.assertEqual((run.attempts, run.claims, run.state), (2, 2, "sending"))

    def test_a_late_worker_that_lost_its_lease_changes_nothing(self):
        run = self.host._queue_run("code.count")
        late = self.claim(run)
        run.lease_until = fields.Datetime.now() - timedelta(seconds=1)
        current = self.claim(run)
        run._settle(late, Outcome("error", error=FatalHostError("bad_answer")))
        self.assertEqual(run.state, "sending")
        run._settle(current, Outcome("result", result={}))
        run._settle(current, Outcome("error", error=FatalHostError("bad_answer")))
        self.assertEqual((run.state, run.error_code), ("done", False))

    def test_one_run_a_host_is_claimed_at_a_time(self):
        runs = self.host._queue_run("code.count") + self.host._queue_run("code.audit")
        self.assertEqual(len(self.runs._claim(10, 45, run_ids=runs.ids)), 1)
        self.assertFalse(self.runs._claim(10, 45, busy_hosts=self.host.ids, run_ids=runs.ids))

    def test_a_run_that_is_not_due_waits(self):
        run = self.host._queue_facts()
        run.next_attempt = fields.Datetime.now() + timedelta(minutes=5)
        self.assertNotIn(run, self.runs._claim(1000, 45))

    def test_a_passing_error_is_tried_again_later_and_later_until_the_attempts_are_used_up(self):
        run = self.host._queue_run("code.count")
        for attempt in range(1, 6):
            self.settle(run, Outcome("error", error=RetryableHostError("unreachable", "no route")))
            self.assertEqual(run.attempts, attempt)
            self.assertEqual(run.state, "queued" if attempt < 5 else "failed")
        self.assertEqual((run.error_code, run.error_detail), ("unreachable", "no route"))
        self.assertTrue(run.error)
        self.assertTrue(run.date_finished)

    def test_a_run_whose_workers_keep_dying_ends(self):
        run = self.host._queue_run("code.count")
        for _number in range(6):
            run.lease_until = False
            self.claim(run)
        with self.assertRaises(FatalHostError) as caught:
            run._prepare_call()
        self.assertEqual(caught.exception.code, "attempts_exhausted")

    def test_detached_work_is_asked_after_and_tells_its_progress(self):
        run = self.host._queue_run("code.count", detached=True, deadline=3600)
        self.settle(run, Outcome("started", progress=Progress(0, "")))
        self.assertEqual((run.state, run.lease_until), ("running", False))
        self.settle(run, Outcome("started", progress=Progress(40, "sale")))
        self.assertEqual((run.progress, run.progress_text, run.attempts, run.polls), (40, "sale", 1, 1))
        self.settle(run, Outcome("error", error=RetryableHostError("unreachable")))
        self.assertEqual(run.state, "running", "the work goes on there")
        self.settle(run, Outcome("result", result={"n": 1}))
        self.assertEqual((run.state, run.progress, run.error), ("done", 100, False))

    def test_work_that_a_host_never_ends_is_given_up_and_stopped_there(self):
        run = self.host._queue_run("code.count", detached=True, deadline=3600)
        self.settle(run, Outcome("started", progress=Progress(0, "")))
        run.date_started = fields.Datetime.now() - timedelta(hours=3)
        self.settle(run, Outcome("started", progress=Progress(99, "")))
        self.assertEqual((run.state, run.error_code), ("failed", "deadline_passed"))
        self.assertTrue(self.runs.search([("verb", "=", "run.cancel"), ("args", "like", run.name)]))

    def test_the_deadline_of_detached_work_counts_from_its_start_there(self):
        run = self.host._queue_run("code.count", detached=True, deadline=3600)
        self.settle(run, Outcome("error", error=RetryableHostError("unreachable")))
        run.date_started = fields.Datetime.now() - timedelta(hours=3)
        self.settle(run, Outcome("started", progress=Progress(0, "")))
        self.settle(run, Outcome("started", progress=Progress(1, "")))
        self.assertEqual(run.state, "running")

    def test_work_that_the_host_lost_is_started_again(self):
        run = self.host._queue_run("code.count", detached=True)
        self.settle(run, Outcome("started", progress=Progress(0, "")))
        self.settle(run, Outcome("lost", error=RetryableHostError("run_lost")))
        self.assertEqual((run.state, run.error_code), ("queued", "run_lost"))
        self.claim(run)
        self.assertEqual(run.attempts, 2)

    def test_a_large_result_is_kept_as_a_file_and_read_all_the_same(self):
        run = self.host._queue_run("code.count")
        self.settle(run, Outcome("result", result={"tree": "x" * 100000}))
        self.assertFalse(run.result_json)
        self.assertEqual(len(run._get_result()["tree"]), 100000)
        small = self.host._queue_run("code.list")
        self.settle(small, Outcome("result", result={"tree": "x"}))
        self.assertEqual((small._get_result(), small.result_attachment_id.id), ({"tree": "x"}, False))

    def test_cancel_and_retry_follow_the_table(self):
        run = self.host._queue_run("code.count")
        with self.assertRaises(UserError):
            run.action_retry()
        run.action_cancel()
        self.assertEqual(run.state, "cancelled")
        with self.assertRaises(UserError):
            run.action_cancel()
        name = run.name
        run.action_retry()
        self.assertEqual((run.state, run.attempts), ("queued", 0))
        self.assertNotEqual(run.name, name)

    def test_cancelling_detached_work_tells_the_host_once(self):
        run = self.host._queue_run("code.count", detached=True)
        self.settle(run, Outcome("started", progress=Progress(0, "")))
        run.action_cancel()
        order = self.runs.search([("verb", "=", "run.cancel")])
        self.assertEqual(order.args, '{"run": "%s"}' % run.name)

    def test_staff_sees_runs_managers_steer_them_and_nobody_writes_them(self):
        run = self.host._queue_run("code.count")
        staff = new_test_user(self.env, "technician", groups="linserv_hosting.linserv_host_group_user")
        manager = new_test_user(self.env, "manager", groups="linserv_hosting.linserv_host_group_manager")
        self.assertEqual(run.with_user(staff).verb, "code.count")
        for action in ("action_cancel", "action_retry", "action_run_now"):
            with self.assertRaises(AccessError):
                getattr(run.with_user(staff), action)()
        for user in (staff, manager):
            with self.assertRaises(AccessError):
                run.with_user(user).write({"verb": "run.cancel"})
            with self.assertRaises(AccessError):
                self.runs.with_user(user).create([{"verb": "hello", "host_id": self.host.id}])
        run.with_user(manager).action_cancel()
        self.assertEqual(run.state, "cancelled")

    def test_old_finished_runs_are_forgotten_and_others_kept(self):
        old, new, live = (self.host._queue_run("code.count") for _number in range(3))
        for run in (old, new):
            self.settle(run, Outcome("result", result={}))
        old.date_finished = fields.Datetime.now() - timedelta(days=401)
        for _number in range(2):
            self.runs._gc_finished_runs()
        self.assertEqual((old.exists(), new.exists(), live.exists()), (self.runs, new, live))

    def test_a_failed_run_tells_its_reason_in_the_language_of_the_person_who_asked(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        self.env["ir.translation"]._load_module_terms(["linserv_hosting"], ["sv_SE"])
        person = new_test_user(self.env, "svea", groups="linserv_hosting.linserv_host_group_user", lang="sv_SE")
        run = self.host.with_user(person)._queue_run("code.count").sudo()
        self.settle(run._as_requester_sees_it(), Outcome("error", error=FatalHostError("bad_answer")))
        self.assertIn("Värden svarade", run.error)

    def test_an_error_that_only_its_verb_knows_is_told_in_the_verbs_own_words(self):
        run = self.host._queue_run("code.count")
        self.settle(run, Outcome("error", error=FatalHostError("database_gone", "The database norrvik is gone.")))
        self.assertEqual(run.error, "The host could not do the work: The database norrvik is gone.")
        self.assertEqual((run.error_code, run.error_detail), ("database_gone", "The database norrvik is gone."))
