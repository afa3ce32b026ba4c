from datetime import timedelta
from unittest import mock

import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from .common import day
from .sale_common import SaleCase


class TestSale(SaleCase):
    """Rule 68: the quotation becomes the contract."""

    def test_rule_68_confirming_makes_contract_and_subscriptions(self):
        order = self.make_order(
            "bas",
            {"code": "backup", "price_unit": 500.0, "product_uom_qty": 2.0},
            linserv_licence_edition="enterprise",
            linserv_licence_number="M123",
            linserv_term_months=24,
            linserv_notice_months=6,
        )
        order.action_confirm()
        contract = order.linserv_contract_id
        self.assertEqual(
            (contract.state, contract.partner_id, contract.date_start), ("active", self.norrvik, day("10-01"))
        )
        self.assertEqual((contract.licence_edition, contract.licence_number), ("enterprise", "M123"))
        self.assertEqual((contract.term_months, contract.renewal_months, contract.notice_months), (24, 12, 6))
        bas, backup = contract.subscription_ids
        self.assertEqual((bas.service_id.code, bas.instance_id, bas.price_unit), ("bas", self.instance, 900.0))
        self.assertEqual((backup.quantity, backup.price_unit, backup.state), (2.0, 500.0, "active"))

    def test_rule_68_what_was_signed_is_what_is_invoiced(self):
        order = self.make_order("bas", {"code": "epost", "price_unit": 333.0, "product_uom_qty": 3.0})
        order.action_confirm()
        move = self.bill("10-01", order.linserv_contract_id)
        self.assertEqual(move.amount_untaxed, order.amount_untaxed)

    def test_rule_68_confirming_twice_makes_one_contract(self):
        order = self.make_order("bas")
        order.action_confirm()
        contract = order.linserv_contract_id
        order._linserv_make_contract()
        order.write({"state": "sent"})
        order.action_confirm()
        self.assertEqual((order.linserv_contract_id, len(contract.subscription_ids)), (contract, 1))

    @mute_logger("odoo.sql_db")
    def test_rule_68_the_database_refuses_a_line_twice(self):
        order = self.make_order("bas")
        order.action_confirm()
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            order.linserv_contract_id.subscription_ids.copy({"sale_line_id": order.order_line.id})

    def test_rule_68_a_one_off_line_is_charged_once(self):
        service = self.env["linserv.service"].create(
            {
                "code": "setup",
                "name": "UPPSÄTTNING",
                "product_id": self.env["product.product"].create({"name": "UPPSÄTTNING", "type": "service"}).id,
                "billing_interval": "once",
            }
        )
        order = self.make_order("bas")
        line = self.make_line(order, "bas", product_id=service.product_id.id, price_unit=5000.0, discount=10.0)
        self.assertEqual(line.linserv_interval, "once")
        order.action_confirm()
        contract = order.linserv_contract_id
        self.assertEqual(self.bill("10-01", contract).amount_untaxed, 900.0 + 4500.0)
        self.assertEqual(self.bill("11-01", contract).amount_untaxed, 900.0)

    def test_rule_68_a_discount_holds_for_its_months(self):
        order = self.make_order({"code": "bas", "discount": 20.0, "linserv_discount_months": 1})
        order.action_confirm()
        contract = order.linserv_contract_id
        self.assertEqual(self.bill("10-01", contract).amount_untaxed, 720.0)
        self.assertEqual(self.bill("11-01", contract).amount_untaxed, 900.0)

    def test_rule_68_without_a_date_the_services_begin_when_it_is_signed(self):
        order = self.make_order("bas")
        order.linserv_date_start = False
        order.action_confirm()
        today = fields.Date.context_today(order)
        self.assertEqual(order.linserv_contract_id.subscription_ids.date_start, today)

    def test_rule_68_services_are_added_to_the_contract_in_force(self):
        contract = self.make_contract("bas")
        order = self.make_order("epost", start="11-15", linserv_contract_id=contract.id)
        order.action_confirm()
        self.assertEqual(order.linserv_contract_id, contract)
        added = contract.subscription_ids.filtered(lambda sub: sub.service_id.code == "epost")
        self.assertEqual((added.state, added.date_start), ("active", day("11-15")))
        self.assertEqual(contract.sale_order_count, 1)

    def test_a_new_instance_is_made_by_the_signature(self):
        customer = self.make_customer("Ådalens Möbler AB")
        order = self.make_order("bas", "backup", "drift", partner=customer, linserv_new_instance="Ådalen produktion")
        order.action_confirm()
        instance = order.linserv_contract_id.instance_ids
        self.assertEqual((instance.name, instance.partner_id), ("Ådalen produktion", customer))

    def test_services_are_never_invoiced_from_the_order(self):
        order = self.make_order("bas")
        order.action_confirm()
        self.assertEqual((order.invoice_status, order.order_line.qty_to_invoice), ("no", 0.0))

    def test_an_ordinary_product_is_invoiced_by_odoo_as_before(self):
        order = self.make_order("bas")
        product = self.env["product.product"].create({"name": "Skrivare", "invoice_policy": "order"})
        line = self.make_line(order, "bas", product_id=product.id)
        order.action_confirm()
        self.assertEqual((line.qty_to_invoice, line.linserv_subscription_ids.ids), (1.0, []))

    def test_an_order_without_services_makes_no_contract(self):
        product = self.env["product.product"].create({"name": "Skrivare"})
        order = self.make_order()
        self.make_line(order, product_id=product.id)
        order.action_confirm()
        self.assertFalse(order.linserv_contract_id)

    def test_what_has_been_agreed_is_not_changed_or_cancelled_on_the_order(self):
        order = self.make_order("bas")
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "has been agreed"):
            order.order_line.price_unit = 1.0
        with self.assertRaisesRegex(UserError, "end the contract"):
            order.action_cancel()

    def test_the_customers_price_list_and_the_interval_give_the_price(self):
        product = self.service("bas").product_id
        rule = {
            "applied_on": "0_product_variant",
            "product_id": product.id,
            "compute_price": "fixed",
            "fixed_price": 800,
        }
        pricelist = self.env["product.pricelist"].create({"name": "Norrvik", "item_ids": [(0, 0, rule)]})
        self.norrvik.property_product_pricelist = pricelist
        form = Form(self.env["sale.order"])
        form.partner_id = self.norrvik
        with form.order_line.new() as line:
            line.product_id = product
            self.assertEqual((line.price_unit, line.linserv_interval), (800.0, "monthly"))
            line.linserv_interval = "yearly"
        order = form.save()
        self.assertEqual((order.order_line.price_unit, order.linserv_instance_id), (9600.0, self.instance))

    def test_a_metered_service_is_quoted_for_the_latest_count(self):
        self.make_reading(12345, "09-28")
        form = Form(self.env["sale.order"])
        form.partner_id = self.norrvik
        with form.order_line.new() as line:
            line.product_id = self.service("maintenance").product_id
        order = form.save()
        self.assertEqual((order.order_line.product_uom_qty, order.order_line.price_unit), (124.0, 175.0))
        order.linserv_date_start = day("10-01")
        order.action_confirm()
        self.assertEqual(order.linserv_contract_id.subscription_ids.quantity, 1.0)
        self.assertEqual(self.bill("10-01", order.linserv_contract_id).amount_untaxed, 21700.0)

    def test_every_package_can_be_quoted_and_sold(self):
        templates = self.env["sale.order.template"].search(
            [
                (
                    "sale_order_template_line_ids.product_id",
                    "in",
                    [service.product_id.id for service in self.env["linserv.service"].search([])],
                )
            ]
        )
        self.assertGreaterEqual(len(templates), 5)
        for template in templates:
            customer = self.make_customer(template.name)
            form = Form(self.env["sale.order"])
            form.partner_id = customer
            form.sale_order_template_id = template
            form.linserv_new_instance = "produktion"
            order = form.save()
            self.assertTrue(order.require_signature and not order.require_payment)
            order.action_confirm()
            sold = order.linserv_contract_id.subscription_ids.service_id
            self.assertEqual(sold, template.sale_order_template_line_ids.product_id.linserv_service_ids)

    def test_what_it_costs_is_told_for_each_interval(self):
        order = self.make_order("bas", {"code": "backup", "linserv_interval": "yearly", "price_unit": 6000.0})
        totals = [(row["label"], row["untaxed"]) for row in order._linserv_totals()]
        self.assertEqual(totals, [("A month", 900.0), ("A year", 6000.0)])

    def test_a_salesperson_without_rights_on_contracts_sells(self):
        seller = new_test_user(self.env, "seller", "sales_team.group_sale_salesman")
        order = self.make_order("bas", "backup", "drift", user_id=seller.id)
        self.norrvik.user_id = seller
        mine = order.with_user(seller)
        view = self.env["sale.order"].with_user(seller).fields_view_get(view_type="form")
        mine.read(list(view["fields"]))
        mine.action_confirm()
        self.assertEqual(mine.linserv_contract_id.read(["name", "state"])[0]["state"], "active")
        self.assertEqual(order.linserv_contract_id.user_id, seller)


