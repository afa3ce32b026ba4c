from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import NOVEMBER, OCTOBER, CodeCase, honest, tree_of


@tagged("post_install", "-at_install")
class TestSnapshot(CodeCase):
    """The life of a count in the office, with answers as a host gives them."""

    def test_asking_twice_on_one_day_gives_the_same_count(self):
        first = self.count()
        self.assertEqual(first.state, "running")
        self.assertEqual(self.count(), first)
        self.assertEqual(self.snapshots.search_count([("instance_id", "=", self.instance.id)]), 1)
        self.assertEqual(self.env["linserv.run"].search_count([("instance_id", "=", self.instance.id)]), 1)

    def test_the_first_count_waits_for_a_person_and_the_managers_are_told(self):
        snapshot = self.counted({"norrvik_sale": 1210})
        self.assertEqual((snapshot.state, snapshot.code_lines, snapshot.decision), ("draft", 1210, "first_count"))
        self.assertIn(self.manager, snapshot.activity_ids.user_id)
        self.assertIn("first count", snapshot.approval_text)

    def test_a_person_approves_with_one_click_and_the_reading_is_there(self):
        snapshot = self.approved({"norrvik_sale": 1210})
        self.assertEqual(snapshot.state, "approved")
        self.assertEqual(snapshot.approved_by_id, self.manager)
        self.assertFalse(snapshot.activity_ids)
        reading = snapshot.reading_id
        self.assertEqual((reading.meter, reading.quantity, reading.date), ("loc", 1210, OCTOBER))
        self.assertEqual((reading.evidence_model, reading.evidence_res_id), (snapshot._name, snapshot.id))

    def test_a_count_within_the_band_approves_itself(self):
        self.approved({"norrvik_sale": 1000})
        snapshot = self.counted({"norrvik_sale": 1100}, NOVEMBER)
        self.assertEqual((snapshot.state, snapshot.decision), ("approved", "within_band"))
        self.assertFalse(snapshot.approved_by_id)

    def test_a_jump_waits_and_says_where_it_jumped(self):
        self.approved({"norrvik_sale": 1000, "norrvik_stock": 100})
        snapshot = self.counted({"norrvik_sale": 1000, "norrvik_stock": 400}, NOVEMBER)
        self.assertEqual((snapshot.state, snapshot.decision), ("draft", "above_band"))
        self.assertIn("Grew by 27.3 %", snapshot.approval_text)
        self.assertIn("Växte med 27,3 %", snapshot.with_context(lang="sv_SE")._get_approval_text())
        self.assertEqual(snapshot.note_ids.mapped("module"), ["norrvik_stock"])
        self.assertEqual(snapshot.note_ids.lines, 300)

    def test_the_band_is_the_instance_s_own_where_it_has_one(self):
        self.instance.code_band = 50
        self.approved({"norrvik_sale": 1000})
        self.assertEqual(self.counted({"norrvik_sale": 1400}, NOVEMBER).state, "approved")

    def test_a_first_count_near_the_agreement_needs_no_person(self):
        self.instance.code_agreed_lines = 1250
        self.assertEqual(self.counted({"norrvik_sale": 1210}).state, "approved")

    def test_the_difference_is_told_per_module_in_lines_and_kronor(self):
        self.make_maintenance(price=175.0)
        self.approved({"a": 100, "b": 420, "gone": 30})
        snapshot = self.counted({"a": 110, "b": 420, "new": 41}, NOVEMBER)
        rows = [(row.name, row.kind, row.change_lines, row.change_amount) for row in snapshot.module_ids]
        self.assertEqual(
            rows,
            [
                ("new", "added", 41, 71.75),
                ("gone", "removed", -30, -52.5),
                ("a", "grown", 10, 17.5),
                ("b", "same", 0, 0),
            ],
        )
        self.assertEqual((snapshot.amount, snapshot.change_amount), (1050.0, 0.0))
        self.assertEqual(snapshot.rounding_amount, -36.75)

    def test_an_unchanged_instance_points_to_the_same_list(self):
        before = self.approved(
            {"norrvik_sale": 1000}, notes=[{"kind": "syntax", "module": "norrvik_sale", "path": "x.py"}]
        )
        snapshot = self.count(NOVEMBER)
        self.assertEqual(self.sent_args(snapshot), {"profile": "14.0", "known_root": before.root})
        told = {
            "root": before.root,
            "unchanged": True,
            "rule": {"profile": "14.0", "cloc_sha256": None, "python": "3.9"},
        }
        snapshot._on_run_done(snapshot.run_id, told)
        self.assertEqual((snapshot.state, snapshot.code_lines), ("approved", 1000))
        self.assertEqual(snapshot.tree_id, before.tree_id)
        self.assertEqual(snapshot.note_ids.mapped("kind"), ["syntax"])

    def test_an_answer_that_cannot_be_believed_fails_and_bills_nothing(self):
        forged = dict(honest(tree_of({"a": 100})), root="0" * 64)
        cases = [
            (forged, "root_mismatch"),
            ({}, "bad_value"),
            (dict(honest(tree_of({"a": 100})), code=99), "does_not_add_up"),
            (honest(tree_of({"<b>": 100})), "bad_value"),
            (honest(tree_of({"a": 100_000_000})), "too_large"),
            ({"root": "0" * 64, "unchanged": True, "rule": forged["rule"]}, "unchanged_unknown"),
        ]
        for told, code in cases:
            snapshot = self.answered(told)
            self.assertEqual((snapshot.state, snapshot.error_code), ("failed", code))
            self.assertIn("Nothing is billed", snapshot.error)
        self.assertFalse(self.env["linserv.meter.reading"].search([("instance_id", "=", self.instance.id)]))

    def test_a_failed_count_is_tried_again_on_the_same_record(self):
        snapshot = self.answered({})
        first_run = snapshot.run_id
        self.assertEqual(self.count(NOVEMBER), snapshot)
        self.assertEqual((snapshot.state, snapshot.date, snapshot.error), ("running", NOVEMBER, False))
        self.assertNotEqual(snapshot.run_id, first_run)

    def test_an_instance_without_host_fails_in_words(self):
        instance = self.make_instance(name="Homeless", technical_name="homeless")
        snapshot = self.count(instance=instance)
        self.assertEqual((snapshot.state, snapshot.error_code), ("failed", "no_host"))
        self.assertIn("Choose the host", snapshot.error)

    def test_a_cancelled_run_ends_its_count(self):
        snapshot = self.count()
        snapshot.run_id.action_cancel()
        self.assertEqual((snapshot.state, snapshot.error_code), ("failed", "cancelled"))

    def test_a_settled_count_is_kept_as_it_was(self):
        snapshot = self.approved({"a": 100})
        for record, vals in [(snapshot, {"code_lines": 1}), (snapshot.module_ids, {"code_lines": 1})]:
            with self.assertRaisesRegex(UserError, "settled"):
                record.write(vals)
        with self.assertRaisesRegex(UserError, "settled"):
            snapshot.unlink()
        with self.assertRaisesRegex(UserError, "settled"):
            snapshot.tree_id.unlink()
        with self.assertRaisesRegex(UserError, "settled"):
            self.env["linserv.code.snapshot.note"].create([{"snapshot_id": snapshot.id, "kind": "x"}])

    def test_a_count_is_rejected_with_a_reason(self):
        snapshot = self.counted({"a": 100})
        wizard = self.env["linserv.code.reject"].with_user(self.manager)
        wizard.create([{"snapshot_id": snapshot.id, "reason": "A copy of a module lay there"}]).action_reject()
        self.assertEqual((snapshot.state, snapshot.rejection_reason), ("rejected", "A copy of a module lay there"))
        self.assertFalse(snapshot.reading_id)

    def test_staff_order_counts_but_only_managers_settle_them_and_nobody_writes_them(self):
        snapshot = self.snapshots.browse(self.instance.with_user(self.user)._count_code(OCTOBER).id)
        self.assertTrue(snapshot)
        snapshot._on_run_done(snapshot.run_id, honest(tree_of({"a": 100})))
        with self.assertRaises(AccessError):
            snapshot.with_user(self.user).action_approve()
        with self.assertRaises(AccessError):
            snapshot.with_user(self.manager).write({"code_lines": 1})
        outsider = self.make_user("nobody")
        with self.assertRaises(AccessError):
            self.instance.with_user(outsider)._count_code(NOVEMBER)

    def test_an_older_count_cannot_be_approved_after_a_newer_one(self):
        old = self.counted({"a": 100})
        self.approved({"a": 100}, NOVEMBER)
        with self.assertRaisesRegex(UserError, "Reject this older one"):
            old.with_user(self.manager).action_approve()

    def test_a_count_by_the_rule_of_another_series_is_refused(self):
        self.approved({"a": 100})
        told = honest(tree_of({"a": 101}))
        told["rule"] = dict(told["rule"], profile="18.0")
        snapshot = self.answered(told, NOVEMBER)
        self.assertEqual((snapshot.state, snapshot.error_code), ("failed", "profile_differs"))

    def test_a_run_that_is_retried_later_counts_as_of_that_day(self):
        snapshot = self.answered({"root": "x"})
        snapshot._on_run_done(snapshot.run_id, honest(tree_of({"a": 100})))
        self.assertEqual((snapshot.state, snapshot.date), ("draft", fields.Date.context_today(snapshot)))

    def test_the_instance_knows_its_last_and_its_last_approved_count(self):
        other = self.make_instance(self.host, name="Other", technical_name="other")
        first = self.approved({"a": 100})
        failed = self.answered({"root": "x"}, NOVEMBER)
        instance = self.instance
        self.assertEqual((instance.code_last_id, instance.code_approved_id), (failed, first))
        self.assertEqual((instance.code_snapshot_count, instance.code_last_state), (2, "failed"))
        self.assertEqual((instance.code_lines, instance.code_date), (100, first.date))
        self.assertEqual((other.code_snapshot_count, other.code_last_state, other.code_lines), (0, False, 0))
