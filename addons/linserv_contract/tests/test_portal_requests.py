import re

from odoo import fields
from odoo.tests import HttpSavepointCase, tagged

from .common import ContractCase, day


@tagged("post_install", "-at_install")
class TestPortalRequests(HttpSavepointCase, ContractCase):
    """Eva asks for a change, gives notice and buys hours; Olle of another customer finds none of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("sv_SE")
        cls.sydvik = cls.make_customer("Sydvik AB")
        cls.eva, cls.olle = cls.make_visitor(cls.norrvik, "eva"), cls.make_visitor(cls.sydvik, "olle")
        cls.norrvik.email = "info@norrvik.example"
        cls.contract = cls.make_contract("bas", start="2026-01-01")
        cls.page = "/my/contracts/%d" % cls.contract.id
        cls.pack_service = cls.make_pack_service(25, 25000.0)

    @classmethod
    def make_visitor(cls, customer, login):
        email = login + "@example.com"
        person = cls.env["res.partner"].create(
            {"name": login.title(), "parent_id": customer.id, "lang": "sv_SE", "email": email}
        )
        values = {"login": login, "password": login, "partner_id": person.id, "lang": "sv_SE"}
        values["groups_id"] = [(6, 0, cls.env.ref("base.group_portal").ids)]
        return cls.env["res.users"].with_context(no_reset_password=True).create(values)

    @classmethod
    def make_pack_service(cls, hours, price):
        service = cls.env["linserv.service"].search([("pack_hours", "=", hours)])
        if not service:
            values = {"code": "pack%d" % hours, "name": "SUPPORT %d" % hours, "pack_hours": hours}
            product = cls.service("bas").product_id
            service = service.create({**values, "product_id": product.id, "billing_interval": "once"})
        service.price_unit = price
        return service

    def shows(self, words, text):
        """The page has the words; without printing all of the page when it has not."""
        self.assertTrue(words in text, words)

    def hides(self, words, text):
        self.assertFalse(words in text, words)

    def setUp(self):
        super().setUp()
        self.authenticate("eva", "eva")

    def get(self, path):
        return self.url_open(self.page + path, allow_redirects=False)

    def fields_of(self, text):
        """Return the hidden fields of the form on a page."""
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))

    def post(self, path, **values):
        """Fill in the form of the page and send it."""
        hidden = self.fields_of(self.get(path).text)
        return self.url_open(self.page + path, data={**hidden, **values}, allow_redirects=False)

    def post_again(self, path, text, **values):
        """Send the form on the page that a POST answered with."""
        return self.url_open(self.page + path, data={**self.fields_of(text), **values}, allow_redirects=False)

    def mails(self, partner):
        return self.env["mail.mail"].search([("model", "=", "linserv.contract"), ("recipient_ids", "in", partner.ids)])

    def requests(self):
        return self.contract.activity_ids.filtered(lambda each: "Fler instanser" in (each.note or ""))

    def test_a_request_reaches_the_salesperson_and_is_confirmed_by_mail(self):
        answer = self.post("/change", kind="more", text="Fler instanser <b>tack</b>", date="2027-01-01")
        self.assertTrue(answer.headers["Location"].endswith(self.page + "?done=change"))
        self.assertEqual(len(self.requests()), 1)
        self.assertEqual(self.requests().user_id, self.contract.user_id)
        self.assertNotIn("<b>", self.requests().note)
        mail = self.mails(self.eva.partner_id)
        self.assertEqual(len(mail), 1)
        self.assertIn("&lt;b&gt;tack", mail.body_html)
        self.assertTrue(self.contract.message_ids.filtered(lambda each: each.author_id == self.eva.partner_id))

    def test_a_name_made_of_markup_is_text_in_our_history(self):
        name = "Eva <a href='https://evil.example'>Norberg</a>"
        self.eva.partner_id.name = name
        self.contract.sudo()._portal_buy_pack(self.eva.partner_id, 25, "key")
        self.post("/change", kind="more", text=name)
        self.contract.sudo()._portal_give_notice(self.eva.partner_id, name)
        self.contract._withdraw_notice(name)
        bodies = "".join(self.contract.message_ids.mapped(lambda each: each.body or ""))
        notes = "".join(self.contract.activity_ids.mapped(lambda each: each.note or ""))
        mails = "".join(self.mails(self.eva.partner_id).mapped("body_html"))
        self.assertGreater(bodies.count("evil.example"), 3)
        for text in (bodies, notes, mails):
            self.assertFalse(re.search(r"<a [^>]*evil.example", text))

    def test_the_same_request_twice_is_one(self):
        for _time in range(2):
            self.post("/change", kind="more", text="Fler instanser")
        self.assertEqual(len(self.requests()), 1)
        self.assertEqual(len(self.mails(self.eva.partner_id)), 1)

    def test_a_form_that_is_not_complete_keeps_what_was_typed(self):
        answer = self.post("/change", kind="", text="Fler instanser", date="soon")
        self.assertEqual(answer.status_code, 200)
        self.shows("Fler instanser", answer.text)
        self.assertEqual(answer.text.count("is-invalid"), 2)
        self.assertFalse(self.requests())

    def test_a_service_of_another_contract_cannot_be_named(self):
        self.make_instance(self.sydvik, "sydvik-prod")
        other = self.make_contract("bas", partner=self.sydvik)
        answer = self.post("/change", kind="more", text="Fler instanser", subscription=str(other.subscription_ids.id))
        self.shows("is-invalid", answer.text)
        self.hides("sydvik", answer.text)
        self.assertFalse(self.requests())

    def test_notice_shows_the_last_day_then_asks_then_is_given_once(self):
        today = fields.Date.context_today(self.contract)
        last = self.contract._prepare_notice(today)["date_end"]
        preview = self.post("/notice", reason="Vi byter system")
        self.assertEqual(preview.status_code, 200)
        self.shows("Vi byter system", preview.text)
        self.assertFalse(self.contract.notice_date)
        answer = self.post_again("/notice", preview.text)
        self.assertIn(answer.status_code, (302, 303))
        self.contract.invalidate_cache()
        self.assertEqual((self.contract.notice_date, self.contract.date_end), (today, last))
        self.assertEqual((self.contract.notice_by, self.contract.notice_reason), ("customer", "Vi byter system"))
        self.assertEqual((len(self.mails(self.norrvik)), len(self.mails(self.eva.partner_id))), (1, 1))
        again = self.post_again("/notice", preview.text)
        self.assertEqual(again.status_code, 200)
        self.assertEqual(len(self.mails(self.norrvik)), 1)

    def test_notice_with_another_last_day_than_was_shown_is_asked_again(self):
        preview = self.post("/notice", reason="")
        answer = self.post_again("/notice", preview.text, date_end="2026-12-31")
        self.assertEqual(answer.status_code, 200)
        self.shows("alert-warning", answer.text)
        self.assertFalse(self.contract.notice_date)

    def test_a_pack_is_shown_with_its_price_then_ordered_once(self):
        confirm = self.post("/packs", hours="25")
        self.shows("25\xa0000,00", confirm.text)
        self.assertFalse(self.contract.pack_ids)
        for _click in range(2):
            answer = self.post_again("/packs", confirm.text)
            self.assertIn(answer.status_code, (302, 303))
        self.contract.invalidate_cache()
        self.assertEqual(self.contract.pack_ids.mapped("minutes"), [1500])
        self.assertEqual(len(self.mails(self.eva.partner_id)), 1)

    def test_a_pack_whose_price_changed_is_asked_again(self):
        confirm = self.post("/packs", hours="25")
        self.pack_service.price_unit = 30000.0
        answer = self.post_again("/packs", confirm.text)
        self.shows("30\xa0000,00", answer.text)
        self.shows("alert-warning", answer.text)
        self.assertFalse(self.contract.pack_ids)

    def test_hours_that_are_not_for_sale_cannot_be_bought(self):
        self.shows("alert-danger", self.post("/packs", hours="7").text)
        self.contract.pack_ids.invalidate_cache()
        self.assertFalse(self.contract.pack_ids)

    def test_without_the_token_nothing_is_done(self):
        for path in ("/change", "/notice", "/packs"):
            answer = self.url_open(self.page + path, data={"step": "confirm", "kind": "more", "text": "Fler instanser"})
            self.assertEqual(answer.status_code, 400, path)
        self.assertFalse(self.contract.notice_date)

    def test_reading_changes_nothing(self):
        for path in ("/notice?step=confirm", "/packs?step=confirm&hours=25", "/change?kind=more&text=Fler instanser"):
            self.assertEqual(self.get(path).status_code, 200)
        self.assertFalse(self.contract.notice_date or self.contract.pack_ids or self.requests())

    def test_another_customers_post_answers_like_a_contract_that_does_not_exist(self):
        self.authenticate("olle", "olle")
        token = re.search(r'csrf_token: "(\w+)"', self.url_open("/my/contracts").text).group(1)
        for path in ("/change", "/notice", "/packs", "/invoices"):
            for url in (self.page + path, "/my/contracts/999999" + path):
                form = {"csrf_token": token, "step": "confirm", "kind": "more", "text": "x", "hours": "25"}
                self.assertEqual(self.url_open(url, data=None if path == "/invoices" else form).status_code, 404, url)
        self.assertFalse(self.contract.notice_date or self.contract.pack_ids)

    def test_an_ended_contract_takes_no_requests(self):
        self.contract.write({"date_end": day("2026-01-31")})
        self.contract.action_end()
        self.assertEqual(self.post("/change", kind="more", text="Fler instanser").status_code, 200)
        self.assertFalse(self.requests())
        self.hides(self.page + "/notice", self.get("").text)

    def test_the_page_shows_the_last_day_of_notice_and_the_next_price(self):
        self.contract.subscription_ids._set_price({"price_unit": 987.0}, day("2099-01-01"))
        text = self.get("").text
        self.assertIn(fields.Date.to_string(self.contract.date_notice_latest), text)
        self.assertIn("987,00", text)

    def test_all_invoices_are_listed(self):
        move = self.bill("2026-01-01", self.contract, mode="post")
        self.shows(move.name, self.get("/invoices").text)

    def test_the_price_letter_is_downloaded_by_its_customer_only(self):
        run = self.env["linserv.price.run"].create(
            {
                "date_effective": day("2099-01-01"),
                "percent": 3.0,
                "contract_ids": [(6, 0, self.contract.ids)],
                "min_months": 0,
            }
        )
        run.action_preview()
        run.action_send_letters()
        url = "/evidence/%d" % run.letter_ids.document_id.id
        self.shows(url, self.get("").text)
        self.assertEqual(self.get(url).status_code, 200)
        self.authenticate("olle", "olle")
        self.assertEqual(self.get(url).status_code, 404)
