"""Drills in Odoo: ordered, judged, signed and chained. The hosts are never called here."""

import importlib.util
import json
from pathlib import Path

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .drill_builders import answer
from .drill_case import DrillCase

VERIFIER = Path(__file__).resolve().parents[1] / "static" / "verify_drill.py"
ERROR = {"code": "database_unreachable", "message": "PostgreSQL is down", "retryable": True}


class TestDrill(DrillCase):
    def test_the_host_is_asked_to_restore_the_point(self):
        drill = self.order()
        self.assertEqual(drill.run_id.verb, "drill.run")
        self.assertEqual(drill.run_id.host_id, self.backup_host)
        told = json.loads(drill.run_id.args)
        self.assertEqual((told["repository"], told["name"]), (self.repository.name, "db-20261101T103000Z"))
        self.assertTrue(drill.run_id.detached)

    def test_a_good_answer_proves_the_point(self):
        drill = self.held()
        self.assertEqual(drill.state, "proved")
        self.assertEqual((drill.usable_seconds, drill.restore_seconds, drill.row_count), (30.55, 21.75, 701234))
        self.assertEqual(self.point.date_drilled, drill.date_held)
        self.assertEqual(drill.modules_missing, "norrvik_sale")

    def test_the_host_does_not_decide_what_is_proved(self):
        cases = [
            ({"dump": {"bytes": 262144000, "sha256": "00" * 32}}, "other_dump"),
            ({"rows": 701233}, "other_rows"),
            ({"name": "db-20261031T103000Z"}, "other_point"),
            ({"files": None}, "not_whole"),
        ]
        for more, code in cases:
            drill = self.held(**more)
            self.assertEqual((drill.state, drill.reason), ("faulty", code))
            self.assertIn(self.drills._get_reason_texts()[code], drill.reason_text)
        self.assertFalse(self.point.date_drilled)

    def test_a_fault_is_told_and_signed(self):
        drill = self.held("rows_differ")
        self.assertEqual((drill.state, drill.reason), ("faulty", "rows_differ"))
        self.assertTrue(drill.statement)
        self.assertEqual(self.repository._get_faulty_drills(), drill)
        self.assertIn("drill", self.repository.freeze_codes, "nothing old is deleted")
        self.held()
        self.assertFalse(self.repository._get_faulty_drills())
        self.assertNotIn("drill", self.repository.freeze_codes or "")

    def test_nonsense_is_no_drill(self):
        for more in ({"ok": "yes"}, {"rows": -1}, {"rows_root": "x"}, {"seconds": []}, {"began": True}):
            drill = self.held(**more)
            self.assertEqual((drill.state, drill.reason), ("failed", "bad_answer"), more)
            self.assertFalse(drill.statement)

    def test_a_drill_that_was_not_held_is_no_finding(self):
        drill = self.order()
        drill._on_run_failed(drill.run_id, ERROR)
        self.assertEqual((drill.state, drill.failure_class), ("failed", "transient"))
        self.assertFalse(drill.date_held)
        self.assertFalse(self.repository._get_last_drill())

    def test_the_same_answer_twice_changes_nothing(self):
        drill = self.held()
        before = drill.statement
        drill._on_run_done(drill.run_id, answer(faults=["rows_differ"]))
        self.assertEqual((drill.state, drill.statement), ("proved", before))

    def test_a_cancelled_drill_stays_cancelled(self):
        drill = self.order()
        drill.action_cancel()
        drill._on_run_done(drill.run_id, answer())
        self.assertEqual(drill.state, "cancelled")

    def test_only_a_point_that_was_read_back_is_restored(self):
        suspect = self.make_point(self.repository, "2026-11-01 11:00:00", state="suspect")
        with self.assertRaises(UserError):
            self.order(point=suspect)


