import shutil
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..adapters import zipapp_builder
from .common import HostingCase

WORKER = "odoo.addons.linserv_hosting.models.run_worker"


@tagged("post_install", "-at_install")
class TestRunCalls(HostingCase):
    """Runs are really made, against real SSH servers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls.start_sshd(instances={"norrvik": {"database": "norrvik", "series": "14.0"}})
        cls.host = cls.make_host(cls.endpoint)

    def test_facts_of_a_host_are_read_and_the_host_is_ready(self):
        run = self.work_off(self.host._queue_facts())
        self.assertEqual((run.state, run.error_detail), ("done", False))
        self.assertEqual(self.host.state, "ready")
        self.assertTrue(self.host.kernel)
        self.assertGreater(self.host.memory_total_mb, 100)
        self.assertEqual(self.host.agent_version, self.host._get_agent_version())

    def test_reading_the_facts_twice_leaves_each_disk_once(self):
        for _number in range(2):
            self.work_off(self.host._queue_facts())
        mounts = self.host.disk_ids.mapped("mount")
        self.assertEqual(len(mounts), len(set(mounts)))
        self.assertEqual(self.host.disk_used_percent, max(self.host.disk_ids.mapped("used_percent"), default=0.0))

    def test_a_second_slice_finds_nothing_to_do(self):
        self.work_off(self.host._queue_facts())
        self.assertEqual(self.env["linserv.run"]._work_off(), 0)

    def test_the_button_asks_at_once_and_says_what_came_of_it(self):
        action = self.host.action_refresh_facts()
        self.assertEqual(action["params"]["type"], "success")
        self.assertTrue(self.host.facts_date)

    def test_of_three_hosts_the_middle_one_fails_and_two_succeed(self):
        dead = self.make_host(name="vm2", address="127.0.0.1", port=1, ssh_secret_id=self.host.ssh_secret_id.id)
        self.pin(dead, self.endpoint.host_public_key)
        endpoint = self.start_sshd()
        third = self.make_host(endpoint, name="vm3")
        runs = self.env["linserv.run"].browse(host._queue_facts().id for host in (self.host, dead, third))
        self.work_off(runs)
        self.assertEqual(runs.mapped("state"), ["done", "queued", "done"])
        self.assertEqual((runs[1].error_code, runs[1].attempts), ("unreachable", 1))
        self.assertGreater(runs[1].next_attempt, fields.Datetime.now() + timedelta(seconds=30))
        self.assertEqual((self.host + dead + third).mapped("state"), ["ready", "unreachable", "ready"])

    def make_bad_host(self, command):
        return self.make_host(self.start_sshd(forced_command=command), name="bad")

    def test_each_bad_answer_has_its_own_error_on_the_run(self):
        cases = {
            "echo hello": ("failed", "bad_answer"),
            "exec head -c 20000000 /dev/zero": ("failed", "answer_too_large"),
            "/usr/bin/python3 -I /no/agent.pyz": ("failed", "agent_missing"),
            "kill -9 $$": ("queued", "connection_lost"),
        }
        runs = self.env["linserv.run"].browse(self.make_bad_host(command)._queue_facts().id for command in cases)
        self.work_off(runs)
        self.assertEqual([(run.state, run.error_code) for run in runs], list(cases.values()))
        self.assertTrue(all(runs.mapped("error")))
        self.assertFalse(any(runs.mapped("result_json")))

    def test_a_full_disk_on_the_host_is_told_and_tried_again_later(self):
        host = self.make_host(self.start_sshd(wrapper="ulimit -f 1; "), name="full")
        run = self.work_off(host._queue_run("hello", detached=True))
        self.assertEqual((run.state, run.error_code), ("queued", "disk_full"))
        self.assertIn("free some space", run.error)
        self.assertEqual(host.state, "ready", "the host itself answers")

    def test_a_refused_login_is_tried_once(self):
        host = self.make_host(self.start_sshd(), name="vm4", ssh_secret_id=self.make_secret().id)
        run = self.work_off(host._queue_facts())
        self.assertEqual((run.state, run.error_code, run.attempts), ("failed", "auth_refused", 1))

    def test_a_host_without_login_key_is_told_so(self):
        host = self.make_host(self.start_sshd(), name="vm5", ssh_secret_id=False)
        run = self.work_off(host._queue_facts())
        self.assertEqual((run.state, run.error_code), ("failed", "not_configured"))

    def test_an_agent_of_another_version_does_nothing_and_the_run_says_what_to_do(self):
        folder = self.make_folder()
        old = zipapp_builder.build(
            {"linserv_hosting": Path(__file__).parents[1] / "agent", "x": self.make_addon(folder)}
        )
        host = self.make_host(self.start_sshd(agent=old), name="vm6")
        run = self.work_off(host._queue_run("code.list"))
        self.assertEqual((run.state, run.error_code), ("failed", "verb_unknown"))
        self.assertEqual(host.state, "agent_outdated")
        work = self.work_off(host._queue_run("run.start", {"verb": "hello", "args": {}}))
        self.assertEqual((work.state, work.error_code), ("failed", "agent_outdated"))
        self.assertIn("Install the agent again", work.error)
        self.assertEqual(self.work_off(host._queue_facts()).state, "done", "facts are read all the same")
        self.assertEqual(host.state, "agent_outdated")

    @staticmethod
    def make_addon(folder):
        (folder / "verbs.py").write_text("VERBS = {}\n")
        (folder / "__init__.py").write_text("")
        return folder

    @mute_logger(WORKER)
    def test_an_answer_that_the_origin_cannot_take_over_fails_the_run_and_stops_nothing_else(self):
        folder = self.make_folder() / "agent"
        shutil.copytree(str(Path(__file__).parents[1] / "agent"), str(folder))
        (folder / "facts.py").write_text("def gather():\n    return {'os': 1}\n")
        liar = self.make_host(self.start_sshd(agent=zipapp_builder.build({"linserv_hosting": folder})), name="liar")
        runs = liar._queue_facts() + self.host._queue_facts()
        self.work_off(runs)
        self.assertEqual(runs.mapped("state"), ["failed", "done"])
        self.assertEqual(runs[0].error_code, "origin_error")
        self.assertFalse(liar.kernel)

    def test_detached_work_is_followed_to_its_end_in_one_slice(self):
        run = self.work_off(self.host._queue_run("hello", detached=True, deadline=60))
        self.assertEqual((run.state, run.attempts), ("done", 1))
        self.assertEqual(run._get_result()["instances"], ["norrvik"])

    def test_a_worker_killed_between_call_and_outcome_is_made_good_by_the_next(self):
        run = self.host._queue_run("hello", detached=True)
        self.env["linserv.run"]._claim(1, 45, run_ids=run.ids)
        from ..adapters import calls  # noqa: PLC0415

        self.assertEqual(calls.perform(run._prepare_call(), 20).kind in ("started", "result"), True)
        self.assertEqual(self.work_off(run).state, "sending", "its lease holds")
        run.lease_until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self.work_off(run).state, "done")
        starts = (self.endpoint.state_directory / "agent.log").read_text().count('"%s", "verb": "run.start"' % run.name)
        self.assertEqual(starts, 1, "the host was asked before anything was started again")

    def test_values_arrive_as_they_are(self):
        for text in ("$(id)", "'; DROP TABLE res_users; --", "<script>", "a\nb", "åäö"):
            run = self.work_off(self.host._queue_run("hello", {text: text}))
            self.assertEqual((run.state, run.error_code), ("failed", "argument_unknown"))

    def test_run_now_does_not_wait_for_the_schedule(self):
        run = self.host._queue_facts()
        run.next_attempt = fields.Datetime.now() + timedelta(hours=1)
        run.action_run_now()
        self.assertEqual(run.state, "done")

    def test_outside_the_registrys_test_mode_a_test_is_told_so(self):
        self.registry.leave_test_mode()
        try:
            with self.assertRaises(RuntimeError):
                self.env["linserv.run"]._work_off()
        finally:
            self.registry.enter_test_mode(self.cr)
