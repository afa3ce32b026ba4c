from datetime import timedelta

import psycopg2

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from .common import ContractCase, day


class TestContract(ContractCase):
    def test_a_contract_has_a_number_of_its_own(self):
        one, other = self.make_contract("bas"), self.make_contract("bas")
        self.assertTrue(one.name.startswith("LC"))
        self.assertNotEqual(one.name, other.name)

    def test_activating_puts_its_services_into_force(self):
        contract = self.make_contract("bas", "backup")
        self.assertEqual((contract.state, contract.subscription_ids.mapped("state")), ("active", ["active", "active"]))

    def test_a_contract_without_services_is_not_activated(self):
        with self.assertRaisesRegex(UserError, "has no services"):
            self.make_contract()

    def test_a_service_added_to_a_contract_in_force_is_in_force(self):
        contract = self.make_contract("bas")
        self.assertEqual(self.subscribe(contract, "backup").state, "active")

    def test_a_contract_in_force_is_ended_and_not_cancelled_or_deleted(self):
        contract = self.make_contract("bas")
        with self.assertRaisesRegex(UserError, "cannot become cancelled"):
            contract.action_cancel()
        with self.assertRaisesRegex(UserError, "End the contract instead"):
            contract.unlink()
        with self.assertRaisesRegex(UserError, "last day"):
            contract.action_end()

    def test_a_draft_is_cancelled_and_taken_up_again(self):
        contract = self.make_contract("bas", state="draft")
        contract.action_cancel()
        self.assertEqual(contract.subscription_ids.state, "cancelled")
        contract.action_draft()
        self.assertEqual(contract.subscription_ids.state, "draft")

    def test_ending_the_contract_ends_its_services(self):
        contract = self.make_contract("bas", {"code": "backup", "date_start": day("12-01")})
        contract.date_end = day("11-30")
        contract.action_end()
        self.assertEqual(contract.subscription_ids.mapped("state"), ["ended", "cancelled"])
        self.assertEqual(contract.subscription_ids[0].date_end, day("11-30"))

    def test_a_stop_inside_a_billed_period_says_what_is_credited(self):
        contract = self.make_contract("bas")
        self.bill("10-01", contract)
        contract.date_end = day("10-15")
        contract.action_end()
        self.assertIn("the next invoice credits", contract.message_ids[0].body)
        self.assertIn("464.52", contract.message_ids[0].body)

    def test_once_billed_the_terms_that_made_the_periods_stay(self):
        contract = self.make_contract("bas")
        self.bill("10-01", contract)
        with self.assertRaisesRegex(ValidationError, "can no longer change"):
            contract.date_start = day("09-01")
        with self.assertRaisesRegex(ValidationError, "another customer"):
            contract.partner_id = self.make_customer("Someone else")
        with self.assertRaisesRegex(UserError, "has been billed"):
            contract.subscription_ids.date_start = day("11-01")
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            contract.subscription_ids.unlink()

    def test_an_instance_of_another_customer_is_refused(self):
        instance = self.make_instance(self.make_customer("Sydvik AB"), "sydvik-prod")
        contract = self.make_contract("bas")
        with self.assertRaisesRegex(ValidationError, "belongs to Sydvik AB"):
            self.subscribe(contract, "backup", instance_id=instance.id)

    def test_a_service_per_instance_needs_one(self):
        with self.assertRaisesRegex(ValidationError, "choose the instance"):
            self.make_contract({"code": "bas", "instance_id": False})

    def test_a_service_cannot_start_before_its_contract(self):
        with self.assertRaisesRegex(ValidationError, "before the contract"):
            self.make_contract({"code": "bas", "date_start": day("09-01")})

    @mute_logger("odoo.sql_db")
    def test_a_contract_cannot_end_before_it_starts(self):
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            self.make_contract("bas", date_end=day("09-01")).flush()

    def test_an_instance_knows_its_contracts(self):
        contract = self.make_contract("bas", "backup")
        self.assertEqual(self.instance.contract_ids, contract)
        self.assertEqual(contract.instance_ids, self.instance)


