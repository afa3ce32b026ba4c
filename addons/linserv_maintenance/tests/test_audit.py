import base64
import hashlib
import json
import zlib

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import NOVEMBER, CodeCase, honest
from .tree_builders import module, tree

SOURCE = b"import os\n\n# why\n" + b"x = 1\n" * 200
CODE = 201


@tagged("post_install", "-at_install")
class TestAudit(CodeCase):
    """What an audit says of answers as hosts give them."""

    def setUp(self):
        super().setUp()
        row = ["models/a.py", hashlib.sha256(SOURCE).hexdigest(), CODE, 203, "ok"]
        self.snapshot = self.answered(honest(tree([module("norrvik_sale", [row])])))
        self.audit = self.env["linserv.code.audit"].with_user(self.manager)._start(self.snapshot).sudo()

    def answer(self, official=CODE, source=SOURCE):
        content = base64.b64encode(zlib.compress(source)).decode("ascii")
        files = [{"module": "norrvik_sale", "path": "models/a.py", "state": "ok", "content": content}]
        table = {"modules": {"norrvik_sale": [203, official]}, "code": official, "total": 203, "tail": ""}
        self.audit._on_run_done(self.audit.run_id, {"files": files, "official": table})
        return self.audit

    def test_it_asks_for_files_and_the_official_tool(self):
        args = json.loads(self.audit.run_id.args)
        self.assertEqual(args, {"files": [["norrvik_sale", "models/a.py"]], "run_official": True})

    def test_equal_counts_are_no_alarm(self):
        audit = self.answer()
        self.assertEqual((audit.state, audit.official_state, audit.is_alarm), ("done", "equal", False))
        self.assertEqual((audit.sample_files, audit.pygount_lines), (1, CODE))
        self.assertEqual(audit.language_ids.mapped("name"), ["Python"])

    def test_another_official_number_is_an_alarm_with_the_module_named(self):
        audit = self.answer(official=150)
        self.assertEqual((audit.official_state, audit.is_alarm), ("different", True))
        self.assertEqual(audit.module_ids.mapped("difference"), [CODE - 150])
        self.assertIn(self.manager, audit.activity_ids.user_id)

    def test_another_file_than_the_counted_one_is_an_alarm(self):
        audit = self.answer(source=SOURCE + b"y = 1\n")
        self.assertEqual((audit.changed_files, audit.is_alarm), (1, True))

    def test_a_departure_outside_the_band_is_an_alarm(self):
        self.company.linserv_code_alarm_high = -1
        audit = self.answer()
        self.assertTrue(audit.is_alarm)
        self.assertIn("pygount", audit.finding)

    def test_an_official_tool_that_stopped_is_told_and_no_alarm(self):
        table = {"modules": {}, "code": None, "total": None, "tail": "Traceback"}
        self.audit._on_run_done(self.audit.run_id, {"files": [], "official": table})
        self.assertEqual((self.audit.official_state, self.audit.is_alarm), ("stopped", False))
        self.assertEqual(self.audit.official_tail, "Traceback")

    def test_an_answer_that_cannot_be_believed_fails_the_audit(self):
        self.audit._on_run_done(self.audit.run_id, {"files": "all"})
        self.assertEqual(self.audit.state, "failed")

    def test_a_run_that_failed_fails_the_audit(self):
        self.audit._on_run_failed(self.audit.run_id, {"code": "timeout", "message": "Too slow.", "retryable": True})
        self.assertEqual((self.audit.state, self.audit.error), ("failed", "Too slow."))

    def test_a_cancelled_audit_is_over_and_can_be_ordered_again(self):
        self.audit.run_id.action_cancel()
        self.assertEqual(self.audit.state, "failed")
        self.assertNotEqual(self.env["linserv.code.audit"].with_user(self.manager)._start(self.snapshot), self.audit)

    def test_an_audit_whose_run_ended_without_telling_it_can_be_ordered_again(self):
        self.audit.run_id.state = "failed"
        self.assertNotEqual(self.env["linserv.code.audit"].with_user(self.manager)._start(self.snapshot), self.audit)
        self.assertEqual(self.audit.state, "failed")

    def test_a_second_order_while_one_is_under_way_is_the_same(self):
        self.assertEqual(self.env["linserv.code.audit"].with_user(self.manager)._start(self.snapshot), self.audit)

    def test_only_managers_order_audits_of_finished_counts(self):
        with self.assertRaises(AccessError):
            self.snapshot.with_user(self.user).action_audit()
        running = self.count(NOVEMBER)
        with self.assertRaisesRegex(UserError, "finished"):
            running.with_user(self.manager).action_audit()
