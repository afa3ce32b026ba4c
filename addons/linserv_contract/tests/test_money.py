from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import ContractCase, day


@tagged("post_install", "-at_install")
class MoneyCase(ContractCase):
    """Today is 20 October 2026; what comes to more than one rule at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = patch.object(fields.Date, "context_today", lambda *_args: day("10-20"))
        today.start()
        cls.addClassCleanup(today.stop)

    def amounts(self, on, contract):
        """Return what a billing on that day charges, line by line; what it credits is negative."""
        moves = self.bill(on, contract)
        sign = -1 if moves.move_type == "out_refund" else 1
        return sorted(round(sign * line.price_subtotal, 2) for line in moves.invoice_line_ids if line.product_id)

    def balance(self, contract):
        rows = self.env["linserv.billed.period"].search([("contract_id", "=", contract.id)])
        return round(sum(rows.mapped("amount")), 2)

    def version(self, subscription, on, price, quantity=1.0):
        values = {"subscription_id": subscription.id, "date_from": day(on), "price_unit": price, "quantity": quantity}
        return self.env["linserv.subscription.price"].create(values)

    def in_force(self, subscription, on):
        version = subscription.price_ids._in_force(day(on))
        return version.price_unit, version.quantity


class TestReversedCredit(MoneyCase):
    """Rule 33: the run's own credit note, reversed by an accountant."""

    def setUp(self):
        super().setUp()
        self.contract = self.make_contract("bas")
        self.bill("10-01", self.contract, mode="post")
        self.contract.subscription_ids._end(day("10-15"))
        self.credit = self.bill("10-20", self.contract, mode="post")

    def test_rule_33_a_reversed_credit_note_is_owed_again(self):
        entry = self.credit._reverse_moves([{"date": day("10-20")}], cancel=True)
        self.assertEqual((entry.move_type, self.balance(self.contract)), ("entry", 900.0))
        self.assertEqual(self.amounts("10-22", self.contract), [-464.52])
        self.assertEqual(self.balance(self.contract), 435.48)

    def test_rule_33_a_part_of_it_taken_back_leaves_it_as_it_is(self):
        entry = self.credit._reverse_moves([{"date": day("10-20")}])
        sold, tax, owed = entry.line_ids.sorted("balance")
        half = {"credit": 200.0}, {"credit": 0.0}, {"debit": 200.0}
        entry.write({"line_ids": [(1, line.id, vals) for line, vals in zip((sold, tax, owed), half)]})
        entry.action_post()
        self.assertFalse(self.bill("10-22", self.contract))

    def test_rule_19_a_credit_note_replaced_by_a_new_draft(self):
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=self.credit.ids)
        wizard = wizard.create({"refund_method": "modify", "date": day("10-20")})
        wizard.reverse_moves()
        self.assertEqual(wizard.new_move_ids.linserv_contract_ids, self.contract)
        self.assertFalse(self.bill("10-22", self.contract))
        wizard.new_move_ids.unlink()
        self.assertEqual(self.amounts("10-22", self.contract), [-464.52])


