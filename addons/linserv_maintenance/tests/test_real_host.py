import shutil
import sys
from pathlib import Path

from odoo.tests import tagged
from odoo.tools import config

import odoo.addons

from .common import NOVEMBER, OCTOBER, CodeCase

MANIFEST = '{"name": "Small", "cloc_exclude": ["lib/**/*"], "demo": ["demo/a.xml"]}'
FILES = {
    "__manifest__.py": MANIFEST,
    "__init__.py": "from . import models\n",
    "models/order.py": '"""Doc."""\n\n# why\nclass Order:\n    name = "x"\n\n    def total(self):\n        return 1\n',
    "views/order.xml": "<odoo>\n    <!-- why -->\n    <record/>\n\n</odoo>\n",
    "static/src/a.js": "// why\nvar a = 1;\n",
    "lib/left_out.py": "x = 1\ny = 2\n",
    "demo/a.xml": "<odoo>\n</odoo>\n",
    "tests/test_order.py": "x = 1\n",
}
#: 1 + 5 (docstring, class, name, def, return) + 3 + 1 by the official rule.
LINES = 10


@tagged("post_install", "-at_install")
class TestRealHost(CodeCase):
    """Counts over a real sshd by the real agent. The instance's database is this test's own; its modules are small."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addons = cls.make_folder() / "addons"
        installed = ["linserv_hosting", "linserv_contract", "linserv_maintenance"]
        for name in installed:
            cls.write_module(name, FILES if name == "linserv_maintenance" else {"__manifest__.py": "{}"})
        cls.settings = {
            "database": cls.env.cr.dbname,
            "series": "14.0",
            "python": sys.executable,
            "addons_path": [str(cls.addons)],
            "core_addons_path": [path for path in odoo.addons.__path__ if "dist-packages" in path],
            "db_host": config["db_host"] or "",
            "db_port": config["db_port"] or "",
            "db_user": config["db_user"] or "",
        }
        cls.endpoint = cls.start_sshd(instances={"norrvik-prod": cls.settings})
        cls.host = cls.make_host(cls.endpoint, name="vm2")
        cls.instance.host_id = cls.host

    @classmethod
    def write_module(cls, name, files):
        for path, text in files.items():
            target = Path(cls.addons, name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)

    def work(self, snapshot, seconds=60):
        """Let the host work on the count."""
        snapshot.run_id.sudo()._call_now(seconds=seconds)
        return snapshot

    def failure(self, snapshot):
        snapshot.run_id.max_attempts = 1
        self.work(snapshot)
        self.assertEqual(snapshot.state, "failed", snapshot.run_id.error)
        self.assertIn("Nothing is billed", snapshot.error)
        self.assertFalse(snapshot.reading_id)
        return snapshot.error_code

    def failure_at(self, **options):
        """Return how a count ends at a host of its own that behaves otherwise."""
        endpoint = self.start_sshd(instances={"norrvik-prod": self.settings}, **options)
        self.instance.host_id = self.make_host(endpoint, name="vm3")
        return self.failure(self.count())

    def test_a_small_instance_is_counted_as_the_official_rule_says(self):
        snapshot = self.work(self.count())
        self.assertEqual((snapshot.state, snapshot.error_detail), ("draft", False))
        counted = {module.name: module.code_lines for module in snapshot.module_ids if module.code_lines}
        self.assertEqual(counted, {"linserv_maintenance": LINES})
        self.assertEqual(snapshot.rule_profile, "14.0")
        self.assertEqual(snapshot.rule_python, "%d.%d" % sys.version_info[:2])
        self.assertEqual(
            {note.kind: note.lines for note in snapshot.note_ids if note.module == "linserv_maintenance"},
            {"manifest_exclusion": 2, "demo_exclusion": 2},
        )

    def test_an_unchanged_instance_is_answered_in_four_kilobytes_and_approves_itself(self):
        first = self.work(self.count(OCTOBER))
        first.with_user(self.manager).action_approve()
        second = self.work(self.count(NOVEMBER))
        self.assertEqual((second.state, second.tree_id), ("approved", first.tree_id))
        self.assertLess(second.run_id.bytes_received, 4096)
        self.assertFalse(second._get_faults())

    def test_a_module_that_doubled_waits_for_a_person(self):
        self.work(self.count(OCTOBER)).with_user(self.manager).action_approve()
        self.addCleanup(self.write_module, "linserv_maintenance", FILES)
        self.write_module("linserv_maintenance", {"models/order.py": FILES["models/order.py"] + "y = 1\n" * 10})
        second = self.work(self.count(NOVEMBER))
        self.assertEqual((second.state, second.decision, second.change_lines), ("draft", "above_band", 10))

    def test_an_audit_finds_the_same_files_and_keeps_no_source(self):
        snapshot = self.work(self.count())
        audit = self.env["linserv.code.audit"].with_user(self.manager)._start(snapshot).sudo()
        audit.run_id._call_now(seconds=120)
        self.assertEqual((audit.state, audit.error), ("done", False))
        self.assertEqual((audit.changed_files, audit.missing_files), (0, 0))
        self.assertGreater(audit.sample_files, 3)
        self.assertIn("Python", audit.language_ids.mapped("name"))
        self.assertNotIn("content", str(audit.run_id._get_result()))
        self.assertTrue(audit.official_state)

    def test_a_database_that_is_gone(self):
        self.endpoint.write_config({"norrvik-prod": dict(self.settings, database="gone")})
        self.addCleanup(self.endpoint.write_config, {"norrvik-prod": self.settings})
        self.assertEqual(self.failure(self.count()), "database_missing")

    def test_an_instance_that_the_host_does_not_know(self):
        self.endpoint.write_config({})
        self.addCleanup(self.endpoint.write_config, {"norrvik-prod": self.settings})
        self.assertEqual(self.failure(self.count()), "instance_unknown")

    def test_a_dead_host(self):
        endpoint = self.start_sshd()
        self.instance.host_id = self.make_host(endpoint, name="vm3")
        endpoint.stop()
        self.assertEqual(self.failure(self.count()), "unreachable")

    def test_a_changed_host_key(self):
        endpoint = self.start_sshd()
        self.instance.host_id = self.make_host(endpoint, name="vm3")
        endpoint.replace_host_key()
        self.assertEqual(self.failure(self.count()), "host_key_changed")

    def test_an_unknown_host_key(self):
        self.instance.host_id = self.make_host(self.start_sshd(), pin=False, name="vm3")
        self.assertEqual(self.failure(self.count()), "host_key_unknown")

    def test_a_host_that_answers_garbage_or_without_end_or_nothing(self):
        self.assertEqual(self.failure_at(forced_command="echo garbage"), "bad_answer")
        self.assertEqual(self.failure_at(forced_command="head -c 1000000000 /dev/zero"), "answer_too_large")

    def test_an_agent_of_another_version(self):
        self.endpoint.install_agent(self.env["linserv.host"]._build_agent() + b" ")
        self.addCleanup(self.endpoint.install_agent, self.env["linserv.host"]._build_agent())
        self.assertEqual(self.failure(self.count()), "agent_outdated")

    def test_a_full_disk_on_the_host(self):
        self.assertIn(self.failure_at(wrapper="ulimit -f 0; "), ("disk_full", "cache_unwritable"))

    def test_a_hostile_tree_is_survived_and_told(self):
        self.addCleanup(shutil.rmtree, str(self.addons / "linserv_contract" / "models"))
        bad = {"models/a<b>\n.py": "x = 1\n", "models/deep.py": "(" * 5000, "models/s.xml": " " * 80_000 + "<a/>"}
        self.write_module("linserv_contract", bad)
        snapshot = self.work(self.count())
        self.assertIn(snapshot.state, ("draft", "failed"), snapshot.error)
        self.assertFalse(snapshot.reading_id)
        self.assertIn("odd_name", snapshot.note_ids.mapped("kind"))
