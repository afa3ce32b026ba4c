from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tests.common import new_test_user

from .common import ContractCase, day


@tagged("post_install", "-at_install")
class TestHours(ContractCase):
    """Rules 76-79: time worked becomes draws from packs and charges when the month is over."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make_contract("bas")
        level = cls.env.ref("linserv_contract.linserv_hour_level_agreement")
        cls.price = cls.env["linserv.hour.price"].create(
            {"level_id": level.id, "price_unit": 1200, "date_from": "2020-01-01"}
        )

    def work(self, minutes, on="11-10", ticket="#1 Rapport", contract=None, code="training", **values):
        return self.env["linserv.hour.entry"].create(
            {
                "contract_id": (contract or self.contract).id,
                "work_type_id": self.env["linserv.work.type"]._get(code).id,
                "date": day(on),
                "minutes": minutes,
                "name": "Utbildning",
                "origin_name": ticket,
                **values,
            }
        )

    def buy(self, hours=25, on="11-01", price=25000.0, origin="order,1"):
        return self.contract._buy_pack(hours, origin, price_unit=price, date=day(on))

    def hours_due(self, on="12-01", contract=None):
        """Return [(quantity, price, amount)] of the hours that a billing on that day would charge."""
        contract = contract or self.contract
        plan = contract._plan(day(on))[contract]
        mine = self.env["linserv.service"].search([("code", "=", "hours")])
        keys = contract.subscription_ids.filtered(lambda sub: sub.service_id == mine).ids
        return [
            (float(charge.quantity), float(charge.price_unit), float(charge.amount))
            for charge in plan.charges
            if charge.key in keys
        ]

    def check_balance(self):
        """What always holds: billable = drawn + charged, and each pack's balance is its ledger's."""
        for month in self.env["linserv.hour.month"].search([]):
            self.assertEqual(month.minutes_billable, month.minutes_drawn + month.minutes_charged)
        for pack in self.env["linserv.hour.pack"].search([]):
            self.assertEqual(pack.minutes_left, pack.minutes - sum(pack.draw_ids.mapped("minutes")))

    def test_rule_76_a_ticket_is_billed_in_steps_of_thirty_minutes_a_month(self):
        self.work(10)
        self.assertEqual(self.hours_due(), [(0.5, 1200, 600)])
        self.work(15, "11-12")
        self.assertEqual(self.hours_due(), [(0.5, 1200, 600)])
        self.work(10, "11-30")
        self.assertEqual(self.hours_due(), [(1.0, 1200, 1200)])
        self.work(5, ticket="#2 Annat")
        self.assertEqual(sum(amount for _quantity, _price, amount in self.hours_due()), 1800)
        self.check_balance()

    def test_hours_are_due_when_the_month_is_over(self):
        self.work(60)
        self.assertEqual(self.hours_due("11-30"), [])
        self.assertEqual(self.hours_due("12-01"), [(1.0, 1200, 1200)])

    def test_two_months_of_one_ticket_are_two_charges(self):
        self.work(10, "11-30")
        self.work(10, "12-01")
        self.assertEqual(len(self.hours_due("2027-01-01")), 2)

    def test_work_that_is_included_costs_nothing(self):
        contract = self.make_contract("bas", "maintenance")
        entry = self.work(120, contract=contract, code="bug")
        self.assertEqual((entry.outcome, entry.is_billable), ("covered", False))
        self.assertEqual(self.hours_due(contract=contract), [])
        entry.is_billable = True
        self.assertEqual(self.hours_due(contract=contract), [(2.0, 1200, 2400)])

    def test_the_invoice_line_says_ticket_month_and_time_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        self.work(95)
        move = self.bill("12-01", self.contract)
        line = move.invoice_line_ids.filtered(lambda each: "#1 Rapport" in (each.name or ""))
        self.assertEqual((line.quantity, line.price_unit, line.price_subtotal), (2.0, 1200, 2400))
        self.assertIn("1:35", line.name)
        self.assertIn("november 2026", line.name)

    def test_rule_76_the_contracts_own_minimum_step_and_price(self):
        self.contract.write({"hour_minimum": 15, "hour_step": 15, "hour_price": 1000})
        self.work(20)
        self.assertEqual(self.hours_due(), [(0.5, 1000, 500)])
        self.work(5, ticket="#2")
        self.assertEqual(sorted(self.hours_due()), [(0.25, 1000, 250), (0.5, 1000, 500)])

    def test_rule_77_time_is_drawn_from_the_oldest_pack_and_the_rest_is_charged(self):
        first, second = self.buy(), self.buy(origin="order,2", on="11-02")
        self.work(1440)
        self.work(120, "11-11")
        self.assertEqual((first.hours_left, second.hours_left), (0, 24))
        self.assertEqual(self.hours_due(), [])
        self.work(1440, "11-12", ticket="#2")
        self.work(30, "11-13", ticket="#2")
        self.assertEqual(second.minutes_left, 0)
        self.assertEqual(self.hours_due(), [(0.5, 1200, 600)])
        self.check_balance()

    def test_the_answer_says_that_the_time_is_prepaid(self):
        self.buy()
        answer = self.contract.coverage("training", self.instance, day("11-10"))
        self.assertEqual((answer.outcome, answer.pack_minutes), ("pack", 1500))
        self.assertIn("25:00 left", answer.reason)
        self.assertEqual(self.work(30).outcome, "pack")

    def test_a_pack_is_sold_once_and_invoiced_at_once(self):
        pack = self.buy()
        self.assertEqual(self.buy(), pack)
        move = self.bill("11-01", self.contract)
        self.assertIn(25000.0, move.invoice_line_ids.mapped("price_subtotal"))

    def test_a_pack_without_price_or_of_an_odd_size_is_not_sold(self):
        with self.assertRaisesRegex(UserError, "no price yet"):
            self.buy(price=None)
        with self.assertRaisesRegex(UserError, "no pack of 26 hours"):
            self.buy(26)
        self.assertEqual(self.contract._pack_offers(), [])
        self.env["linserv.service"].search([("code", "=", "pack_50")]).price_unit = 48000
        self.assertEqual([offer["hours"] for offer in self.contract._pack_offers()], [50])

    def test_rule_78_an_expired_pack_gives_nothing(self):
        self.company.linserv_pack_months = 12
        pack = self.buy()
        self.assertEqual(str(pack.date_end), "2027-10-31")
        self.work(60, "2027-11-01")
        self.assertEqual(pack.minutes_left, 1500)
        self.work(60, "2027-10-31", ticket="#2")
        self.assertEqual(pack.minutes_left, 1440)
        with self.assertRaises(ValidationError):
            pack.date_end = day("2027-10-30")

    def test_rule_79_an_overdraw_needs_approval_and_the_next_pack_pays_it(self):
        pack = self.buy()
        self.work(1440)
        pack.overdraw_minutes = 120
        self.assertEqual(pack.overdraw_user_id, self.env.user)
        self.work(180, "11-11")
        self.assertEqual((pack.minutes_left, self.hours_due()), (-120, []))
        self.work(30, "11-12")
        self.assertEqual((pack.minutes_left, self.hours_due()), (-120, [(0.5, 1200, 600)]))
        second = self.buy(origin="order,2", on="11-20")
        self.assertEqual((pack.minutes_left, second.minutes_left), (0, 1380))
        self.check_balance()

    def test_rule_77_time_that_is_taken_away_returns_to_the_pack(self):
        pack = self.buy()
        entry = self.work(90)
        self.work(30, "11-11")
        self.assertEqual(pack.minutes_left, 1380)
        entry.minutes = 20
        self.assertEqual(pack.minutes_left, 1440)
        entry.unlink()
        self.assertEqual(pack.minutes_left, 1470)
        self.assertEqual(sum(pack.draw_ids.mapped("minutes")), 30)
        self.check_balance()

    def test_rule_76_a_correction_of_invoiced_time_is_credited_or_charged_on_the_next_invoice(self):
        entry = self.work(120)
        self.bill("12-01", self.contract, mode="post")
        self.assertEqual(self.hours_due(), [])
        entry.minutes = 60
        self.assertEqual(self.hours_due(), [(1.0, -1200, -1200)])
        entry.minutes = 150
        self.assertEqual(self.hours_due(), [(0.5, 1200, 600)])
        entry.minutes = 120
        self.assertEqual(self.hours_due(), [])
        self.check_balance()

    def test_the_preview_and_the_invoice_agree_and_a_second_run_bills_nothing(self):
        self.work(95)
        planned = sum(amount for _quantity, _price, amount in self.hours_due())
        move = self.bill("12-01", self.contract)
        hours = move.invoice_line_ids.filtered(lambda line: "#1" in (line.name or ""))
        self.assertEqual(hours.price_subtotal, planned)
        self.assertFalse(self.bill("12-01", self.contract))

    def test_moving_time_to_another_ticket_moves_the_money(self):
        entry = self.work(60)
        self.work(60, ticket="#2")
        entry.origin_name = "#2"
        self.assertEqual(self.hours_due(), [(2.0, 1200, 2400)])
        self.check_balance()

    def test_without_a_price_the_time_waits_and_is_charged_when_the_price_comes(self):
        self.price.unlink()
        self.work(60)
        month = self.env["linserv.hour.month"].search([])
        self.assertEqual((month.price_missing, self.hours_due()), (True, []))
        self.env["linserv.hour.price"].create(
            {
                "level_id": self.env.ref("linserv_contract.linserv_hour_level_agreement").id,
                "price_unit": 1100,
                "date_from": "2020-01-01",
            }
        )
        self.assertEqual((month.price_missing, self.hours_due()), (False, [(1.0, 1100, 1100)]))

    def test_hours_of_an_ended_contract_are_still_billed(self):
        contract = self.make_contract("bas", date_end=day("11-15"))
        contract.action_end()
        self.work(60, "11-15", contract=contract)
        self.assertEqual(self.hours_due(contract=contract), [(1.0, 1200, 1200)])
        with self.assertRaises(ValidationError):
            self.work(60, "11-16", contract=contract)

    def test_rule_79_a_cancelled_pack_is_credited_for_what_is_left(self):
        pack = self.buy()
        self.work(300)
        self.bill("11-10", self.contract, mode="post")
        pack.action_cancel()
        pack.action_cancel()
        self.assertEqual((pack.state, pack.minutes_left), ("cancelled", 0))
        credit = self.contract.once_ids.filtered(lambda sub: sub.price_unit < 0)
        self.assertEqual((len(credit), credit.price_unit), (1, -20000))
        self.work(30, ticket="#2")
        self.assertEqual(self.hours_due(), [(0.5, 1200, 600)])

    def test_a_pack_that_nobody_has_used_or_paid_is_simply_taken_back(self):
        pack = self.buy()
        pack.action_cancel()
        self.assertFalse(self.contract.once_ids)
        with self.assertRaises(UserError):
            pack.unlink()

    def test_the_ledger_is_never_changed(self):
        self.buy()
        self.work(30)
        draw = self.env["linserv.hour.draw"].search([])
        with self.assertRaises(UserError):
            draw.minutes = 1
        with self.assertRaises(UserError):
            draw.unlink()

    def test_a_user_writes_time_but_only_a_manager_corrects_what_was_invoiced(self):
        user = new_test_user(self.env, "konsult", "linserv_contract.linserv_contract_group_user")
        entry = self.work(60).with_user(user)
        entry.minutes = 30
        self.bill("12-01", self.contract, mode="post")
        with self.assertRaisesRegex(UserError, "ask a manager"):
            entry.minutes = 60
        with self.assertRaises(AccessError):
            self.env["linserv.hour.pack"].with_user(user).create({"contract_id": self.contract.id, "minutes": 60})

    def test_time_for_another_customers_instance_is_refused(self):
        other = self.make_instance(self.make_customer("Sydvik AB"), "sydvik")
        with self.assertRaises(ValidationError):
            self.work(30, instance_id=other.id)
