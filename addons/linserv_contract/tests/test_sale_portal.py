import json
import re

from odoo.tests import HttpSavepointCase, tagged

from .sale_common import SaleCase
from .test_portal import TestPortal

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


@tagged("post_install", "-at_install")
class TestSigning(HttpSavepointCase, SaleCase):
    """Eva of Norrvik signs in the portal, through Odoo's own route; Olle of Sydvik must not."""

    make_visitor = TestPortal.__dict__["make_visitor"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sydvik = cls.make_customer("Sydvik AB")
        cls.make_instance(cls.sydvik, "sydvik-prod")
        cls.eva = cls.make_visitor(cls.norrvik, "eva")
        cls.olle = cls.make_visitor(cls.sydvik, "olle")
        cls.eva.email = "eva@norrvik.example"
        cls.order = cls.make_order("bas", "backup", "drift", partner=cls.eva.partner_id)
        cls.order._portal_ensure_token()

    def sign(self, order, token=None, name="Eva Norberg", signature=PICTURE):
        return self.call("/my/orders/%d/accept" % order.id, access_token=token, name=name, signature=signature)

    def call(self, url, **params):
        answer = self.url_open(url, data=json.dumps({"params": params}), headers={"Content-Type": "application/json"})
        self.order.invalidate_cache()
        return answer.json()["result"]

    def test_rule_68_signing_makes_the_contract_and_keeps_the_paper(self):
        answer = self.sign(self.order, self.order.access_token)
        self.assertNotIn("error", answer)
        contract = self.order.linserv_contract_id
        self.assertEqual((self.order.state, contract.state), ("sale", "active"))
        self.assertEqual(contract.partner_id, self.norrvik)
        self.assertEqual(contract.subscription_ids.mapped("state"), ["active"] * 3)
        self.assertEqual(self.order.signed_by, "Eva Norberg")
        self.assertEqual(contract.signed_ids.name, "%s - %s.pdf" % (contract.name, self.order.name))
        self.assertIn("Eva Norberg", contract.signed_ids.raw.decode())
        self.assertIn("BACKUP 90/4", contract.signed_ids.raw.decode())

    def test_rule_68_signing_twice_is_one_contract(self):
        self.sign(self.order, self.order.access_token)
        contract = self.order.linserv_contract_id
        self.assertIn("error", self.sign(self.order, self.order.access_token))
        self.assertEqual((self.order.linserv_contract_id, len(contract.subscription_ids)), (contract, 3))
        self.assertEqual(len(contract.signed_ids), 1)

    def test_the_customer_gets_a_mail_in_swedish_with_the_paper(self):
        self.sign(self.order, self.order.access_token)
        mail = self.order.message_ids.filtered(lambda message: message.partner_ids == self.eva.partner_id)
        self.assertIn(self.order.linserv_contract_id.name, mail[:1].subject)

    def test_the_customer_gets_the_signed_paper_once(self):
        self.sign(self.order, self.order.access_token)
        eva = self.eva.partner_id
        told = self.env["mail.notification"].search([("res_partner_id", "=", eva.id)]).mail_message_id
        self.assertEqual(len(told.filtered(lambda message: message.res_id == self.order.id)), 1)
        self.assertEqual(len(self.order.message_ids.filtered("attachment_ids")), 2)

    def test_the_portals_pages_say_their_language(self):
        self.authenticate("eva", "eva")
        page = self.url_open("/my/orders/%d" % self.order.id).text
        self.assertIn('lang="%s"' % self.eva.lang.replace("_", "-"), page[:300])

    def test_a_foreign_orders_token_opens_nothing(self):
        other = self.make_order("bas", partner=self.sydvik)
        other._portal_ensure_token()
        for token in (other.access_token, "", "x", None):
            self.assertIn("error", self.sign(self.order, token))
        self.authenticate("olle", "olle")
        self.assertIn("error", self.sign(self.order, other.access_token))
        self.assertFalse(self.order.signature or self.order.linserv_contract_id)

    def test_somebody_elses_follower_neither_reads_nor_signs_nor_declines(self):
        self.order.message_subscribe(self.olle.partner_id.ids)
        olle = self.order.with_user(self.olle)
        self.assertFalse(olle.search([("id", "=", self.order.id)]))
        self.assertFalse(olle.env["sale.order.line"].search([("order_id", "=", self.order.id)]))
        self.authenticate("olle", "olle")
        self.assertIn("error", self.sign(self.order))
        page = "/my/orders/%d" % self.order.id
        for method, path in (("GET", page), ("POST", page + "/decline")):
            data = {"decline_message": "No", "csrf_token": self.token()} if method == "POST" else None
            answer = self.url_open(path, data=data, allow_redirects=False)
            self.assertIn(answer.status_code, (302, 303))
            self.assertNotIn(self.order.access_token, answer.headers["Location"])
        self.assertEqual(self.order.state, "sent")
        self.assertFalse(self.order.signature)

    def token(self):
        return re.search(r'csrf_token: "(\w+)"', self.url_open("/my").text).group(1)

    def test_the_customers_own_person_signs_without_the_link(self):
        self.order.message_subscribe(self.eva.partner_id.ids)
        self.authenticate("eva", "eva")
        self.assertNotIn("error", self.sign(self.order))
        self.assertEqual(self.order.linserv_contract_id.state, "active")

    def test_rule_65_what_breaks_the_rule_is_not_signed_at_all(self):
        order = self.make_order("bas", "drift", partner=self.eva.partner_id)
        order._portal_ensure_token()
        answer = self.sign(order, order.access_token)
        self.assertIn("FS 90/4", answer["error"])
        order.invalidate_cache()
        self.assertFalse(order.signature or order.signed_on or order.linserv_contract_id)
        self.assertEqual(order.state, "sent")

    def test_a_name_and_a_signature_are_needed(self):
        for values in ({"name": " "}, {"signature": ""}):
            self.assertIn("error", self.sign(self.order, self.order.access_token, **values))
        self.assertFalse(self.order.linserv_contract_id)

    def test_the_customer_cannot_change_what_is_offered(self):
        drift = self.order.order_line[2]
        url = "/my/orders/%d/update_line_dict" % self.order.id
        for change in ({"input_quantity": 0.01}, {"unlink": True}, {"remove": True}):
            self.assertFalse(self.call(url, line_id=drift.id, access_token=self.order.access_token, **change))
        self.assertEqual(drift.product_uom_qty, 1.0)

    def test_an_option_is_chosen_signed_and_invoiced(self):
        product = self.service("epost").product_id
        option = self.env["sale.order.option"].create(
            {
                "order_id": self.order.id,
                "product_id": product.id,
                "name": product.name,
                "price_unit": 200.0,
                "uom_id": product.uom_id.id,
            }
        )
        url = "/my/orders/%d/add_option/%d" % (self.order.id, option.id)
        self.assertIn("sale_template", self.call(url, access_token=self.order.access_token))
        line = self.order.order_line[-1]
        url = "/my/orders/%d/update_line_dict" % self.order.id
        self.call(url, line_id=line.id, access_token=self.order.access_token, input_quantity=2)
        self.sign(self.order, self.order.access_token)
        self.assertEqual(self.bill("10-01", self.order.linserv_contract_id).amount_untaxed, 3 * 900.0 + 400.0)

    def test_the_page_says_what_is_bought_in_swedish(self):
        self.authenticate("eva", "eva")
        url = "/my/orders/%d?access_token=%s" % (self.order.id, self.order.access_token)
        page = self.url_open(url).text
        for words in (
            "DRIFT OCH PATCH",
            "norrvik-prod",
            "2\xa0700,00",
            "Avtalsvillkor",
            "i 12 månader från den första",
        ):
            self.assertIn(words, page)

    def test_the_signed_paper_is_the_customers_to_download_and_nobody_elses(self):
        self.sign(self.order, self.order.access_token)
        contract = self.order.linserv_contract_id
        url = "/my/contracts/%d/agreement/%d" % (contract.id, self.order.id)
        self.authenticate("eva", "eva")
        self.assertIn(url, self.url_open("/my/contracts/%d" % contract.id).text)
        answer = self.url_open(url)
        self.assertEqual((answer.status_code, answer.content), (200, contract.signed_ids.raw))
        self.authenticate("olle", "olle")
        self.assertEqual(self.url_open(url).status_code, 404)
