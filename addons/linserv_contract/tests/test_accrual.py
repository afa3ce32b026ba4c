from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from .accounts import AccountsCase
from .common import day


class TestAccrual(AccountsCase):
    """Rules 86-88: what is prepaid and accrued at the end of a month, and the entry that moves it."""

    def make_services(self, **values):
        """A quarter in advance for 2,700 kr and a month in arrears for 900 kr, from 1 October."""
        return self.make_contract(
            {"code": "bas", "price_unit": 2700.0, "billing_interval": "quarterly"},
            {"code": "backup", "price_unit": 900.0, "billing_timing": "arrears"},
            **values,
        )

    def test_rule_86_a_quarter_in_advance_is_prepaid(self):
        contract = self.make_contract({"code": "bas", "price_unit": 2700.0, "billing_interval": "quarterly"})
        self.bill("10-01", contract, mode="post")
        accrual = self.accrual("10-31")
        self.assertEqual(self.amounts(accrual), ["prepaid 2026-11-01/2026-12-31 1790.22"])
        self.assertEqual((accrual.amount_prepaid, accrual.amount_change), (1790.22, -1790.22))

    def test_rule_87_arrears_are_accrued_whether_invoiced_later_on_a_draft_or_not_at_all(self):
        contract = self.make_contract({"code": "bas", "billing_timing": "arrears"})
        expected = ["accrued 2026-10-01/2026-10-31 900.00"]
        accrual = self.accrual("10-31")
        self.assertEqual((self.amounts(accrual), accrual.line_ids.move_line_id.ids), (expected, []))
        move = self.bill("11-01", contract)
        accrual.action_refresh()
        self.assertEqual((self.amounts(accrual), accrual.line_ids.move_id), (expected, move))
        move.action_post()
        accrual.action_refresh()
        self.assertEqual((self.amounts(accrual), accrual.line_ids.move_id), (expected, move))

    def test_rule_87_only_the_days_that_have_been_given(self):
        self.make_contract({"code": "bas", "billing_timing": "arrears"}, start="10-17")
        self.assertEqual(self.amounts(self.accrual("10-31")), ["accrued 2026-10-17/2026-10-31 435.48"])

    def test_rule_87_a_missed_month_in_advance_is_accrued(self):
        self.make_contract("bas")
        self.assertEqual(self.amounts(self.accrual("10-31")), ["accrued 2026-10-01/2026-10-31 900.00"])

    def test_rule_88_a_credit_note_takes_prepaid_income_back(self):
        move = self.bill("10-17", self.make_contract("bas", start="10-17"), mode="post")
        move._reverse_moves([{"date": day("10-30"), "invoice_date": day("10-30")}], cancel=True)
        accrual = self.accrual("10-31")
        self.assertEqual(accrual.amount_prepaid, 0.0)
        prepaid = [line.amount for line in accrual.line_ids if line.kind == "prepaid"]
        self.assertEqual(sorted(prepaid), [-464.52, 464.52])

    def test_what_cannot_be_valued_is_said_and_not_guessed(self):
        contract = self.make_contract("maintenance")
        accrual = self.accrual("10-31")
        self.assertFalse(accrual.line_ids)
        self.assertIn(contract.name, accrual.note)
        self.assertIn("no approved meter reading", accrual.note)

    def test_rule_86_the_trial_balance_of_a_month_before_and_after_the_entries(self):
        contract = self.make_services()
        empty = self.balances("10-31")
        self.bill("10-01", contract, mode="post")
        billed = self.balances("10-31")
        self.assertEqual(self.change(empty, billed), {"1510": 3375.0, "2611": -675.0, "3001": -2700.0})
        accrual = self.accrual("10-31")
        accrual.action_propose()
        self.assertEqual(self.balances("10-31"), billed, "a draft changes nothing")
        with freeze_time("2026-11-02"):
            accrual.move_id.action_post()
        moved = self.balances("10-31")
        self.assertEqual(self.change(billed, moved), {"1790": 900.0, "2970": -1790.22, "3001": 890.22})
        self.assertAlmostEqual(sum(moved.values()), sum(billed.values()))
        self.assertEqual(-(moved["3001"] - empty.get("3001", 0.0)), 1809.78, "31 of 92 days and October's arrears")
        self.assertEqual(self.balances("11-01"), billed, "reversed on the first of November")

    def test_rule_86_two_months_give_each_its_own_income(self):
        contract = self.make_services()
        income = []
        with freeze_time("2027-01-15"):
            for first, last in (("10-01", "10-31"), ("11-01", "11-30"), ("12-01", "12-31")):
                self.bill(first, contract, mode="post")
                accrual = self.accrual(last)
                accrual.action_propose()
                accrual.move_id.action_post()
                income.append(-self.balances(last, first)["3001"])
            self.bill("2027-01-01", contract, mode="post")
        self.assertEqual(income, [1809.78, 1780.44, 1809.78])
        self.assertEqual(round(sum(income), 2), 2700.0 + 3 * 900.0)

    def test_the_entry_is_balanced_in_accounts_with_analytic_and_without_vat(self):
        analytic = self.env["account.analytic.account"].create({"name": "Norrvik drift"})
        contract = self.make_services(analytic_account_id=analytic.id)
        self.bill("10-01", contract, mode="post")
        accrual = self.accrual("10-31")
        accrual.action_propose()
        move = accrual.move_id
        self.assertEqual((move.state, move.move_type, move.date), ("draft", "entry", day("10-31")))
        self.assertFalse(move.line_ids.tax_ids)
        self.assertFalse(move.line_ids.tax_tag_ids)
        income = move.line_ids.filtered(lambda line: line.account_id.code == "3001")
        self.assertEqual(income.analytic_account_id, analytic)
        self.assertFalse((move.line_ids - income).analytic_account_id)

    def test_proposing_twice_leaves_one_entry_with_the_newest_amounts(self):
        contract = self.make_contract({"code": "bas", "billing_timing": "arrears"})
        accrual = self.accrual("10-31")
        accrual.action_propose()
        first = accrual.move_id
        contract.subscription_ids.date_end = day("10-15")
        accrual.action_propose()
        self.assertFalse(first.exists())
        self.assertEqual(self.env["account.move"].search([("linserv_accrual_id", "=", accrual.id)]), accrual.move_id)
        self.assertEqual(accrual.move_id.amount_total, 435.48)

    def test_a_month_has_one_list_and_any_day_of_it_names_it(self):
        accrual = self.accrual("10-05")
        self.assertEqual((accrual.date, accrual.display_name), (day("10-31"), "2026-10"))
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.accrual("10-31")

    def test_a_posted_entry_is_kept_and_its_reversal_waits_for_its_day(self):
        self.make_contract({"code": "bas", "billing_timing": "arrears"})
        accrual = self.accrual("10-31")
        accrual.action_propose()
        with freeze_time("2026-10-31"):
            accrual.move_id.action_post()
            reversal = accrual.reversal_id
            self.assertEqual((reversal.state, reversal.auto_post, reversal.date), ("draft", True, day("11-01")))
            self.assertEqual(accrual.state, "posted")
            for change in (accrual.action_refresh, accrual.action_propose, accrual.unlink):
                with self.assertRaisesRegex(UserError, "posted"):
                    change()
            accrual.move_id.button_draft()
            self.assertFalse(reversal.exists())
            self.assertEqual(accrual.state, "proposed")
            accrual.move_id.action_post()
            self.assertEqual(len(accrual.reversal_id), 1)

    def test_an_entry_whose_reversal_is_posted_cannot_be_reset_alone(self):
        self.make_contract({"code": "bas", "billing_timing": "arrears"})
        accrual = self.accrual("10-31")
        accrual.action_propose()
        with freeze_time("2026-11-02"):
            accrual.move_id.action_post()
            self.assertEqual(accrual.reversal_id.state, "posted")
            with self.assertRaisesRegex(UserError, "reset that one to draft first"):
                accrual.move_id.button_draft()

    def test_own_accounts_come_before_the_charts(self):
        self.make_contract({"code": "bas", "billing_timing": "arrears"})
        self.company.linserv_accrued_account_id = self.account("1760")
        accrual = self.accrual("10-31")
        accrual.action_propose()
        self.assertEqual(set(accrual.move_id.line_ids.account_id.mapped("code")), {"1760", "3001"})

    def test_a_chart_without_the_accounts_is_told_what_to_do(self):
        self.make_contract({"code": "bas", "billing_timing": "arrears"})
        self.account("1790").deprecated = True
        with self.assertRaisesRegex(UserError, "choose the two accounts in the settings"):
            self.accrual("10-31").action_propose()

    def test_a_contract_in_euro_is_accrued_in_kronor(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
        self.env["res.currency.rate"].create({"currency_id": euro.id, "name": "2026-01-01", "rate": 1 / 11.0})
        contract = self.make_contract(
            {"code": "bas", "price_unit": 90.0, "billing_interval": "quarterly"}, currency_id=euro.id
        )
        self.bill("10-01", contract, mode="post")
        self.assertEqual(self.accrual("10-31").amount_prepaid, 656.41)

    def test_an_accountant_does_all_of_it_and_a_reader_nothing(self):
        contract = self.make_services()
        self.bill("10-01", contract, mode="post")
        accountant = new_test_user(self.env, "accountant", "account.group_account_invoice")
        form = Form(self.env["linserv.accrual"].with_user(accountant))
        form.date = day("10-12")
        accrual = form.save()
        accrual.action_propose()
        with freeze_time("2026-11-02"):
            accrual.move_id.action_post()
        self.assertEqual(accrual.reversal_id.state, "posted")
        reader = new_test_user(self.env, "reader", "linserv_contract.linserv_contract_group_user")
        with self.assertRaises(AccessError):
            accrual.with_user(reader).read(["date"])
        with self.assertRaises(AccessError):
            accrual.line_ids.with_user(accountant).write({"amount": 1.0})

    def test_another_company_sees_none_of_it(self):
        self.make_contract({"code": "bas", "billing_timing": "arrears"})
        accrual = self.accrual("10-31")
        company = self.env["res.company"].create({"name": "Annat bolag AB"})
        other = new_test_user(
            self.env, "other", "account.group_account_invoice", company_id=company.id, company_ids=[(6, 0, company.ids)]
        )
        self.assertTrue(accrual.line_ids)
        for model in ("linserv.accrual", "linserv.accrual.line"):
            self.assertFalse(self.env[model].with_user(other).search([]))