class TestSaleRefused(SaleCase):
    """What is missing is said before the quotation is sent or signed."""

    def refused(self, order, words):
        contract = order.linserv_contract_id
        self.assertIn(words, order.linserv_problems)
        for action in (order.action_confirm, order.action_quotation_send):
            with self.assertRaisesRegex(UserError, words), self.env.cr.savepoint():
                action()
        self.assertEqual((order.linserv_contract_id, order.state), (contract, "sent"))

    def test_rule_65_drift_without_backup(self):
        self.refused(self.make_order("bas", "drift"), "needs at least the backup FS 90/4")

    def test_rule_65_drift_with_the_backup_of_another_instance(self):
        other = self.make_instance(self.norrvik, "norrvik-test")
        order = self.make_order("drift", {"code": "backup", "linserv_instance_id": other.id})
        self.refused(order, "needs at least the backup FS 90/4")

    def test_rule_65_drift_with_a_backup_that_is_in_force_already(self):
        self.make_contract("backup")
        order = self.make_order("drift")
        order.action_confirm()
        self.assertEqual(order.linserv_contract_id.state, "active")

    def test_rule_65_drift_with_a_backup_under_notice(self):
        self.make_contract("backup", date_end=day("2027-09-30"))
        self.refused(self.make_order("drift"), "needs at least the backup FS 90/4")

    def test_a_service_per_instance_needs_one(self):
        self.refused(self.make_order("bas", linserv_instance_id=False), "choose the instance, or name a new one")

    def test_an_instance_or_a_contract_of_another_customer(self):
        sydvik = self.make_customer("Sydvik AB")
        instance = self.make_instance(sydvik, "sydvik-prod")
        self.refused(self.make_order("bas", linserv_instance_id=instance.id), "another customer's")
        contract = self.make_contract("epost", partner=sydvik)
        self.refused(self.make_order("bas", linserv_contract_id=contract.id), "another customer's")

    def test_nothing_is_added_to_a_contract_that_ends(self):
        contract = self.make_contract("epost", date_end=day("2027-09-30"))
        self.refused(self.make_order("bas", linserv_contract_id=contract.id), "ending or not in force")

    def test_what_is_in_force_is_not_sold_twice(self):
        self.make_order("bas").action_confirm()
        self.refused(self.make_order("bas"), "is in force on norrvik-prod already")


