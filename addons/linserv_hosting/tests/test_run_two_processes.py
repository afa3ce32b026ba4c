import threading
from collections import Counter

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import tagged
from odoo.tests.common import BaseCase, get_db_name

from ..models.run_worker import RunWorker
from .common import HostingCase


@tagged("post_install", "-at_install")
class TestTwoProcesses(BaseCase):
    """Two slices at once on real connections with real commits: no run is made twice."""

    RUNS = 24

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        self.env = api.Environment(cr, SUPERUSER_ID, {})

        class Builder(HostingCase):
            env = self.env

        self.endpoints = [Builder.start_sshd() for _number in range(2)]
        self.hosts = self.env["linserv.host"]
        for number, endpoint in enumerate(self.endpoints):
            self.hosts += Builder.make_host(endpoint, name="two-%d" % number)
        self.runs = self.env["linserv.run"].browse(
            self.hosts[number % 2]._queue_run("hello").id for number in range(self.RUNS)
        )
        cr.commit()  # pylint: disable=invalid-commit
        self.addCleanup(Builder.doClassCleanups)
        self.addCleanup(self.remove)

    def remove(self):
        secrets = self.hosts.mapped("ssh_secret_id")
        self.runs.unlink()
        self.hosts.mapped("message_ids").unlink()
        self.hosts.unlink()
        secrets.unlink()
        self.env.cr.commit()  # pylint: disable=invalid-commit

    def test_each_run_is_made_once(self):
        workers = [RunWorker(self.env, None, 30, None) for _number in range(2)]
        threads = [threading.Thread(target=worker.run) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual([worker.error for worker in workers], [None, None])
        self.env.cr.rollback()
        self.env.cache.invalidate()
        self.assertEqual(set(self.runs.mapped("state")), {"done"})
        self.assertEqual(set(self.runs.mapped("attempts")), {1})
        calls = Counter()
        for endpoint in self.endpoints:
            log = (endpoint.state_directory / "agent.log").read_text()
            calls.update(run.name for run in self.runs for _hit in range(log.count(run.name)))
        self.assertEqual(set(calls.values()), {1})
        self.assertEqual(len(calls), self.RUNS)
