from odoo.tests import tagged

from .common import HostingCase


@tagged("post_install", "-at_install")
class TestRunCalls(HostingCase):
    """Runs are really made, against a real sshd."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.endpoint = cls.start_sshd(instances={"norrvik": {"database": "norrvik", "series": "14.0"}})
        cls.host = cls.make_host(cls.endpoint)

    def test_facts_of_a_host_are_read_and_the_host_is_ready(self):
        run = self.host._queue_facts()
        self.work_off(run)
        self.assertEqual((run.state, run.error_detail), ("done", False))
        self.assertEqual(self.host.state, "ready")
        self.assertTrue(self.host.kernel)
        self.assertGreater(self.host.memory_total_mb, 100)
        self.assertEqual(self.host.agent_version, self.env["linserv.host"]._get_agent_version())
