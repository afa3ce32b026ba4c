from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.linserv_hosting.tests.common import HostingCase
from odoo.addons.queue_job.job import Job


@tagged("post_install", "-at_install")
class TestQueue(HostingCase):
    """With queue_job, a worker makes a run as soon as it is ordered; the run's own rules stay."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls.start_sshd()
        cls.host = cls.make_host(cls.endpoint)

    def get_jobs(self, run):
        return self.env["queue.job"].search([("identity_key", "=", "linserv.run:%s" % run.name)])

    def perform(self, run):
        return Job.load(self.env, self.get_jobs(run)[:1].uuid).perform()

    def test_an_ordered_run_is_one_job_in_our_channel(self):
        run = self.host._queue_run("hello")
        self.assertEqual(len(self.get_jobs(run)), 1)
        self.assertEqual(self.get_jobs(run).channel, "root.linserv")

    def test_the_job_makes_the_call(self):
        run = self.host._queue_run("hello")
        self.perform(run)
        self.assertEqual((run.state, run.attempts), ("done", 1))

    def test_a_job_that_comes_twice_or_late_calls_once(self):
        run = self.host._queue_run("hello")
        self.perform(run)
        self.perform(run)
        self.env["linserv.run"]._work_off()
        self.assertEqual((run.state, run.attempts), ("done", 1))

    def test_a_job_leaves_a_run_that_another_has_claimed(self):
        run = self.host._queue_run("hello")
        self.env["linserv.run"]._claim(1, 45, run_ids=run.ids)
        self.perform(run)
        self.assertEqual((run.state, run.attempts), ("sending", 1))

    def test_the_scheduled_action_makes_good_what_no_job_has_made(self):
        run = self.host._queue_run("hello")
        self.get_jobs(run).unlink()
        run.next_attempt = fields.Datetime.now() - timedelta(minutes=1)
        self.env["linserv.run"]._work_off()
        self.assertEqual(run.state, "done")

    def test_a_retried_run_is_a_new_job(self):
        run = self.host._queue_run("hello")
        run.action_cancel()
        run.action_retry()
        self.assertEqual(len(self.get_jobs(run)), 1)
        self.perform(run)
        self.assertEqual(run.state, "done")
