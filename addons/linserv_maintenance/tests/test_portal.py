import gzip
import json

from odoo.tests import HttpSavepointCase, tagged

from .common import NOVEMBER, CodeCase

MODELS = [
    "linserv.code.snapshot",
    "linserv.code.snapshot.module",
    "linserv.code.snapshot.note",
]
STAFF_ONLY = [
    "linserv.code.tree",
    "linserv.code.audit",
    "linserv.code.audit.module",
    "linserv.code.audit.language",
    "linserv.code.difference",
    "linserv.code.difference.line",
    "linserv.code.reject",
    "linserv.secret",
]


@tagged("post_install", "-at_install")
class TestPortal(HttpSavepointCase, CodeCase):
    """Norrvik's Eva looks at her counts; Sydvik's Olle must see nothing of them."""

    registry_test_mode = False  # HostingCase has switched it on already

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sydvik = cls.env["res.partner"].create([{"name": "Sydvik AB", "is_company": True}])
        cls.eva = cls.make_portal_user("eva", cls.customer)
        cls.olle = cls.make_portal_user("olle", cls.sydvik)
        cls.make_maintenance()

    def setUp(self):
        super().setUp()
        note = {"kind": "demo_exclusion", "module": "norrvik_sale", "path": "", "lines": 150, "message": "2 files"}
        self.first = self.approved({"norrvik_sale": 1210, "norrvik_stock": 300}, notes=[note])
        self.second = self.approved({"norrvik_sale": 1250, "norrvik_stock": 300}, NOVEMBER, notes=[note])
        self.draft = self.counted({"norrvik_sale": 9000}, "2026-12-20")
        self.page = "/my/instances/%d/code" % self.instance.id

    def routes(self):
        evidence = [
            "%s/%d/evidence.%s" % (self.page, snapshot.id, kind)
            for snapshot in (self.first, self.second)
            for kind in ("pdf", "jgz")
        ]
        return [self.page, *evidence]

    def get(self, url):
        return self.url_open(url, allow_redirects=False)

    def test_the_customer_sees_lines_difference_notes_and_price_in_swedish(self):
        self.authenticate("eva", "eva-secret")
        text = self.get(self.page).text.replace("\u00a0", " ")
        for words in ("1 550", "2 800,00", "+40", "rader kod", "Moduler", "Anmärkningar", "Demodata", "norrvik_sale"):
            self.assertIn(words, text)
        for words in ("<polyline", "evidence.pdf", self.second._get_public_key_base64()):
            self.assertIn(words, text)
        self.assertNotIn("9 000", text)

    def test_the_list_shows_the_customer_s_instances_only(self):
        self.authenticate("olle", "olle-secret")
        self.assertNotIn("Norrvik", self.get("/my/instances").text)
        self.authenticate("eva", "eva-secret")
        self.assertIn(self.page, self.get("/my/instances").text)

    def test_the_customer_downloads_what_verifies(self):
        self.authenticate("eva", "eva-secret")
        answer = self.get("%s/%d/evidence.jgz" % (self.page, self.second.id))
        document = json.loads(gzip.decompress(answer.content))
        self.assertEqual(document["statement"], self.second.statement)
        self.assertIn("norrvik-prod-2026-11-code-evidence.json.gz", answer.headers["Content-Disposition"])

    def test_the_customer_downloads_the_annex(self):
        self.authenticate("eva", "eva-secret")
        answer = self.get("%s/%d/evidence.pdf" % (self.page, self.second.id))
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "application/pdf"))

    def test_another_customer_gets_the_same_answer_as_for_what_does_not_exist(self):
        self.authenticate("olle", "olle-secret")
        missing = self.get("/my/instances/%d/code" % 2**30)
        self.assertEqual(missing.status_code, 404)
        for url in self.routes():
            answer = self.get(url)
            self.assertEqual((url, answer.status_code), (url, 404))
            self.assertNotIn("orrvik", answer.text)

    def test_nobody_gets_a_count_that_is_not_approved_or_another_kind_of_file(self):
        self.authenticate("eva", "eva-secret")
        self.assertEqual(self.get("%s/%d/evidence.pdf" % (self.page, self.draft.id)).status_code, 404)
        self.assertEqual(self.get("%s/%d/evidence.exe" % (self.page, self.first.id)).status_code, 404)

    def test_visitors_without_login_are_sent_to_it(self):
        for url in ["/my/instances", *self.routes()]:
            self.assertIn("/web/login", self.get(url).headers["Location"])

    def test_another_customer_reads_no_record_of_any_model(self):
        for model in MODELS:
            self.assertTrue(self.env[model].sudo().search([]))
            self.assertFalse(self.env[model].with_user(self.olle).search([]), model)
        for model in MODELS + STAFF_ONLY:
            rights = self.env[model].with_user(self.olle)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(rights.check_access_rights(operation, raise_exception=False), (model, operation))
        for model in STAFF_ONLY:
            self.assertFalse(self.env[model].with_user(self.eva).check_access_rights("read", raise_exception=False))

    def test_the_customer_reads_approved_counts_without_the_office_s_fields(self):
        seen = self.env["linserv.code.snapshot"].with_user(self.eva).search([])
        self.assertEqual(seen, self.first | self.second)
        values = seen[:1].read()[0]
        for name in ("run_id", "error", "decision", "approved_by_id", "signing_secret_id", "reading_id", "tree_id"):
            self.assertNotIn(name, values)
        self.assertEqual(values["code_lines"], 1550)
