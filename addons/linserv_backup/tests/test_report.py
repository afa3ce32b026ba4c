"""The monthly report of a customer's backups: its figures, made once, sent once, read by its customer only."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .drill_builders import answer
from .drill_case import DrillCase

MONTH = fields.Date.to_date("2026-10-01")


class ReportCase(DrillCase):
    """October: a point every half hour, three missed while the host was down, one suspect; two drills."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"email": "info@norrvik.se", "lang": "en_US"})
        cls.reports = cls.env["linserv.backup.report"]
        cls.make_plans()
        cls.make_month(cls.repository)

    @classmethod
    def make_plans(cls):
        defaults = {"repository_id": cls.repository.id, "date_from": "2026-01-01"}
        for kind, days, points in (("db", 90, 48), ("fs", 90, 4)):
            cls.env["linserv.backup.plan"].create([dict(defaults, kind=kind, days=days, points=points)])

    @classmethod
    def make_month(cls, repository, days=31):
        begin = fields.Datetime.to_datetime("2026-10-01")
        vals = [cls.slot_vals(repository, begin + timedelta(minutes=30 * number)) for number in range(48 * days)]
        for number in (100, 101, 102):
            vals[number].update(state="missed", reason="odoo_down", name=False)
        vals[500].update(state="suspect", reason="rows_down")
        cls.env["linserv.backup.point"].create(vals)

    @classmethod
    def slot_vals(cls, repository, slot, kind="db"):
        name = "%s-%s" % (kind, slot.strftime("%Y%m%dT%H%M%SZ"))
        return {"repository_id": repository.id, "kind": kind, "slot": slot, "state": "proved", "name": name}

    def hold_in_october(self, day, seconds, *faults):
        drill = self.order()
        began = int(fields.Datetime.to_datetime("2026-10-%02d 03:00:00" % day).timestamp())
        drill._on_run_done(drill.run_id, answer(faults=faults, began=began, ended=began + 60, usable_seconds=seconds))
        return drill

    def make_report(self):
        self.reports._open_month(MONTH)
        return self.reports.search([("month", "=", MONTH), ("partner_id", "=", self.customer.id)])


@tagged("-at_install", "post_install")
class TestReport(ReportCase):
    def test_points_gaps_and_times_of_the_month(self):
        self.hold_in_october(6, 44.0)
        self.hold_in_october(13, 61.5)
        (chapter,) = self.make_report()._get_chapters()
        (kind,) = chapter["kinds"]
        self.assertEqual((kind.expected, kind.proved), (1488, 1484))
        self.assertEqual([(gap.count, gap.reason) for gap in kind.gaps], [(3, "odoo_down"), (1, "rows_down")])
        self.assertEqual((chapter["rpo"], chapter["rto"]), (7200.0, 61.5))
        self.assertEqual(chapter["policies"], "DB 90/48, FS 90/4")

    def test_the_paper_tells_all_of_it(self):
        self.hold_in_october(6, 44.0)
        self.hold_in_october(13, 61.5, "files_missing")
        report = self.make_report().with_context(force_report_rendering=True)
        pdf = self.env.ref("linserv_backup.linserv_backup_report_pdf")
        text = pdf._render_qweb_html(report.ids)[0].decode().replace("\u00a0", " ")
        for words in ("1,484", "1,488", "Norrvik Bygg AB", "Odoo was not running", "2 h", "44 s", "Files that"):
            self.assertIn(words, text)

    def test_every_customer_gets_one_report_however_often_it_is_asked_for(self):
        first = self.make_report().with_context(force_report_rendering=True)
        self.assertEqual(len(first), 1)
        self.assertEqual(self.make_report(), first)
        first._work_off()
        mails = self.env["mail.mail"].search([("id", "=", first.mail_id.id)])
        self.assertEqual((first.state, len(mails)), ("sent", 1))
        document = first.document_id
        first._work_off()
        self.assertEqual((first.document_id, first.mail_id), (document, mails))
        self.assertEqual(document.raw[:5], b"%PDF-")
        self.assertIn("info@norrvik.se", mails.recipient_ids.mapped("email"))
        self.assertEqual(mails.attachment_ids, document)

    def test_a_customer_without_address_finds_it_in_the_portal(self):
        self.customer.email = False
        report = self.make_report().with_context(force_report_rendering=True)
        report._work_off()
        self.assertEqual((report.state, bool(report.mail_id)), ("kept", False))

    def test_a_report_that_cannot_be_made_keeps_no_other_from_it(self):
        other = self.env["res.partner"].create([{"name": "Adalen Bygg AB", "is_company": True}])
        instance = self.make_instance(self.host, technical_name="adalen", partner_id=other.id, database="adalen")
        self.make_month(self.make_repository(instance), days=12)
        self.make_report()
        reports = self.reports.search([("month", "=", MONTH)])
        broken = reports.filtered(lambda report: report.partner_id == self.customer)
        self.env["mail.template"].search([("model", "=", "linserv.backup.report")]).subject = "${object._not_allowed()}"
        reports._work_off()
        self.assertEqual(broken.state, "failed")
        self.assertEqual((reports - broken).state, "kept")

    def test_the_customers_own_report_and_no_other(self):
        ours = self.make_portal_user("nora2", self.customer)
        stranger = self.env["res.partner"].create([{"name": "Adalen Bygg AB", "is_company": True}])
        theirs = self.make_portal_user("adam2", stranger)
        report = self.make_report().with_context(force_report_rendering=True)
        self.assertFalse(self.reports.with_user(ours)._get_portal_reports())
        report._work_off()
        self.assertEqual(self.reports.with_user(ours)._get_portal_reports(), report)
        self.assertEqual(report.with_user(ours)._get_pdf()[1][:5], b"%PDF-")
        self.assertFalse(self.reports.with_user(theirs)._get_portal_reports())
        with self.assertRaises(AccessError):
            report.with_user(theirs)._get_pdf()