class TestChangeBeforeAnother(MoneyCase):
    """Rule 38: a change of today meets one that was agreed for later."""

    def setUp(self):
        super().setUp()
        self.contract = self.make_contract("bas")
        self.subscription = self.contract.subscription_ids
        self.bill("10-01", self.contract)

    def change(self, on, **values):
        defaults = {"subscription_id": self.subscription.id, "kind": "change", "when": "day", "date": day(on)}
        return self.env["linserv.subscription.change"].create({**defaults, **values})

    def test_rule_38_a_second_user_from_december_is_there_in_january_when_the_price_changes(self):
        self.version(self.subscription, "2027-01-01", 927.0)
        self.change("12-01", price_unit=900.0, quantity=2.0).action_apply()
        self.assertEqual(self.in_force(self.subscription, "12-31"), (900.0, 2.0))
        self.assertEqual(self.in_force(self.subscription, "2027-01-01"), (927.0, 2.0))

    def test_rule_38_what_was_agreed_for_itself_stays(self):
        self.version(self.subscription, "11-01", 900.0, 3.0)
        self.version(self.subscription, "12-01", 900.0, 1.0)
        self.subscription._set_price({"quantity": 2.0}, day("10-16"))
        found = [self.in_force(self.subscription, on) for on in ("10-16", "11-01", "12-01")]
        self.assertEqual(found, [(900.0, 2.0), (900.0, 3.0), (900.0, 1.0)])

    def test_rule_38_the_preview_is_what_is_billed_also_of_later_versions(self):
        self.version(self.subscription, "10-25", 1000.0)
        wizard = self.change("10-16", price_unit=900.0, quantity=2.0)
        planned = wizard.amount_difference
        wizard.action_apply()
        self.assertEqual(round(sum(self.amounts("10-20", self.contract)), 2), round(planned, 2))
        self.assertEqual(self.balance(self.contract), round(435.48 + 2 * 9 * 900 / 31 + 2 * 7 * 1000 / 31, 2))

    def test_rule_38_the_price_of_the_day_is_proposed(self):
        self.version(self.subscription, "11-01", 927.0)
        self.version(self.subscription, "12-01", 950.0)
        context = {"default_subscription_id": self.subscription.id, "default_kind": "change"}
        form = Form(self.env["linserv.subscription.change"].with_context(**context))
        self.assertEqual((form.date, form.price_unit), (day("11-01"), 927.0))
        form.quantity = 2.0
        form.when = "day"
        form.date = day("12-01")
        self.assertEqual((form.price_unit, form.quantity), (950.0, 2.0))
        form.price_unit = 940.0
        form.date = day("11-01")
        self.assertEqual((form.price_unit, form.quantity), (940.0, 2.0))

    def test_rule_32_the_last_day_is_moved_back_and_forth(self):
        for last in ("10-31", "11-15", "11-10"):
            self.change(last, kind="end").action_apply()
            self.assertEqual((self.subscription.state, self.subscription.date_end), ("ended", day(last)))
        self.assertEqual(self.amounts("11-01", self.contract), [300.0])


class TestTakenBack(MoneyCase):
    """Rule 28: one-off charges that are taken back."""

    def test_rule_28_one_that_was_invoiced_and_credited_is_not_charged_again(self):
        contract = self.make_contract("bas")
        charge = contract._charge_once("fee", day("10-05"), price_unit=9900.0, origin="order,1")
        self.bill("10-05", contract, mode="post")._reverse_moves([{"invoice_date": day("10-06")}], cancel=True)
        contract._uncharge_once(charge)
        self.assertEqual((charge.state, charge.origin_key), ("cancelled", False))
        self.assertEqual(self.amounts("10-07", contract), [900.0])
        self.assertNotEqual(contract._charge_once("fee", day("10-08"), price_unit=9900.0, origin="order,1"), charge)

    def test_rule_79_a_pack_is_credited_at_what_was_paid(self):
        contract = self.make_contract("bas")
        pack = contract._buy_pack(25, "order,1", price_unit=25000.0, date=day("10-01"))
        values = {"subscription_id": pack.subscription_id.id, "percent": 20, "date_from": day("10-01")}
        self.env["linserv.subscription.discount"].create(values)
        self.assertEqual(self.amounts("10-01", contract), [900.0, 20000.0])
        pack.action_cancel()
        self.assertEqual(self.amounts("10-20", contract), [-20000.0])

    def test_rule_76_twenty_minutes_are_a_third_of_an_hour(self):
        level = self.env.ref("linserv_contract.linserv_hour_level_agreement")
        price = {"level_id": level.id, "price_unit": 1200, "date_from": "2020-01-01"}
        self.env["linserv.hour.price"].create(price)
        contract = self.make_contract("bas", hour_minimum=10, hour_step=10)
        values = {"contract_id": contract.id, "date": day("10-10"), "minutes": 20, "name": "x", "origin_name": "#1"}
        work_type = self.env["linserv.work.type"]._get("training")
        self.env["linserv.hour.entry"].create({**values, "work_type_id": work_type.id})
        move = self.bill("11-01", contract)
        line = move.invoice_line_ids.filtered(lambda each: each.price_subtotal == 400.0)
        self.assertIn("0:20", line.name)


