import psycopg2

from odoo.tools import mute_logger

from .common import ContractCase, day


class TestLedger(ContractCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make_contract("bas")
        cls.subscription = cls.contract.subscription_ids

    def reverse(self, move, method):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"refund_method": method, "date_mode": "entry", "reason": "Test"})
        )
        wizard.reverse_moves()
        return wizard.new_move_ids

    @mute_logger("odoo.sql_db")
    def test_rule_15_the_database_refuses_a_day_twice(self):
        values = {"subscription_id": self.subscription.id, "date_from": day("10-01"), "date_to": day("10-31")}
        ledger = self.env["linserv.billed.period"]
        ledger.create(values)
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            ledger.create({**values, "date_from": day("10-31"), "date_to": day("11-30")}).flush()
        ledger.create({**values, "date_from": day("11-01"), "date_to": day("11-30")}).flush()
        self.assertEqual(self.billed(self.contract), ["2026-10-01/2026-10-31", "2026-11-01/2026-11-30"])

    def test_rule_15_a_period_billed_elsewhere_is_not_billed_here(self):
        self.env["linserv.billed.period"].create(
            {"subscription_id": self.subscription.id, "date_from": day("10-01"), "date_to": day("10-31")}
        )
        self.assertFalse(self.bill("10-01", self.contract))

    def test_rule_16_a_deleted_draft_frees_its_period(self):
        self.bill("10-01", self.contract).unlink()
        self.assertEqual(self.billed(self.contract), [])
        self.assertEqual(self.bill("10-01", self.contract).amount_untaxed, 900.0)

    def test_rule_16_a_deleted_line_of_a_draft_frees_its_period(self):
        self.subscribe(self.contract, "backup")
        move = self.bill("10-01", self.contract)
        move.write({"invoice_line_ids": [(2, move.invoice_line_ids[0].id)]})
        self.assertEqual(len(self.billed(self.contract)), 1)
        self.assertEqual(len(self.bill("10-01", self.contract).invoice_line_ids), 1)

    def test_rule_17_a_cancelled_invoice_frees_its_period(self):
        move = self.bill("10-01", self.contract)
        move.button_cancel()
        self.assertEqual(self.billed(self.contract), [])

    def test_rule_17_a_cancelled_invoice_taken_up_again_takes_its_period_again(self):
        move = self.bill("10-01", self.contract)
        move.button_cancel()
        move.button_draft()
        self.assertEqual(self.billed(self.contract), ["2026-10-01/2026-10-31"])

    @mute_logger("odoo.sql_db")
    def test_rule_17_not_when_it_was_billed_meanwhile(self):
        move = self.bill("10-01", self.contract)
        move.button_cancel()
        self.bill("10-01", self.contract)
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            move.button_draft()

    def test_rule_17_back_to_draft_keeps_the_period(self):
        move = self.bill("10-01", self.contract, mode="post")
        move.button_draft()
        self.assertFalse(self.bill("10-01", self.contract))

    def test_rule_18_a_full_credit_note_frees_the_period(self):
        move = self.bill("10-01", self.contract, mode="post")
        credit = self.reverse(move, "cancel")
        self.assertEqual((credit.state, move.payment_state), ("posted", "reversed"))
        self.assertEqual(self.billed(self.contract), [])
        self.assertEqual(self.bill("10-01", self.contract).amount_untaxed, 900.0)

    def test_rule_18_a_draft_credit_note_frees_nothing_until_it_is_posted(self):
        move = self.bill("10-01", self.contract, mode="post")
        credit = self.reverse(move, "refund")
        self.assertFalse(self.bill("10-01", self.contract))
        credit.action_post()
        self.assertEqual(self.bill("10-01", self.contract).amount_untaxed, 900.0)

    @mute_logger("odoo.sql_db")
    def test_rule_18_a_credit_note_taken_back_takes_the_period_again(self):
        move = self.bill("10-01", self.contract, mode="post")
        credit = self.reverse(move, "refund")
        credit.action_post()
        credit.button_draft()
        self.assertEqual(self.billed(self.contract), ["2026-10-01/2026-10-31"])

    def test_rule_18_a_part_credited_frees_nothing(self):
        move = self.bill("10-01", self.contract, mode="post")
        credit = self.reverse(move, "refund")
        credit.write({"invoice_line_ids": [(1, credit.invoice_line_ids.id, {"price_unit": 400.0})]})
        credit.action_post()
        self.assertFalse(self.bill("10-01", self.contract))

    def test_rule_18_one_line_credited_frees_that_line_only(self):
        self.subscribe(self.contract, "backup", price_unit=500.0)
        move = self.bill("10-01", self.contract, mode="post")
        credit = self.reverse(move, "refund")
        backup = credit.invoice_line_ids.filtered(lambda line: line.price_unit == 500.0)
        credit.write({"invoice_line_ids": [(2, backup.id)]})
        credit.action_post()
        self.assertEqual(self.bill("10-01", self.contract).amount_untaxed, 900.0)

    def test_rule_19_refund_and_new_draft_hands_the_period_over(self):
        move = self.bill("10-01", self.contract, mode="post")
        draft = self.reverse(move, "modify")
        self.assertEqual((draft.state, draft.move_type), ("draft", "out_invoice"))
        self.assertEqual(draft.invoice_line_ids.linserv_billed_period_ids.subscription_id, self.subscription)
        self.assertFalse(self.bill("10-01", self.contract))
        draft.unlink()
        self.assertEqual(self.bill("10-01", self.contract).amount_untaxed, 900.0)

    def test_a_duplicate_that_a_person_makes_holds_no_period(self):
        copy = self.bill("10-01", self.contract).copy()
        self.assertFalse(copy.invoice_line_ids.linserv_billed_period_ids)

    def test_every_row_leads_to_its_invoice_line_and_says_what_was_billed(self):
        move = self.bill("10-01", self.contract)
        row = move.invoice_line_ids.linserv_billed_period_ids
        self.assertEqual((row.move_id, row.quantity, row.price_unit, row.amount), (move, 1.0, 900.0, 900.0))
