from odoo.exceptions import UserError

from .common import ContractCase, day


class TestLateCharge(ContractCase):
    """Rules 57-58: fee and interest, off until switched on, made by a person, never twice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls.bill("10-01", cls.make_contract("bas"), mode="post")
        cls.company.linserv_late_charge = True
        cls.env["linserv.reference.rate"].create({"date_from": "2026-07-01", "percent": 2.0})

    def charge(self, on="11-30"):
        return self.move._linserv_make_late_invoice(self.move._linserv_propose_late(day(on)))

    def amounts(self, on):
        return {row["kind"]: row["amount"] for row in self.move._linserv_propose_late(day(on))}

    def test_rule_58_off_by_default(self):
        self.assertFalse(self.env["res.company"].create({"name": "Ny AB"}).linserv_late_charge)
        self.company.linserv_late_charge = False
        with self.assertRaisesRegex(UserError, "switched off"):
            self.charge()

    def test_rule_58_sixty_kronor_and_the_reference_rate_plus_eight(self):
        self.assertEqual(self.amounts("11-30"), {"fee": 60.0, "interest": 9.25})  # 1,125 kr, 30 days, 10 %
        self.assertEqual(self.amounts("10-31"), {})

    def test_rule_58_an_ordinary_draft_without_vat(self):
        move = self.charge()
        self.assertEqual((move.state, move.amount_untaxed, move.amount_tax), ("draft", 69.25, 0.0))
        self.assertEqual(move.invoice_origin, self.move.name)

    def test_rule_58_never_the_same_days_or_the_fee_twice(self):
        self.charge("11-30")
        self.assertEqual(self.amounts("11-30"), {})
        self.assertEqual(self.amounts("12-10"), {"interest": 3.08})

    def test_rule_58_a_deleted_or_cancelled_draft_may_be_charged_again(self):
        self.charge().unlink()
        self.assertEqual(self.amounts("11-30"), {"fee": 60.0, "interest": 9.25})
        self.charge().button_cancel()
        self.assertEqual(self.amounts("11-30"), {"fee": 60.0, "interest": 9.25})

    def test_rule_58_a_missing_rate_is_never_guessed(self):
        with self.assertRaisesRegex(UserError, "2027-01-01"):
            self.charge("2027-01-10")