class TestHandedOver(MoneyCase):
    """Rule 67: all that was agreed goes along."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.make_customer("Norrvik Fastighet AB")
        cls.contract = cls.make_contract("bas", "maintenance")
        cls.bas, cls.maintenance = cls.contract.subscription_ids
        tier = {"quantity_above": 10, "price_unit": 100}
        cls.maintenance.price_ids.write({"tier_ids": [(0, 0, tier)], "minimum_amount": 500})

    def hand_over(self, on="10-17"):
        values = {"contract_id": self.contract.id, "partner_id": self.group.id, "date": day(on)}
        transfer = self.env["linserv.contract.transfer"].create(values)
        transfer.action_confirm()
        return transfer.new_contract_ids

    def test_rule_67_the_services_own_end_and_fixed_price(self):
        self.bas.write({"date_end": day("12-31"), "price_fixed_until": day("2027-12-31")})
        bas = self.hand_over().subscription_ids[0]
        self.assertEqual((bas.date_end, bas.price_fixed_until), (day("12-31"), day("2027-12-31")))

    def test_rule_67_tiers_and_minimum(self):
        price = self.hand_over().subscription_ids[1].price_ids
        self.assertEqual((price.tier_ids.mapped("price_unit"), price.minimum_amount), ([100.0], 500.0))

    def test_rule_67_prepaid_hours_and_own_agreements(self):
        pack = self.contract._buy_pack(25, "order,1", price_unit=25000.0, date=day("10-01"))
        training = self.env["linserv.work.type"]._get("training")
        values = {"contract_id": self.contract.id, "work_type_id": training.id, "note": "Agreed", "hour_price": 900.0}
        self.env["linserv.coverage.deviation"].create({**values, "treatment": "charged", "date_from": day("10-01")})
        new = self.hand_over()
        self.assertEqual((pack.contract_id, new.deviation_ids.hour_price), (new, 900.0))
        self.assertEqual(new._pack_minutes(day("10-20")), 25 * 60)

    def test_a_duplicated_contract_has_tiers_and_minimum(self):
        price = self.contract.copy().subscription_ids[1].price_ids
        self.assertEqual((price.tier_ids.mapped("price_unit"), price.minimum_amount), ([100.0], 500.0))


class TestIndexedLater(MoneyCase):
    """Rules 90-95, where quantities change beside the prices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make_contract("bas", start="2025-01-01")
        cls.subscription = cls.contract.subscription_ids

    def price_run(self, **values):
        defaults = {"date_effective": day("2027-01-01"), "percent": 3.0, "contract_ids": [(6, 0, self.contract.ids)]}
        run = self.env["linserv.price.run"].create({**defaults, "without_letter": True, **values})
        run.action_preview()
        return run

    def test_rule_92_another_quantity_makes_no_price_younger(self):
        self.subscription._set_price({"quantity": 2.0}, day("2026-09-01"))
        self.assertEqual(self.price_run().line_ids.mapped("reason"), [False])

    def test_rule_94_a_quantity_agreed_for_later_gets_the_new_price_and_loses_it_by_undo(self):
        self.version(self.subscription, "2027-03-01", 900.0, 3.0)
        run = self.price_run()
        run.action_apply()
        self.assertEqual(self.in_force(self.subscription, "2027-02-01"), (927.0, 1.0))
        self.assertEqual(self.in_force(self.subscription, "2027-03-01"), (927.0, 3.0))
        run.action_undo()
        self.assertEqual(self.in_force(self.subscription, "2027-02-01"), (900.0, 1.0))
        self.assertEqual(self.in_force(self.subscription, "2027-03-01"), (900.0, 3.0))

    def test_rule_90_another_quantity_keeps_the_index_that_the_price_came_to(self):
        index = self.env.ref("linserv_contract.linserv_price_index_aki")
        value = self.env["linserv.price.index.value"].create(
            {"index_id": index.id, "date": day("2026-10-01"), "value": 103.2}
        )
        self.subscription.price_ids.index_value_id = value
        self.subscription._set_price({"quantity": 2.0}, day("2026-11-01"))
        self.subscription._set_price({"price_unit": 800.0}, day("2026-12-01"))
        indexed = self.subscription.price_ids.sorted("date_from").mapped(lambda version: bool(version.index_value_id))
        self.assertEqual(indexed, [True, True, False])

    def test_rule_92_a_service_without_price_can_be_given_one(self):
        self.subscription._set_price({"price_unit": 0.0}, day("2025-01-01"))
        run = self.price_run()
        run.line_ids.write({"included": True, "price_new": 100.0})
        run.action_apply()
        self.assertEqual(self.in_force(self.subscription, "2027-01-01"), (100.0, 1.0))


class TestServiceBilled(MoneyCase):
    def test_what_was_billed_by_a_meter_is_not_billed_anew_at_a_fixed_quantity(self):
        self.make_reading(12345, "09-28")
        contract = self.make_contract("maintenance")
        self.bill("10-01", contract)
        with self.assertRaisesRegex(UserError, "can no longer change"):
            contract.subscription_ids.service_id.write({"quantity_source": "fixed"})