class TestEvidence(DrillCase):
    def verified(self, content, keys=None):
        spec = importlib.util.spec_from_file_location("verify_drill", str(VERIFIER))
        verifier = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(verifier)
        return dict(verifier.checks(json.loads(content), keys or []))

    def key(self):
        return bytes.fromhex(self.company._get_backup_signing_secret().public_value)

    def test_each_drill_names_the_one_before(self):
        first, second = self.held(), self.held("dump_damaged")
        self.assertEqual((first.sequence, second.sequence, second.previous_id), (1, 2, first))
        self.assertIsNone(json.loads(first.statement)["previous"])
        self.assertFalse(first._get_faults() + second._get_faults())
        self.assertEqual(second.action_verify()["params"]["type"], "success")

    def test_the_evidence_passes_the_verifier_for_outsiders(self):
        self.held()
        self.held("files_missing")
        found = self.verified(self.held()._get_evidence_file(), [self.key()])
        self.assertEqual(set(found.values()), {True}, found)
        self.assertEqual(len(found), 12)

    def test_old_statements_hold_after_a_change_of_keys(self):
        first, old = self.held(), self.key()
        self.company.linserv_backup_signing_secret_id = False
        second, new = self.held(), self.key()
        self.assertNotEqual(old, new)
        self.assertFalse(first._get_faults() + second._get_faults())
        content = second._get_evidence_file()
        self.assertEqual(set(self.verified(content, [old, new]).values()), {True})
        self.assertIn(False, self.verified(content, [new]).values())
        self.assertEqual(len(self.drills._get_portal_keys(self.instance)), 2)

    def test_another_key_or_a_changed_word_is_found(self):
        drill = self.held()
        content = drill._get_evidence_file()
        self.assertIn(False, self.verified(content, [b"0" * 32]).values())
        self.assertIn(False, self.verified(content.replace(b"Norrvik", b"Sorrvik")).values())

    def test_a_drill_that_was_taken_out_breaks_the_chain(self):
        self.held()
        self.held("files_missing")
        told = json.loads(self.held()._get_evidence_file())
        del told["chain"][1]
        self.assertIn(False, self.verified(json.dumps(told)).values())

    def test_what_was_signed_cannot_be_changed(self):
        drill = self.held("files_missing")
        for change in ({"state": "proved"}, {"reason": False}, {"usable_seconds": 1.0}):
            with self.assertRaises(UserError):
                drill.write(change)
        with self.assertRaises(UserError):
            drill.unlink()

    def test_tampering_behind_the_system_is_found(self):
        self.held()
        drill = self.held("files_missing")
        for column, value in (("state", "proved"), ("row_count", 1), ("usable_seconds", 1.0), ("signature", "00" * 64)):
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute("SELECT %s FROM linserv_backup_drill WHERE id = %%s" % column, [drill.id])
                before = self.env.cr.fetchone()[0]
                self.tamper(drill, column, value)
                self.assertTrue(drill._get_faults(), column)
                self.tamper(drill, column, before)
        self.assertFalse(drill._get_faults())

    def tamper(self, drill, column, value):
        self.env.cr.execute("UPDATE linserv_backup_drill SET %s = %%s WHERE id = %%s" % column, [value, drill.id])
        drill.invalidate_cache()

    def test_an_earlier_customers_statements_stay_closed(self):
        first = self.held()
        other = self.env["res.partner"].create([{"name": "Adalen Bygg AB", "is_company": True}])
        self.instance.partner_id = other
        second = self.held()
        content = second._get_evidence_file()
        self.assertNotIn(b"Norrvik Bygg", content)
        self.assertEqual(json.loads(second.statement)["previous"] is None, False)
        self.assertEqual(set(self.verified(content).values()), {True})
        self.assertEqual(first.commercial_partner_id, self.customer)

    def test_what_cannot_be_signed_now_is_signed_later(self):
        secret = self.company._get_backup_signing_secret()
        self.env.cr.execute("SELECT ciphertext FROM linserv_secret WHERE id = %s", [secret.id])
        kept = self.env.cr.fetchone()[0]
        secret._write_ciphertext(secret.id, b"of another master key")
        drill = self.order()
        drill.run_id.result_json = json.dumps(answer())
        drill._on_run_done(drill.run_id, answer())
        self.assertEqual((drill.state, bool(drill.statement)), ("proved", False))
        self.assertIn("master", drill.signing_error)
        secret._write_ciphertext(secret.id, kept)
        self.drills._sign_pending()
        self.assertTrue(drill.statement)
        self.assertFalse(drill.signing_error)


