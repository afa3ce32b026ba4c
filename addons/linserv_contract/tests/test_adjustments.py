from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from .common import ContractCase, day


class AdjustmentCase(ContractCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = patch.object(fields.Date, "context_today", lambda *_args: day("10-20"))
        today.start()
        cls.addClassCleanup(today.stop)
        cls.norrvik.lang = "en_US"  # texts are read here in the source's language, also where Swedish is installed
        cls.contract = cls.make_contract("bas")
        cls.subscription = cls.contract.subscription_ids
        cls.october = cls.bill("10-01", cls.contract, mode="post")

    def version(self, on, price, **values):
        values = {"subscription_id": self.subscription.id, "date_from": day(on), "price_unit": price, **values}
        return self.env["linserv.subscription.price"].create(values)

    def discount(self, percent, first, last=False):
        values = {"subscription_id": self.subscription.id, "percent": percent, "date_from": day(first)}
        return self.env["linserv.subscription.discount"].create({**values, "date_to": last and day(last)})

    def amounts(self, on, **values):
        return self.bill(on, self.contract, **values).invoice_line_ids.mapped("price_subtotal")

    def balance(self):
        """Return what all rows in force have come to."""
        rows = self.env["linserv.billed.period"].search([("contract_id", "=", self.contract.id)])
        return round(sum(rows.mapped("amount")), 2)


class TestAdjustments(AdjustmentCase):
    def test_rule_30_a_dearer_price_inside_a_billed_month_is_charged(self):
        self.version("10-16", 1000.0)
        move = self.bill("10-20", self.contract)
        self.assertEqual((move.move_type, move.amount_untaxed), ("out_invoice", 51.61))
        self.assertIn("16 of 31 days at", move.invoice_line_ids.filtered("price_unit").name)
        self.assertFalse(self.bill("10-20", self.contract))
        self.assertEqual(self.balance(), 951.61)

    def test_rule_30_a_cheaper_price_is_credited_by_a_credit_note(self):
        self.version("10-16", 800.0)
        move = self.bill("10-20", self.contract, mode="post")
        self.assertEqual((move.move_type, move.state), ("out_refund", "posted"))
        self.assertAlmostEqual(move.amount_untaxed, 51.62)
        row = move.invoice_line_ids.linserv_billed_period_ids
        self.assertEqual((row.layer, row.amount, row.value, row.value_before), (1, -51.62, 800.0, 900.0))
        self.assertEqual(self.balance(), 848.38)

    def test_rule_30_a_new_quantity_outlives_a_price_that_is_known_already(self):
        self.version("12-01", 1000.0)
        self.version("2027-02-01", 1000.0, quantity=5.0)
        self.subscription._set_price({"quantity": 2.0, "price_unit": 900.0}, day("10-16"))
        versions = self.subscription.price_ids.sorted("date_from")
        told = [(str(version.date_from), version.quantity, version.price_unit) for version in versions]
        self.assertEqual(
            told,
            [
                ("2026-10-01", 1.0, 900.0),
                ("2026-10-16", 2.0, 900.0),
                ("2026-12-01", 2.0, 1000.0),
                ("2027-02-01", 5.0, 1000.0),
            ],
        )

    def test_rule_30_a_credit_is_a_line_of_the_next_invoice(self):
        self.version("10-16", 800.0)
        move = self.bill("11-01", self.contract)
        self.assertEqual(move.move_type, "out_invoice")
        self.assertEqual(
            sorted(round(amount, 2) for amount in move.invoice_line_ids.mapped("price_subtotal")), [-51.62, 800.0]
        )

    def test_rule_31_a_price_is_put_right_from_its_first_day_and_what_was_billed_is_kept(self):
        first = self.subscription.price_ids
        self.subscription._set_price({"price_unit": 850.0}, day("10-01"))
        self.assertEqual(
            (first.active, first.price_unit, self.subscription.price_ids.price_unit), (False, 900.0, 850.0)
        )
        move = self.bill("10-20", self.contract)
        self.assertEqual((move.move_type, move.amount_untaxed), ("out_refund", 50.0))

    def test_rule_32_days_after_the_end_are_credited(self):
        self.subscription._end(day("10-15"))
        move = self.bill("10-20", self.contract)
        self.assertEqual((move.move_type, move.amount_untaxed), ("out_refund", 464.52))
        self.assertEqual(self.balance(), 435.48)

    def test_rule_32_a_service_that_goes_on_after_all_is_charged_again(self):
        self.subscription._end(day("10-15"))
        self.bill("10-20", self.contract)
        self.subscription.write({"state": "active", "date_end": False})
        self.assertEqual(self.amounts("10-21"), [464.52])
        self.assertEqual(self.balance(), 900.0)

    def test_rule_33_a_cancelled_credit_is_owed_again(self):
        self.subscription._end(day("10-15"))
        self.bill("10-20", self.contract).button_cancel()
        self.assertEqual(self.bill("10-21", self.contract).amount_untaxed, 464.52)

    def test_rule_33_the_first_invoice_credited_in_full_after_a_credit_leaves_what_was_used(self):
        self.subscription._end(day("10-15"))
        self.bill("10-20", self.contract, mode="post")
        self.october._reverse_moves([{"invoice_date": day("10-21")}], cancel=True)
        self.bill("10-21", self.contract)
        self.assertEqual(self.balance(), 435.48)
        self.assertFalse(self.bill("10-22", self.contract))

    def credit_by_hand(self, amount):
        credit = self.october._reverse_moves([{"invoice_date": day("10-18")}])
        line = credit.invoice_line_ids.filtered("price_unit")
        credit.write({"invoice_line_ids": [(1, line.id, {"price_unit": amount})]})
        credit.action_post()

    def test_rule_35_what_was_credited_by_hand_is_not_credited_again(self):
        self.credit_by_hand(400.0)
        self.subscription._end(day("10-15"))
        move = self.bill("10-20", self.contract)
        self.assertEqual((move.move_type, move.amount_untaxed), ("out_refund", 64.52))
        self.assertFalse(self.bill("10-21", self.contract))

    def test_rule_35_a_gift_never_becomes_a_charge(self):
        self.credit_by_hand(400.0)
        self.assertFalse(self.bill("10-20", self.contract))
        self.subscription._end(day("10-15"))
        self.bill("10-20", self.contract)
        self.subscription.write({"state": "active", "date_end": False})
        self.assertEqual(self.amounts("10-21"), [64.52])

    def test_a_period_billed_elsewhere_is_never_adjusted(self):
        self.env["linserv.billed.period"].create(
            {"subscription_id": self.subscription.id, "date_from": day("11-01"), "date_to": day("11-30")}
        )
        self.version("11-16", 1000.0)
        self.assertFalse(self.bill("11-20", self.contract))

    @mute_logger("odoo.sql_db")
    def test_rule_34_the_database_refuses_a_second_adjustment_of_a_day(self):
        self.version("10-16", 800.0)
        row = self.bill("10-20", self.contract).invoice_line_ids.linserv_billed_period_ids
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            row.copy({"layer": 1, "date_from": day("10-31"), "date_to": day("10-31")}).flush()
        self.assertTrue(row.copy({"layer": 2}))

    def test_after_billing_the_rhythm_stays(self):
        with self.assertRaisesRegex(UserError, "can no longer change"):
            self.subscription.billing_interval = "yearly"
        self.subscription.billing_interval = "monthly"


class TestDiscountsAndPauses(AdjustmentCase):
    def test_rule_26_a_discount_stands_on_the_invoice_line(self):
        self.discount(10.0, "11-01", "11-30")
        line = self.bill("11-01", self.contract).invoice_line_ids
        self.assertEqual((line.price_unit, line.discount, line.price_subtotal), (900.0, 10.0, 810.0))
        self.assertEqual(self.amounts("12-01"), [900.0])

    def test_rule_26_a_discount_on_billed_days_is_credited_and_taken_back(self):
        discount = self.discount(10.0, "10-16")
        self.assertEqual(self.amounts("10-20"), [46.46])
        discount.unlink()
        self.assertEqual(self.amounts("10-21"), [46.46])
        self.assertEqual(self.balance(), 900.0)

    @mute_logger("odoo.sql_db")
    def test_one_discount_a_day(self):
        self.discount(10.0, "11-01")
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            self.discount(20.0, "12-01")

    def test_rule_27_paused_days_cost_nothing_and_the_service_goes_on(self):
        self.subscription._pause(day("11-11"))
        self.assertEqual(self.amounts("12-01"), [300.0])
        self.subscription._resume(day("12-16"))
        self.assertEqual(self.amounts("12-20"), [464.52])
        self.assertEqual(self.amounts("2027-01-01"), [900.0])

    def test_rule_27_paused_days_that_are_billed_are_credited(self):
        self.subscription._pause(day("10-16"), day("10-31"))
        move = self.bill("10-20", self.contract)
        self.assertEqual((move.move_type, move.amount_untaxed), ("out_refund", 464.52))

    def test_resuming_before_it_began_takes_the_pause_away(self):
        self.subscription._pause(day("11-11"))
        self.subscription._resume(day("11-01"))
        self.assertFalse(self.subscription.pause_ids)
        self.assertEqual(self.amounts("11-01"), [900.0])


class TestTiers(AdjustmentCase):
    def tiered(self, mode, quantity, **values):
        contract = self.make_contract({"code": "epost", "price_unit": 100.0, "quantity": quantity})
        price = contract.subscription_ids.price_ids
        tiers = [(0, 0, {"quantity_above": above, "price_unit": unit}) for above, unit in ((10, 80.0), (50, 60.0))]
        price.write({"tier_mode": mode, "tier_ids": tiers, **values})
        return self.bill("10-01", contract).invoice_line_ids

    def test_rule_24_graduated(self):
        line = self.tiered("graduated", 60)
        self.assertEqual((line.quantity, line.price_unit), (1, 100 * 10 + 80 * 40 + 60 * 10))
        self.assertIn("60 units by price tiers", line.name)

    def test_rule_24_volume(self):
        line = self.tiered("volume", 60)
        self.assertEqual((line.quantity, line.price_unit, line.price_subtotal), (60, 60.0, 3600.0))

    def test_rule_25_minimum(self):
        line = self.tiered("volume", 2, minimum_amount=500.0)
        self.assertEqual((line.quantity, line.price_unit), (1, 500.0))
        self.assertIn("Minimum fee", line.name)
        self.assertEqual(self.tiered("volume", 2, minimum_quantity=5).price_subtotal, 500.0)

    def test_in_the_form_a_price_has_tiers(self):
        form = Form(self.subscription)
        with form.price_ids.new() as price:
            price.date_from = day("11-01")
            price.price_unit = 700.0
            price.minimum_amount = 100.0
            with price.tier_ids.new() as tier:
                tier.quantity_above = 5.0
                tier.price_unit = 600.0
        with form.discount_ids.new() as discount:
            discount.percent = 50.0
            discount.date_from = day("11-01")
        form.save()
        self.assertEqual(self.subscription.price_ids._in_force(day("11-01")).tier_ids.price_unit, 600.0)
        self.assertEqual(self.amounts("11-01"), [350.0])

    def test_a_change_keeps_the_tiers(self):
        price = self.version(
            "11-01", 100.0, quantity=20.0, tier_ids=[(0, 0, {"quantity_above": 10, "price_unit": 80.0})]
        )
        self.subscription._set_price({"quantity": 30.0}, day("12-01"))
        self.assertEqual(self.subscription.price_ids._in_force(day("12-01")).tier_ids.mapped("price_unit"), [80.0])
        self.assertEqual(price.tier_ids.mapped("price_unit"), [80.0])

    def test_a_tier_of_a_billed_price_stays(self):
        line = self.tiered("volume", 60)
        with self.assertRaisesRegex(UserError, "has been billed"):
            line.linserv_billed_period_ids.price_id.tier_ids[0].price_unit = 1.0


class TestOnce(AdjustmentCase):
    def test_rule_28_a_one_off_charge_is_billed_once_on_its_day(self):
        charge = self.contract._charge_once(
            "epost", day("10-25"), 2.0, 950.0, text="Två utbildningsdagar", origin="a,1"
        )
        self.assertFalse(self.bill("10-24", self.contract))
        line = self.bill("10-25", self.contract).invoice_line_ids
        self.assertEqual((line.quantity, line.price_unit, line.price_subtotal), (2.0, 950.0, 1900.0))
        self.assertIn("Två utbildningsdagar", line.name)
        self.assertFalse(self.bill("10-26", self.contract))
        self.assertEqual((charge, self.subscription), (self.contract.once_ids, self.contract.recurring_ids))

    def test_rule_28_the_same_origin_is_charged_once(self):
        one = self.contract._charge_once("epost", day("10-25"), price_unit=1.0, origin="ticket,7")
        self.assertEqual(self.contract._charge_once("epost", day("10-26"), price_unit=2.0, origin="ticket,7"), one)
        self.assertEqual(len(self.contract.once_ids), 1)

    def test_rule_28_a_pause_or_end_of_the_contract_does_not_touch_it(self):
        self.contract.date_end = day("10-31")
        self.contract.action_end()
        self.contract._charge_once("epost", day("11-05"), price_unit=500.0, origin="last hours")
        self.assertEqual(self.amounts("11-05"), [500.0])

    def test_in_the_form_a_one_off_charge_stays_one(self):
        form = Form(self.contract)
        with form.once_ids.new() as line:
            line.service_id = self.service("epost")
            line.date_start = day("10-25")
            line.price_unit = 9900.0
        form.save()
        charge = self.contract.once_ids
        self.assertEqual((charge.billing_interval, charge.date_end), ("once", day("10-25")))
        charge.date_start = day("10-22")
        self.assertEqual((charge.date_end, self.amounts("10-22")), (day("10-22"), [9900.0]))

    def test_a_duplicated_contract_has_the_services_only(self):
        self.contract._charge_once("epost", day("10-25"), price_unit=500.0)
        self.assertEqual(self.contract.copy().subscription_ids.service_id, self.service("bas"))


class TestChange(AdjustmentCase):
    def wizard(self, kind, **values):
        self.subscription.invalidate_cache()
        form = Form(
            self.env["linserv.subscription.change"].with_context(
                default_subscription_id=self.subscription.id, default_kind=kind
            )
        )
        for name, value in values.items():
            setattr(form, name, value)
        return form.save()

    def test_from_the_next_period_by_default(self):
        wizard = self.wizard("change", price_unit=1000.0)
        self.assertEqual((wizard.date, wizard.amount_difference), (day("11-01"), 0.0))
        wizard.action_apply()
        self.assertEqual(self.amounts("11-01"), [1000.0])

    def test_in_mid_month_the_preview_is_what_is_billed(self):
        wizard = self.wizard("change", when="day", date=day("10-16"), quantity=2.0)
        self.assertEqual(wizard.amount_difference, 464.51)
        self.assertIn("16 of 31 days", wizard.preview)
        wizard.action_apply()
        self.assertEqual(self.amounts("10-20"), [464.51])

    def test_ending_inside_a_paid_month_makes_the_credit_note_now(self):
        wizard = self.wizard("end", date=day("10-15"))
        self.assertEqual(wizard.amount_difference, -464.52)
        move = self.env["account.move"].browse(wizard.action_apply_and_credit()["res_id"])
        self.assertEqual((move.move_type, move.state, move.amount_untaxed), ("out_refund", "draft", 464.52))
        self.assertEqual(move.linserv_billing_run_id.state, "done")
        self.assertFalse(self.bill("10-20", self.contract))

    def test_nothing_is_written_by_the_preview(self):
        self.wizard("change", when="day", date=day("10-16"), price_unit=1.0)
        self.assertEqual(self.subscription.price_ids.mapped("price_unit"), [900.0])
        self.assertFalse(self.bill("10-20", self.contract))


class TestShown(AdjustmentCase):
    def test_the_customer_sees_discount_pause_one_off_and_why_the_next_invoice_is_lower(self):
        self.discount(10.0, "10-16")
        self.contract._charge_once("epost", day("10-25"), 2.0, 950.0, text="Utbildning")
        self.subscription._pause(day("10-20"))
        values = self.contract._prepare_portal_values()
        (service,) = values["services"]
        self.assertEqual((service["discount"], service["paused"], service["tiers"]), ("10", True, []))
        (once,) = values["one_off"]
        self.assertEqual((once["text"], once["amount"], once["billed"]), ("Utbildning", 1900.0, False))
        notes = [charge["note"] for charge in values["next_invoice"]["charges"]]
        self.assertIn("Changed price: 4 of 31 days", notes[0])
        self.assertIn("Credit of days without the service: 12 of 31 days", notes[1])

    def test_the_invoice_is_written_in_the_customers_language(self):
        self.subscription._end(day("10-15"))
        line = self.bill("10-20", self.contract).invoice_line_ids.filtered("price_unit")
        self.assertIn("16", line.name)
        self.assertEqual((line.linserv_date_from, line.linserv_date_to), (day("10-16"), day("10-31")))


class TestDue(AdjustmentCase):
    def due(self, on):
        return self.contract.id in self.contract._search_due(self.company, day(on))

    def test_rule_37_billed_it_is_due_on_the_first_day_of_the_next_period(self):
        self.assertEqual(self.subscription.date_next_due, day("11-01"))
        self.assertEqual((self.due("10-31"), self.due("11-01")), (False, True))

    def test_rule_37_whatever_changes_the_bill_makes_it_due(self):
        changes = [
            lambda: self.version("10-16", 800.0),
            lambda: self.discount(5.0, "12-01"),
            lambda: self.subscription._pause(day("12-11")),
            lambda: self.subscription.write({"date_end": day("12-31")}),
            lambda: self.contract.write({"date_end": day("12-31")}),
            lambda: self.october.button_draft() or self.october.button_cancel(),
        ]
        for number, change in enumerate(changes):
            self.contract._refresh_next_due(self.contract._plan(day("10-01")))
            self.assertTrue(self.subscription.date_next_due, number)
            change()
            self.assertFalse(self.subscription.date_next_due, number)
            self.assertTrue(self.due("10-02"), number)

    def test_a_deleted_draft_makes_it_due(self):
        november = self.bill("11-01", self.contract)
        self.assertFalse(self.due("11-02"))
        november.unlink()
        self.assertTrue(self.due("11-02"))

    def test_what_is_never_due_again_is_not_asked(self):
        self.subscription._end(day("10-31"))
        self.contract._refresh_next_due()
        self.assertFalse(self.due("2090-01-01"))
