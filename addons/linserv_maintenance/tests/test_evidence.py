import gzip
import importlib.util
import json
from pathlib import Path

from odoo import fields
from odoo.tests import tagged

from .common import NOVEMBER, CodeCase

VERIFIER = Path(__file__).resolve().parents[3] / "docs" / "verify.py"
NOTE = {"kind": "demo_exclusion", "module": "norrvik_sale", "path": "", "lines": 150, "message": "2 files"}


@tagged("post_install", "-at_install")
class TestEvidence(CodeCase):
    """What an outsider needs to check a count, and what happens when somebody changed it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lang in ("sv_SE", "en_US"):
            cls.env["res.lang"]._activate_lang(lang)
        cls.customer.write({"lang": "sv_SE", "country_id": cls.env.ref("base.se").id})
        cls.subscription = cls.make_maintenance(price=175.0)

    def setUp(self):
        super().setUp()
        self.first = self.approved({"norrvik_sale": 1210, "norrvik_stock": 300}, notes=[NOTE])
        self.second = self.approved({"norrvik_sale": 1250, "norrvik_stock": 300}, NOVEMBER, notes=[NOTE])

    def verified(self, content):
        """Return what the verifier for outsiders says."""
        spec = importlib.util.spec_from_file_location("verify", VERIFIER)
        verifier = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(verifier)
        return dict(verifier.checks(json.loads(gzip.decompress(content)), bytes.fromhex(self.first.public_key)))

    def bill(self, date):
        run = self.env["linserv.billing.run"].create(
            {"date": date, "mode": "post", "contract_ids": [(6, 0, self.subscription.contract_id.ids)]}
        )
        run.action_bill()
        run.move_ids._linserv_attach_evidence()
        return run.move_ids

    def tamper(self, record, **vals):
        """Change the database behind the ORM's back."""
        for name, value in vals.items():
            self.env.cr.execute("UPDATE %s SET %s = %%s WHERE id = %%s" % (record._table, name), [value, record.id])
        record.invalidate_cache()

    def test_the_chain_names_the_count_before(self):
        self.assertIsNone(json.loads(self.first.statement)["previous"])
        self.assertEqual(json.loads(self.second.statement)["previous"], self.second._get_previous_hash())
        self.assertEqual(self.second.previous_id, self.first)
        self.assertFalse(self.first._get_faults() + self.second._get_faults())

    def test_the_statement_names_instance_customer_rule_and_lines(self):
        statement = json.loads(self.second.statement)
        self.assertEqual(statement["instance"], "norrvik-prod")
        self.assertEqual(statement["customer"], "Norrvik Bygg AB")
        self.assertEqual((statement["code"], statement["date"]), (1550, "2026-11-20"))
        self.assertEqual(statement["rule"]["python"], "3.9")

    def test_the_evidence_passes_the_verifier_for_outsiders(self):
        for snapshot, kronor in ((self.first, "2800.00"), (self.second, "2800.00")):
            found = self.verified(snapshot._get_evidence_file())
            self.assertEqual(set(found.values()), {True}, found)
            self.assertIn("amount %s SEK" % kronor, found)

    def test_a_new_owner_of_the_instance_is_not_shown_the_statement_of_the_one_before(self):
        earlier = self.env["res.partner"].create([{"name": "Sydvik Bygg AB", "is_company": True}])
        self.tamper(self.first, partner_id=earlier.id)
        told = json.loads(gzip.decompress(self.second._get_evidence_file()))
        self.assertIsNone(told["previous"])
        self.assertEqual(json.loads(told["statement"])["previous"], self.second._get_previous_hash())
        self.assertEqual(set(self.verified(self.second._get_evidence_file()).values()), {True})

    def test_tampering_behind_the_system_is_found(self):
        cases = [
            (self.second, {"code_lines": 1}),
            (self.second, {"root": "0" * 64}),
            (self.second, {"date": fields.Date.to_date("2026-11-19")}),
            (self.second, {"rule_python": "3.11"}),
            (self.second, {"statement": self.second.statement.replace("1550", "1450")}),
            (self.second, {"signature": "00" * 64}),
            (self.second.module_ids[0], {"code_lines": 9}),
            (self.first, {"signature": "00" * 64}),
        ]
        for record, vals in cases:
            with self.env.cr.savepoint(flush=False):
                before = {name: record[name] for name in vals}
                self.tamper(record, **vals)
                self.assertTrue(self.second._get_faults(), vals)
                self.tamper(record, **before)
        self.assertFalse(self.second._get_faults())
        self.assertEqual(self.second.action_verify()["params"]["type"], "success")

    def test_a_customer_who_changes_name_breaks_no_signature(self):
        self.customer.name = "Norrvik Bygg och Anläggning AB"
        self.instance.technical_name = "norrvik-prod-2"
        self.assertFalse(self.first._get_faults() + self.second._get_faults())

    def test_a_changed_list_of_files_is_found(self):
        other = self.counted({"other": 1550}, "2026-12-20").tree_id
        self.tamper(self.second, tree_id=other.id)
        self.assertTrue(self.second._get_tree_faults())

    def test_the_invoice_carries_file_and_annex_and_says_what_was_counted(self):
        move = self.bill("2026-10-25") | self.bill("2026-11-01")
        november = move.sorted("invoice_date")[-1]
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", "account.move"), ("res_id", "=", november.id), ("name", "like", "code-evidence")]
        )
        names = attachments.mapped("name")
        self.assertIn("norrvik-prod-2026-11-code-evidence.json.gz", names)
        self.assertIn("norrvik-prod-2026-11-code-evidence.pdf", names)
        line = november.invoice_line_ids.filtered(lambda one: "norrvik" in one.name.lower())
        self.assertIn("1\u00a0510 rader kod", line[:1].name)
        found = self.verified(attachments.filtered(lambda one: one.name.endswith("gz"))[:1].raw)
        self.assertEqual(set(found.values()), {True}, found)
        self.assertIn("amount 2800.00 SEK", found)

    def test_a_part_of_a_month_is_billed_as_its_share(self):
        self.subscription.write({"date_end": "2026-11-10"})
        november = self.bill("2026-11-01").sorted("invoice_date")[-1]
        periods = november.invoice_line_ids.linserv_billed_period_ids.filtered(lambda one: one.date_from.month == 11)
        self.assertEqual(len(periods), 1)
        found = self.verified(self.first._get_evidence_file(self.first._prepare_billing(periods)))
        self.assertEqual(set(found.values()), {True}, found)
        self.assertEqual(periods.amount, 933.33)
        self.assertIn("amount 933.33 SEK", found)

    def test_a_discount_is_in_the_price_that_the_evidence_tells(self):
        self.subscription.discount_ids.create(
            {"subscription_id": self.subscription.id, "percent": 10.0, "date_from": "2026-11-01"}
        )
        november = self.bill("2026-11-01").sorted("invoice_date")[-1]
        periods = november.invoice_line_ids.linserv_billed_period_ids.filtered(lambda one: one.date_from.month == 11)
        found = self.verified(self.first._get_evidence_file(self.first._prepare_billing(periods)))
        self.assertEqual((set(found.values()), periods.amount), ({True}, 2520.0))
        self.assertIn("amount 2520.00 SEK", found)

    def test_the_annex_is_a_swedish_pdf(self):
        snapshot = self.second.with_context(force_report_rendering=True)
        pdf = snapshot._get_annex_pdf()
        self.assertEqual(pdf[:5], b"%PDF-")
        self.assertGreater(len(pdf), 5000)
        report = self.env.ref("linserv_maintenance.linserv_code_snapshot_report").with_context(lang="sv_SE")
        text = report._render_qweb_html(self.second.ids)[0].decode().replace("\u00a0", " ")
        for words in ("Rader kod", "1 550", "norrvik_stock", "Norrvik Bygg AB", "+40", "Demodata", self.second.root):
            self.assertIn(words, text)