class TestLegalTerms(SaleCase):
    def test_the_text_has_this_quotations_numbers(self):
        text = self.make_order("bas", linserv_term_months=36, linserv_notice_months=6)._linserv_terms_text()
        for words in (
            "i 36 månader från den första fakturan",
            "senast 6 månader före",
            "Norrvik Bygg AB",
            "BACKUP 90/4",
        ):
            self.assertIn(words, text)
        self.assertNotIn("{", text)

    def test_a_name_is_text_and_never_markup(self):
        customer = self.make_customer("<script>alert(1)</script> AB")
        order = self.make_order("epost", partner=customer, linserv_instance_id=False)
        self.assertNotIn("<script>", order._linserv_terms_text())

    def test_what_customers_have_signed_does_not_change(self):
        order = self.make_order("bas")
        terms = order.linserv_terms_id
        terms.text = terms.text.replace("10. Ändringar", "10. Ändringar av avtalet")
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "Duplicate it"):
            terms.text = "<p>annat</p>"
        with self.assertRaisesRegex(UserError, "Duplicate it"):
            terms.unlink()

    def test_new_quotations_are_made_on_the_newest_text(self):
        today = fields.Date.context_today(self.norrvik)
        terms = self.env["linserv.terms"]
        new = terms.create({"name": "v2", "text": "<p>v2</p>", "date_from": today})
        terms.create({"name": "v3", "text": "<p>v3</p>", "date_from": today + timedelta(days=1)})
        self.assertEqual(self.make_order("bas").linserv_terms_id, new)


class TestFinishSigned(SaleCase):
    """What an interruption left after the customer's signature is finished by itself."""

    def sign(self, order, minutes=60):
        picture = b"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
        when = fields.Datetime.now() - timedelta(minutes=minutes)
        order.write({"signature": picture, "signed_by": "Eva", "signed_on": when})

    def test_a_signed_quotation_without_contract_gets_it_with_its_paper(self):
        order = self.make_order("bas")
        self.sign(order)
        self.env["sale.order"]._cron_finish_signed()
        self.assertEqual((order.state, order.linserv_contract_id.state), ("sale", "active"))
        self.assertEqual(len(order.linserv_contract_id.signed_ids), 1)
        self.env["sale.order"]._cron_finish_signed()
        self.assertEqual(len(order.linserv_contract_id.signed_ids), 1)

    def test_a_contract_without_its_paper_gets_it(self):
        order = self.make_order("bas")
        self.sign(order)
        order.action_confirm()
        self.assertFalse(order.linserv_contract_id.signed_ids)
        self.env["sale.order"]._cron_finish_signed()
        self.assertEqual(len(order.linserv_contract_id.signed_ids), 1)

    def test_a_signature_of_this_minute_is_still_being_worked_on(self):
        order = self.make_order("bas")
        self.sign(order, minutes=1)
        self.env["sale.order"]._cron_finish_signed()
        self.assertEqual(order.state, "sent")

    def test_three_signed_the_middle_one_fails_two_become_contracts(self):
        orders = self.env["sale.order"]
        for name in ("ett", "två", "tre"):
            customer = self.make_customer(name)
            self.make_instance(customer, "prod-%d" % customer.id)
            orders |= self.make_order("bas", partner=customer)
        self.sign(orders)
        broken, words = orders[1], "Broken on purpose"
        original = type(orders)._linserv_make_contract

        def fail(order):
            if order == broken:
                raise UserError(words)
            return original(order)

        with (
            mock.patch.object(type(orders), "_linserv_make_contract", fail),
            mute_logger("odoo.addons.linserv_contract.models.sale_order_signing"),
        ):
            self.env["sale.order"]._cron_finish_signed()
        self.assertEqual(orders.mapped("state"), ["sale", "sent", "sale"])
        self.assertIn(words, broken.activity_ids.note)
