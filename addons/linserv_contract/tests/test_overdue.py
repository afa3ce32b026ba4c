from datetime import timedelta

from odoo import fields

from .common import ContractCase, day


class TestOverdue(ContractCase):
    """Rule 57: a customer who is late is shown, and nothing else happens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make_contract("bas")
        cls.move = cls.bill("10-01", cls.contract, mode="post")

    def overdue(self, on, partner=None):
        partner = partner or self.norrvik
        return partner._linserv_overdue(self.company, day(on))[partner.id]

    def test_rule_57_late_from_the_day_after_overdue_after_the_days_of_grace(self):
        self.assertEqual(self.move.invoice_date_due, day("10-31"))
        states = [self.overdue(on)["state"] for on in ("10-31", "11-01", "11-03", "11-04")]
        self.assertEqual(states, ["none", "late", "late", "overdue"])
        self.assertEqual(
            self.overdue("11-10"), {"state": "overdue", "amount": 1125.0, "days": 10, "date": day("10-31")}
        )

    def test_rule_57_a_contact_of_the_customer_is_the_customer(self):
        contact = self.env["res.partner"].create({"name": "Eva", "parent_id": self.norrvik.id})
        self.assertEqual(self.overdue("11-10", contact)["state"], "overdue")

    def test_rule_57_what_is_paid_is_not_overdue(self):
        journal = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.move.ids
        )
        wizard.create({"amount": 1000.0, "journal_id": journal.id, "payment_date": day("11-05")})._create_payments()
        self.assertEqual(self.overdue("11-10")["amount"], 125.0)
        wizard.create({"amount": 125.0, "journal_id": journal.id, "payment_date": day("11-05")})._create_payments()
        self.assertEqual(self.overdue("11-10")["state"], "none")

    def test_rule_57_a_credit_that_is_not_matched_yet_counts(self):
        refund = self.move._reverse_moves([{"invoice_date": day("10-15")}])
        refund.action_post()
        self.assertEqual(self.overdue("11-10")["state"], "none")

    def test_another_companys_books_do_not_count(self):
        other = self.env["res.company"].create({"name": "Annat bolag AB"})
        self.assertEqual(self.norrvik._linserv_overdue(other, day("11-10"))[self.norrvik.id]["state"], "none")

    def test_rule_57_the_contract_says_so_and_stays_in_force(self):
        long_ago = fields.Date.context_today(self.contract) - timedelta(days=60)
        contract = self.make_contract("bas", partner=self.norrvik, start=str(long_ago))
        self.env["account.move.line"].search([("move_id", "=", self.move.id)]).filtered("date_maturity").write(
            {"date_maturity": long_ago}
        )
        self.assertEqual((contract.overdue_state, contract.overdue_days, contract.state), ("overdue", 60, "active"))
        found = self.env["linserv.contract"].search([("overdue_state", "=", "overdue")])
        self.assertIn(contract, found)
        self.assertNotIn(contract, self.env["linserv.contract"].search([("overdue_state", "!=", "overdue")]))
        fine = self.make_contract("epost", partner=self.make_customer("Sydvik AB"), state="draft")
        self.assertEqual((fine.overdue_state, fine.overdue_amount), ("none", 0.0))