class TestPrices(ContractCase):
    def test_the_price_of_the_service_unless_agreed_otherwise(self):
        contract = self.make_contract("maintenance", {"code": "maintenance", "price_unit": 150.0})
        self.assertEqual(contract.subscription_ids.mapped("price_unit"), [175.0, 150.0])

    def test_a_new_price_holds_from_today_and_keeps_the_past(self):
        subscription = self.make_contract("bas", start="2025-01-01").subscription_ids
        subscription.price_unit = 950.0
        today = fields.Date.context_today(subscription)
        versions = [(version.date_from, version.price_unit) for version in subscription.price_ids.sorted("date_from")]
        self.assertEqual(versions, [(day("2025-01-01"), 900.0), (today, 950.0)])
        self.assertEqual(subscription.price_unit, 950.0)

    def test_a_drafts_price_is_corrected_in_place(self):
        subscription = self.make_contract("bas", state="draft", start="2025-01-01").subscription_ids
        subscription.price_unit = 950.0
        self.assertEqual(subscription.price_ids.mapped("price_unit"), [950.0])

    def test_a_price_from_a_day_on_the_contract_is_billed_from_that_day(self):
        contract = self.make_contract("bas")
        self.env["linserv.subscription.price"].create(
            {"subscription_id": contract.subscription_ids.id, "date_from": day("11-01"), "price_unit": 950.0}
        )
        lines = self.bill("11-01", contract).invoice_line_ids
        self.assertEqual(lines.mapped("price_subtotal"), [900.0, 950.0])

    def test_a_price_that_was_billed_cannot_change(self):
        contract = self.make_contract("bas")
        self.bill("10-01", contract)
        version = contract.subscription_ids.price_ids
        with self.assertRaisesRegex(UserError, "has been billed"):
            version.price_unit = 1.0
        with self.assertRaisesRegex(UserError, "has been billed"):
            version.unlink()

    def test_a_new_price_in_a_billed_month_can_be_put_right_until_it_is_billed(self):
        start = fields.Date.context_today(self.norrvik) - timedelta(days=10)
        contract = self.make_contract("bas", start=str(start))
        self.bill(str(start), contract)
        subscription = contract.subscription_ids
        before = subscription.price_ids
        subscription.write({"price_unit": 950.0, "quantity": 2.0})
        subscription.price_unit = 960.0
        self.assertEqual((before.price_unit, before.quantity), (900.0, 1.0))
        self.assertEqual((subscription.price_unit, subscription.quantity), (960.0, 2.0))

    def test_in_the_form_the_service_gives_price_and_quantity_one(self):
        form = Form(self.env["linserv.contract"])
        form.partner_id = self.norrvik
        form.date_start = day("10-01")
        with form.recurring_ids.new() as line:
            line.service_id = self.service("maintenance")
            line.instance_id = self.instance
            line.price_unit = 160.0
            line.date_start = day("10-05")
        subscription = form.save().subscription_ids
        self.assertEqual((subscription.price_unit, subscription.quantity), (160.0, 1.0))
        self.assertEqual(subscription.price_ids.date_from, day("10-05"))

    def test_a_duplicate_has_todays_price_and_no_history(self):
        copy = self.make_contract({"code": "epost", "price_unit": 123.0, "quantity": 2.0}).copy()
        version = copy.subscription_ids.price_ids
        self.assertEqual((version.price_unit, version.quantity, copy.state), (123.0, 2.0, "draft"))

    def test_a_fixed_quantity_of_its_own(self):
        contract = self.make_contract({"code": "epost", "quantity": 3.0, "price_unit": 100.0})
        line = self.bill("10-01", contract).invoice_line_ids
        self.assertEqual((line.quantity, line.price_subtotal), (3.0, 300.0))

    def test_the_first_price_moves_with_the_start(self):
        subscription = self.make_contract("bas", state="draft").subscription_ids
        subscription.date_start = day("10-10")
        self.assertEqual(subscription.price_ids.date_from, day("10-10"))
