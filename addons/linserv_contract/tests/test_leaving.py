from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from .common import ContractCase, day


class TestEarlyExit(ContractCase):
    """Rule 66: what is owed when a contract is left before its term ends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make_contract("bas", date_first_invoice=day("10-01"))
        cls.bound = cls.contract._prepare_notice(fields.Date.context_today(cls.contract))["date_end"]
        cls.two_months_left = fields.Date.subtract(cls.bound + timedelta(days=1), months=2) - timedelta(days=1)

    def test_rule_66_the_rest_of_the_term_is_owed(self):
        planned = self.contract._prepare_exit(self.two_months_left)
        self.assertEqual((planned["date_bound"], planned["amount"]), (self.bound, 1800.0))

    def test_rule_66_a_part_of_a_month_is_owed_by_days(self):
        self.assertEqual(self.contract._prepare_exit(self.bound - timedelta(days=15))["amount"], 450.0)

    def test_rule_66_it_is_charged_once_and_nothing_after(self):
        self.bill("12-01", self.contract)
        charge = self.contract._leave_early(day("12-31"), 5000.0, "customer", "Flyttar")
        self.assertEqual((self.contract.date_end, charge.billing_interval), (day("12-31"), "once"))
        self.assertEqual(self.bill("2027-02-01", self.contract).amount_untaxed, 5000.0)
        self.assertFalse(self.bill("2027-03-01", self.contract))

    def test_rule_66_what_is_billed_beyond_is_credited(self):
        self.bill("12-01", self.contract)
        self.contract._leave_early(day("12-16"), 0.0)
        self.assertEqual(self.bill("12-20", self.contract).amount_untaxed_signed, -435.48)

    def test_rule_66_withdrawn_the_fee_is_gone(self):
        today = fields.Date.context_today(self.contract)
        self.contract._leave_early(today + timedelta(days=1), 5000.0)
        self.contract._withdraw_notice()
        self.assertFalse(self.contract.once_ids or self.contract.is_early_exit or self.contract.date_end)
        self.contract._leave_early(today + timedelta(days=1), 4000.0)
        self.assertEqual(self.contract.once_ids.price_unit, 4000.0)

    def test_rule_66_at_the_end_of_the_term_it_is_not_early(self):
        with self.assertRaisesRegex(UserError, "not early"):
            self.contract._prepare_exit(self.bound)

    def test_the_wizard_proposes_what_is_owed(self):
        form = Form(self.env["linserv.contract.exit"].with_context(default_contract_id=self.contract.id))
        form.date = self.two_months_left
        self.assertEqual((form.amount_owed, form.amount), (1800.0, 1800.0))
        form.amount = 900.0
        form.save().action_leave()
        self.assertEqual(self.contract.once_ids.price_unit, 900.0)


class TestPause(ContractCase):
    """Rule 69: paused days cost nothing, the term stays, and a backup is not paused alone."""

    def pause(self, contract, start, end=False, services=None):
        wizard = self.env["linserv.contract.pause"].create({"contract_id": contract.id, "date_from": day(start)})
        wizard.date_to = end and day(end)
        wizard.subscription_ids = services or wizard.subscription_ids
        return wizard

    def test_rule_69_paused_and_resumed(self):
        contract = self.make_contract("backup", "drift", date_first_invoice=day("10-01"))
        bound = contract.date_term_end
        self.pause(contract, "11-01").action_pause()
        self.pause(contract, "12-01").action_resume()
        self.bill("12-01", contract)
        self.assertEqual(set(self.billed(contract)), {"2026-10-01/2026-10-31", "2026-12-01/2026-12-31"})
        self.assertEqual(contract.date_term_end, bound)

    def test_rule_65_a_backup_is_not_paused_alone(self):
        contract = self.make_contract("backup", "drift")
        backup, drift = contract.subscription_ids
        with self.assertRaisesRegex(ValidationError, "FS 90/4"), self.env.cr.savepoint():
            self.pause(contract, "11-01", services=backup).action_pause()
        self.pause(contract, "11-01", services=drift).action_pause()
        self.assertTrue(drift.pause_ids)

    def test_rule_65_ending_a_backup_proposes_to_end_both(self):
        backup, drift = self.make_contract("backup", "drift").subscription_ids
        values = {"subscription_id": backup.id, "kind": "end"}
        wizard = self.env["linserv.subscription.change"].create(values)
        wizard.date = day("2027-01-31")
        self.assertEqual(wizard.dependent_ids, drift)
        with self.assertRaisesRegex(ValidationError, "FS 90/4"), self.env.cr.savepoint():
            wizard.action_apply()
        wizard.end_dependents = True
        wizard.action_apply()
        self.assertEqual((backup | drift).mapped("date_end"), [day("2027-01-31")] * 2)


class TestTransfer(ContractCase):
    """Rule 67: handed over to another company with no day lost or billed twice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.make_customer("Norrvik Fastighet AB")
        cls.make_reading(12345, "09-28")
        cls.contract = cls.make_contract("backup", "drift", "maintenance", date_first_invoice=day("10-01"))

    def hand_over(self, date, **values):
        vals = {"contract_id": self.contract.id, "partner_id": self.group.id, "date": date, **values}
        transfer = self.env["linserv.contract.transfer"].create(vals)
        transfer.action_confirm()
        return transfer

    def test_rule_67_every_day_is_billed_once_to_whom_it_belongs(self):
        self.bill("10-01", self.contract)
        transfer = self.hand_over(day("10-17"))
        new = transfer.new_contract_ids
        self.assertEqual((self.contract.state, self.contract.date_end), ("ended", day("10-16")))
        self.assertEqual((new.state, new.date_start, new.partner_id), ("active", day("10-17"), self.group))
        self.assertEqual(self.instance.partner_id, self.group)
        credit, invoice = self.bill("10-17", self.contract), self.bill("10-17", new)
        month = 900.0 * 2 + 21700.0
        self.assertAlmostEqual(credit.amount_untaxed_signed, -round(month * 15 / 31, 2), delta=0.02)
        self.assertEqual((invoice.commercial_partner_id, invoice.amount_untaxed), (self.group, month))

    def test_rule_67_prices_and_term_go_on(self):
        version = {"subscription_id": self.contract.subscription_ids[0].id, "date_from": day("2027-01-01")}
        self.env["linserv.subscription.price"].create({**version, "price_unit": 950.0})
        new = self.hand_over(day("10-17")).new_contract_ids
        self.assertEqual(new.date_first_invoice, day("10-01"))
        prices = new.subscription_ids[0].price_ids.sorted("date_from")
        self.assertEqual(
            [(one.date_from, one.price_unit) for one in prices], [(day("10-17"), 900.0), (day("2027-01-01"), 950.0)]
        )

    def test_rule_67_twice_is_once(self):
        transfer = self.hand_over(day("10-17"))
        self.assertEqual(transfer._hand_over(), transfer.new_contract_ids)
        self.assertEqual(len(transfer.new_contract_ids), 1)

    def test_rule_67_a_day_ahead_is_planned_and_done_by_the_scheduled_action(self):
        today = fields.Date.context_today(self.contract)
        transfer = self.hand_over(today + timedelta(days=3))
        self.assertEqual((transfer.state, self.contract.state), ("planned", "active"))
        transfers = self.env["linserv.contract.transfer"]
        self.assertNotIn(transfer, transfers._hand_over_due(today))
        transfers._hand_over_due(today + timedelta(days=3))
        self.assertEqual((transfer.state, self.contract.state), ("planned", "active"))

    def test_rule_67_contracts_on_one_instance_go_together(self):
        other = self.make_contract("bas")
        transfer = self.hand_over(day("10-17"))
        self.assertEqual(transfer.together_ids | other, transfer.together_ids)
        self.assertEqual((other.state, len(transfer.new_contract_ids)), ("ended", 2))

    def test_rule_67_not_to_the_same_customer(self):
        with self.assertRaisesRegex(ValidationError, "that customer's already"):
            self.hand_over(day("10-17"), partner_id=self.norrvik.id)
