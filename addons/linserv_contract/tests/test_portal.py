import json
import re

from odoo.tests import HttpSavepointCase, tagged

from .common import ContractCase

MODELS = [
    "linserv.contract",
    "linserv.subscription",
    "linserv.subscription.price",
    "linserv.subscription.tier",
    "linserv.subscription.discount",
    "linserv.subscription.pause",
    "linserv.meter.reading",
    "linserv.billed.period",
    "linserv.billing.run",
    "linserv.billing.run.line",
    "linserv.service",
    "linserv.work.type",
    "linserv.coverage.rule",
    "linserv.coverage.deviation",
    "linserv.quota",
    "linserv.quota.use",
    "linserv.hour.pack",
    "linserv.hour.draw",
    "linserv.hour.entry",
    "linserv.hour.month",
]


@tagged("post_install", "-at_install")
class TestPortal(HttpSavepointCase, ContractCase):
    """Norrvik's Eva and Sydvik's Olle visit the portal; Olle must never see anything of Norrvik's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sydvik = cls.make_customer("Sydvik AB")
        cls.make_instance(cls.sydvik, "sydvik-prod")
        cls.eva = cls.make_visitor(cls.norrvik, "eva")
        cls.olle = cls.make_visitor(cls.sydvik, "olle")
        cls.make_reading(12345, "09-28")
        cls.contract = cls.make_contract("bas", "maintenance", licence_edition="enterprise", licence_number="M123")
        cls.invoice = cls.bill("10-01", cls.contract, mode="post")
        proof = cls.env["ir.attachment"].create(
            {"name": "proof.json", "raw": b"{}", "res_model": "account.move", "res_id": cls.invoice.id}
        )
        cls.invoice.linserv_evidence_ids = proof
        cls.draft = cls.make_contract("bas", state="draft")
        cls.others = cls.make_contract("bas", partner=cls.sydvik)

    @classmethod
    def make_visitor(cls, customer, login):
        person = cls.env["res.partner"].create({"name": login, "parent_id": customer.id, "lang": "sv_SE"})
        return (
            cls.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": login,
                    "login": login,
                    "password": login,
                    "lang": "sv_SE",
                    "partner_id": person.id,
                    "groups_id": [(6, 0, cls.env.ref("base.group_portal").ids)],
                }
            )
        )

    def routes(self):
        proof = self.invoice.linserv_evidence_ids.id
        page = "/my/contracts/%d" % self.contract.id
        return [page, "%s/evidence/%d" % (page, proof), page + "/coverage", page + "/coverage?section=7"]

    def page(self, url):
        """Return status and text, without what no two answers share: address, form's token, numbers of style sheets."""
        answer = self.get(url)
        text = re.sub(r"/web/content/[0-9a-f-]+/", "/web/content/", answer.text.replace(url, "ADDRESS"))
        return answer.status_code, re.sub(r'csrf_token: "\w+"', "csrf_token", text)

    def get(self, url):
        return self.url_open(url, allow_redirects=False)

    def test_the_customer_sees_the_contract_in_swedish(self):
        self.authenticate("eva", "eva")
        page = self.get("/my/contracts/%d" % self.contract.id).text
        for words in (
            "ODOO BAS",
            "norrvik-prod",
            "Nästa faktura",
            "Uppsägningstid",
            "M123",
            self.invoice.name,
            "28\xa0250,00",
        ):
            self.assertIn(words, page)

    def test_the_customer_sees_what_the_contract_includes(self):
        self.env["linserv.service"].search([("code", "=", "pack_25")]).price_unit = 25000
        self.contract._buy_pack(25, "order,1", date=self.contract.date_start)
        self.authenticate("eva", "eva")
        page = self.get("/my/contracts/%d/coverage" % self.contract.id)
        self.assertEqual(page.status_code, 200)
        for words in ("ODOO BAS", "ODOO MAINTENANCE AND SUPPORT", "25:00", "DRIFT OCH PATCH"):
            self.assertIn(words, page.text)

    def test_the_list_has_the_customers_contracts_in_force_only(self):
        self.authenticate("eva", "eva")
        page = self.get("/my/contracts").text
        self.assertIn(self.contract.name, page)
        self.assertNotIn(self.draft.name, page)
        self.assertNotIn(self.others.name, page)

    def test_the_home_page_counts_them(self):
        self.authenticate("eva", "eva")
        self.assertIn("/my/contracts", self.get("/my/home").text)
        answer = self.url_open(
            "/my/counters",
            data=json.dumps({"params": {"counters": ["linserv_contract_count"]}}),
            headers={"Content-Type": "application/json"},
        )
        self.assertEqual(answer.json()["result"]["linserv_contract_count"], 1)

    def test_the_customer_downloads_invoice_and_evidence(self):
        self.authenticate("eva", "eva")
        self.assertEqual(self.get("/my/invoices/%d" % self.invoice.id).status_code, 200)
        answer = self.get(self.routes()[1])
        self.assertEqual((answer.status_code, answer.content), (200, b"{}"))
        self.assertIn("attachment", answer.headers["Content-Disposition"])

    def test_the_customer_reads_the_invoice_itself_and_nobody_elses(self):
        paper = "/my/invoices/%d?report_type=html" % self.invoice.id
        self.authenticate("eva", "eva")
        answer = self.get(paper)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("ODOO MAINTENANCE AND SUPPORT", answer.text)
        self.authenticate("olle", "olle")
        self.assertNotEqual(self.get(paper).status_code, 200)

    def test_another_attachment_is_not_evidence(self):
        secret = self.env["ir.attachment"].create({"name": "x", "raw": b"x"})
        self.authenticate("eva", "eva")
        url = "/my/contracts/%d/evidence/%d" % (self.contract.id, secret.id)
        self.assertEqual(self.get(url).status_code, 404)

    def test_another_customers_pages_answer_like_pages_that_do_not_exist(self):
        self.authenticate("olle", "olle")
        missing = self.page("/my/contracts/999999")
        self.assertEqual(missing[0], 404)
        for url in self.routes():
            self.assertEqual(self.page(url), missing, url)

    def test_a_draft_does_not_exist_for_the_customer(self):
        self.authenticate("eva", "eva")
        self.assertEqual(self.get("/my/contracts/%d" % self.draft.id).status_code, 404)

    def test_odd_numbers_and_tokens_do_not_exist_either(self):
        self.authenticate("olle", "olle")
        for tail in ("0", "-1", "99999999999999999999", "1%27", "%d?access_token=x" % self.contract.id):
            self.assertEqual(self.get("/my/contracts/" + tail).status_code, 404, tail)

    def test_the_public_is_sent_to_the_login_page(self):
        for url in ["/my/contracts", *self.routes()]:
            answer = self.get(url)
            self.assertIn(answer.status_code, (302, 303), url)
            self.assertIn("/web/login", answer.headers["Location"])

    def test_a_colleague_without_rights_on_contracts_sees_an_empty_portal(self):
        colleague = self.make_visitor(self.norrvik, "kollega")
        colleague.groups_id = self.env.ref("base.group_user")
        self.authenticate("kollega", "kollega")
        self.assertEqual(self.get("/my/contracts").status_code, 200)
        self.assertEqual(self.get("/my/contracts/%d" % self.contract.id).status_code, 404)

    def rpc(self, model, method, *args, **kwargs):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        answer = self.url_open(
            "/web/dataset/call_kw",
            data=json.dumps({"params": params}),
            headers={"Content-Type": "application/json"},
        )
        return answer.json()

    def test_another_customer_reads_nothing_of_norrviks_through_any_model(self):
        self.authenticate("olle", "olle")
        for model in MODELS:
            norrviks = self.env[model].search([]).ids
            if model == "linserv.contract":
                norrviks.remove(self.others.id)
            answer = self.rpc(model, "search_read", [["id", "in", norrviks]], fields=["display_name"])
            self.assertFalse(answer.get("result"), model)
            self.assertIn("error", self.rpc(model, "read", norrviks[:1] or [1]), model)

    def test_a_customer_changes_nothing(self):
        self.authenticate("eva", "eva")
        for method, args in (
            ("write", [{"state": "ended"}]),
            ("action_end", []),
            ("unlink", []),
            ("copy", []),
            ("message_post", []),
        ):
            self.assertIn("error", self.rpc("linserv.contract", method, self.contract.ids, *args), method)
        self.assertIn("error", self.rpc("linserv.contract", "create", {"partner_id": self.norrvik.id}))
        self.assertEqual(self.contract.state, "active")

    def test_a_customer_does_not_read_the_internal_note(self):
        self.contract.note = "secret"
        self.authenticate("eva", "eva")
        answer = self.rpc("linserv.contract", "read", self.contract.ids)
        self.assertNotIn("secret", json.dumps(answer))

    def test_the_next_invoice_is_what_a_run_on_that_day_bills(self):
        contract = self.make_contract("bas")
        shown = contract.with_user(self.eva)._prepare_portal_values()["next_invoice"]
        move = self.bill(str(shown["date"]), contract)
        self.assertEqual(shown["amount"], move.amount_untaxed)
