from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import ContractCase, day


@freeze_time("2026-10-15")
class TestRevenue(ContractCase):
    """Rules 80-85: the ledger of recurring revenue is written when something happens, and always adds up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.movements = cls.env["linserv.revenue.movement"]
        cls.dashboard = cls.env["linserv.revenue.dashboard"]

    def happen(self):
        """What Odoo does at the end of a transaction."""
        self.env["base"].flush()
        self.env.cr.precommit.run()

    def ledger(self, contract):
        self.happen()
        rows = self.movements.search([("contract_id", "in", contract.ids)], order="date, id")
        return ["%s %s %.2f" % (row.date, row.kind, row.amount) for row in rows]

    def revenue(self, contract, on):
        self.happen()
        rows = self.movements.search([("contract_id", "in", contract.ids), ("date", "<=", day(on))])
        return round(sum(rows.mapped("amount")), 2)

    def test_rule_82_a_contract_in_force_is_new_revenue_and_a_draft_is_none(self):
        contract = self.make_contract("bas", state="draft")
        self.assertEqual(self.ledger(contract), [])
        contract.action_activate()
        self.assertEqual(self.ledger(contract), ["2026-10-01 new 900.00"])
        self.assertEqual(contract.subscription_ids.amount_month, 900.0)

    def test_rule_82_a_price_from_a_day_to_come_is_known_and_counts_from_its_day(self):
        contract = self.make_contract("bas")
        contract.subscription_ids._set_price({"price_unit": 1000.0}, day("12-01"))
        self.assertEqual(self.ledger(contract), ["2026-10-01 new 900.00", "2026-12-01 expansion 100.00"])
        self.assertEqual([self.revenue(contract, on) for on in ("09-30", "11-30", "12-01")], [0.0, 900.0, 1000.0])

    def test_rule_82_the_end_is_lost_revenue_and_taking_it_back_leaves_none_lost(self):
        contract = self.make_contract("bas")
        contract.date_end = day("11-30")
        contract.action_end()
        self.assertEqual(self.ledger(contract), ["2026-10-01 new 900.00", "2026-12-01 churn -900.00"])
        contract.write({"state": "active", "date_end": False})
        contract.subscription_ids.write({"state": "active", "date_end": False})
        self.assertEqual(self.ledger(contract)[2:], ["2026-12-01 churn 900.00"])
        self.assertTrue(
            self.movements.search([("contract_id", "=", contract.id)], order="id desc", limit=1).is_correction
        )
        self.assertEqual(self.revenue(contract, "12-31"), 900.0)

    def test_rule_82_more_and_less_of_a_customer_are_expansion_and_contraction(self):
        contract = self.make_contract("bas")
        backup = self.subscribe(contract, "backup", price_unit=300.0, date_start=day("11-01"))
        backup.write({"state": "ended", "date_end": day("11-30")})
        self.assertEqual(
            self.ledger(contract),
            ["2026-10-01 new 900.00", "2026-11-01 expansion 300.00", "2026-12-01 contraction -300.00"],
        )

    def test_rule_82_a_second_contract_of_the_customer_is_expansion(self):
        self.make_contract("bas")
        later = self.make_contract({"code": "backup", "price_unit": 300.0}, start="11-01")
        self.assertEqual(self.ledger(later), ["2026-11-01 expansion 300.00"])

    def test_rule_80_discounts_and_pauses_count_for_their_days(self):
        contract = self.make_contract("bas")
        subscription = contract.subscription_ids
        values = {"subscription_id": subscription.id, "percent": 10.0, "date_from": "2026-11-01"}
        self.env["linserv.subscription.discount"].create({**values, "date_to": "2026-12-31"})
        pause = {"subscription_id": subscription.id, "date_from": "2027-02-01", "date_to": "2027-02-28"}
        self.env["linserv.subscription.pause"].create(pause)
        days = ("2026-10-31", "2026-12-31", "2027-01-01", "2027-02-15", "2027-03-01")
        self.assertEqual([self.revenue(contract, on) for on in days], [900.0, 810.0, 900.0, 0.0, 900.0])

    def test_rule_81_a_meter_counts_by_its_latest_reading(self):
        contract = self.make_contract("maintenance")
        self.assertEqual(self.ledger(contract), [])
        self.make_reading(12345, "10-10")
        self.assertEqual(self.ledger(contract), ["2026-10-10 new 21700.00"])
        self.make_reading(12001, "11-10")
        self.assertEqual(self.ledger(contract)[1:], ["2026-11-10 contraction -525.00"])

    def test_rule_80_one_off_charges_do_not_recur(self):
        contract = self.make_contract("bas")
        contract._charge_once("bas", day("10-05"), price_unit=9900.0, instance=self.instance)
        self.assertEqual(self.ledger(contract), ["2026-10-01 new 900.00"])

    def test_rule_80_a_yearly_price_is_a_twelfth_a_month_and_whole_a_year(self):
        contract = self.make_contract({"code": "bas", "price_unit": 1000.0, "billing_interval": "yearly"})
        self.happen()
        row = self.movements.search([("contract_id", "=", contract.id)])
        self.assertEqual((row.amount, row.amount_year), (83.33, 1000.0))

    def hand_over(self, contract, partner, on):
        values = {"contract_id": contract.id, "partner_id": partner.id, "date": day(on)}
        transfer = self.env["linserv.contract.transfer"].create(values)
        transfer.action_confirm()
        return transfer.new_contract_ids

    def test_rule_82_a_hand_over_is_neither_lost_nor_new(self):
        contract = self.make_contract("bas")
        self.happen()
        sister = self.make_customer("Systerbolaget AB")
        new = self.hand_over(contract, sister, "10-15")
        self.assertEqual(self.ledger(contract), ["2026-10-01 new 900.00", "2026-10-15 moved -900.00"])
        self.assertEqual(self.ledger(new), ["2026-10-15 moved 900.00"])
        self.assertFalse((contract | new).subscription_ids._record_revenue(whole=True))
        new.subscription_ids._set_price({"price_unit": 1000.0}, day("12-01"))
        self.assertEqual(self.ledger(new)[1:], ["2026-12-01 expansion 100.00"])

    def test_rule_84_companies_of_one_customer_count_as_one_after_a_hand_over(self):
        contract = self.make_contract("bas")
        self.happen()
        before = self.dashboard.get_figures("2026-10")["cards"]
        self.hand_over(contract, self.make_customer("Systerbolaget AB"), "10-15")
        self.happen()
        after = self.dashboard.get_figures("2026-10")["cards"]
        told = {card["key"]: (card["value"], card["hint"]) for card in after}
        self.assertEqual(told, {card["key"]: (card["value"], card["hint"]) for card in before})

    def test_a_change_costs_the_same_for_a_customer_with_many_services(self):
        large = self.make_customer("Stor AB")
        self.make_instance(large, "stor")
        few, many = self.make_contract("bas"), self.make_contract("bas", partner=large)
        for number in range(30):
            self.subscribe(many, "bas", price_unit=100.0 + number)
        self.happen()
        queries = []
        for contract in (few, many):
            contract.subscription_ids[0]._set_price({"price_unit": 950.0}, day("11-01"))
            self.env["base"].flush()
            before = self.env.cr.sql_log_count
            self.env.cr.precommit.run()
            queries.append(self.env.cr.sql_log_count - before)
        self.assertEqual(self.revenue(few, "11-01"), 950.0)
        self.assertLessEqual(queries[1], queries[0])
        self.assertLessEqual(queries[0], 25)

    def test_rule_83_euro_counts_at_the_rate_of_the_first_day_for_ever(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
        for name, kronor in (("2026-01-01", 11.0), ("2026-11-01", 12.5)):
            self.env["res.currency.rate"].create({"currency_id": euro.id, "name": name, "rate": 1 / kronor})
        contract = self.make_contract({"code": "bas", "price_unit": 100.0}, currency_id=euro.id)
        contract.date_end = day("12-31")
        contract.action_end()
        self.assertEqual(self.ledger(contract), ["2026-10-01 new 1100.00", "2027-01-01 churn -1100.00"])

    def test_everything_twice_writes_nothing_the_second_time(self):
        contract = self.make_contract("bas", {"code": "backup", "price_unit": 300.0})
        self.happen()
        contract.subscription_ids._on_terms_changed()
        self.happen()
        self.assertFalse(contract.subscription_ids._record_revenue())
        self.assertEqual(len(self.ledger(contract)), 2)

    def test_billing_does_not_touch_the_ledger(self):
        contract = self.make_contract("bas")
        self.happen()
        self.bill("10-01", contract, mode="post")
        self.assertEqual(self.ledger(contract), ["2026-10-01 new 900.00"])

    def test_the_scheduled_action_adds_what_was_missed(self):
        contract = self.make_contract("bas")
        self.happen()
        self.movements.search([("contract_id", "=", contract.id)]).sudo().unlink()
        contract.subscription_ids.revenue_date_checked = False
        self.env["linserv.subscription"]._cron_record_revenue()
        self.assertEqual(self.ledger(contract), ["2026-10-01 new 900.00"])
        self.assertEqual(contract.subscription_ids.revenue_date_checked, day("10-15"))
        self.env["linserv.subscription"]._cron_record_revenue()
        self.assertEqual(len(self.ledger(contract)), 1)

    def test_rule_82_the_sum_is_the_value_of_every_day_after_a_year_of_changes(self):
        contract = self.make_contract("bas", {"code": "backup", "price_unit": 300.0, "billing_interval": "quarterly"})
        bas, backup = contract.subscription_ids
        bas._set_price({"quantity": 2.0}, day("11-15"))
        backup._set_price({"price_unit": 450.0}, day("2027-01-01"))
        pause = {"subscription_id": bas.id, "date_from": "2027-03-10", "date_to": "2027-04-09"}
        self.env["linserv.subscription.pause"].create(pause)
        contract.date_end = day("2027-09-30")
        contract.action_end()
        expected = {"09-30": 0, "10-01": 1000, "11-15": 1900, "2027-01-01": 1950, "2027-03-10": 150}
        expected.update({"2027-04-10": 1950, "2027-09-30": 1950, "2027-10-01": 0})
        self.assertEqual({on: self.revenue(contract, on) for on in expected}, expected)

    def test_by_month_the_levels_reach_a_year_ahead(self):
        contract = self.make_contract("bas")
        contract.date_end = day("12-31")
        contract.action_end()
        self.happen()
        rows = self.env["linserv.revenue.report"].search([("contract_id", "=", contract.id)], order="month")
        self.assertEqual(
            [(str(row.month), row.amount) for row in rows], [("2026-%d-01" % m, 900.0) for m in (10, 11, 12)]
        )

    def test_the_salesperson_of_today_has_all_of_a_contracts_figures(self):
        contract = self.make_contract("bas")
        self.happen()
        seller = new_test_user(self.env, "seller", "linserv_contract.linserv_contract_group_user")
        contract.user_id = seller
        self.assertEqual(self.movements.search([("contract_id", "=", contract.id)]).user_id, seller)

    def test_nobody_writes_the_ledger(self):
        contract = self.make_contract("bas")
        self.happen()
        row = self.movements.search([("contract_id", "=", contract.id)])
        for group in ("linserv_contract.linserv_contract_group_manager", "account.group_account_invoice"):
            user = new_test_user(self.env, group[-12:], group)
            self.assertEqual(row.with_user(user).amount, 900.0)
            for change in (
                lambda u=user: row.with_user(u).write({"amount": 1.0}),
                lambda u=user: row.with_user(u).unlink(),
            ):
                with self.assertRaises(AccessError):
                    change()

    def test_another_company_sees_and_counts_none_of_it(self):
        self.make_contract("bas")
        self.happen()
        company = self.env["res.company"].create({"name": "Annat bolag AB"})
        groups = "linserv_contract.linserv_contract_group_manager"
        other = new_test_user(self.env, "other", groups, company_id=company.id, company_ids=[(6, 0, company.ids)])
        for model in ("linserv.revenue.movement", "linserv.revenue.report"):
            self.assertTrue(self.env[model].search([]))
            self.assertFalse(self.env[model].with_user(other).search([]))
        self.assertEqual(self.dashboard.with_user(other).get_figures(), {"empty": True, "can_create": True})
        self.assertEqual(self.dashboard.with_user(other).get_reconciliation("2026-10")["lines"][0]["amount"], 0.0)

    def test_who_may_not_read_contracts_gets_no_figures(self):
        colleague = new_test_user(self.env, "colleague", "base.group_user")
        for ask in (
            self.dashboard.with_user(colleague).get_figures,
            self.dashboard.with_user(colleague).get_reconciliation,
        ):
            with self.assertRaises(AccessError):
                ask()