class TestDrillSchedule(DrillCase):
    def order_due(self):
        before = self.drills.search([])
        self.drills._cron_order_drills()
        return self.drills.search([]) - before

    def test_every_repository_is_drilled_on_both_hosts_and_the_second_run_orders_nothing(self):
        made = self.order_due()
        self.assertEqual(sorted(made.mapped("zone")), ["backup", "dr"])
        self.assertEqual(made.mapped("host_id"), self.backup_host | self.dr_host)
        self.assertFalse(self.order_due())

    def test_one_drill_at_a_time_on_a_host(self):
        second = self.make_instance(self.host, technical_name="adalen-prod", name="Adalen", database="adalen")
        other = self.make_repository(second, state="ready")
        self.make_point(other, "2026-11-01 10:30:00")
        first = self.order_due().filtered(lambda drill: drill.zone == "backup")
        self.assertEqual(len(first), 1)
        first._on_run_done(first.run_id, answer(name=first.point_name))
        self.assertEqual(self.order_due().filtered(lambda drill: drill.zone == "backup").repository_id, other)

    def test_a_week_later_the_next_one_is_due(self):
        drill = self.held(ended=int(fields.Datetime.now().timestamp()))
        self.assertNotIn("backup", self.order_due().mapped("zone"))
        self.env.cr.execute(
            "UPDATE linserv_backup_drill SET date_ended = date_ended - interval '8 days' WHERE id = %s", [drill.id]
        )
        self.assertIn("backup", self.order_due().mapped("zone"))

    def test_a_failed_drill_waits_a_while_and_is_ordered_again(self):
        drill = self.order()
        drill._on_run_failed(drill.run_id, ERROR)
        self.assertNotIn("backup", self.order_due().mapped("zone"))
        drill.date_ended = fields.Datetime.subtract(fields.Datetime.now(), hours=2)
        self.assertIn("backup", self.order_due().mapped("zone"))

    def test_a_repository_without_points_is_not_drilled(self):
        (self.point | self.copy).write({"state": "failed"})
        self.assertFalse(self.order_due())


@tagged("-at_install", "post_install")
class TestDrillRights(DrillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create([{"name": "Adalen Bygg AB", "is_company": True}])
        cls.ours = cls.make_portal_user("nora", cls.customer)
        cls.theirs = cls.make_portal_user("adam", cls.other)
        groups = [(4, cls.env.ref("linserv_backup.linserv_backup_group_user").id)]
        vals = {"name": "Olof", "login": "olof-drill", "groups_id": groups}
        cls.user = cls.env["res.users"].with_context(no_reset_password=True).create([vals])

    def test_customers_read_their_own_drills_that_were_held(self):
        drill, ordered = self.held(), self.order()
        self.assertEqual(self.drills.with_user(self.ours).search([]), drill)
        self.assertFalse(self.drills.with_user(self.theirs).search([]))
        self.assertEqual(drill.with_user(self.ours).usable_seconds, 30.55)
        self.assertTrue(drill.with_user(self.ours)._get_evidence_file())
        for record, name in ((drill, "point_name"), (drill, "host_id"), (ordered, "slot")):
            with self.assertRaises(AccessError):
                record.with_user(self.ours).read([name])

    def test_staff_order_and_read_but_do_not_write(self):
        action = self.repository.with_user(self.user).action_drill()
        drill = self.drills.with_user(self.user).browse(action["res_id"])
        self.assertEqual(drill.state, "ordered")
        self.assertEqual(self.repository.with_user(self.user).action_drill()["res_id"], drill.id)
        with self.assertRaises(AccessError):
            drill.write({"reason": "x"})
