from datetime import timedelta
from unittest import mock

from odoo import fields
from odoo.exceptions import UserError

from .common import ContractCase, day


class TermsCase(ContractCase):
    """Days of notice are compared with today, so contracts are placed around it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.norrvik.email = "ekonomi@norrvik.example"
        cls.env["res.lang"]._activate_lang("sv_SE")

    def on(self, date):
        """Let it be that day."""
        return mock.patch.object(fields.Date, "context_today", lambda *_args: date)

    def mails(self, contract):
        return self.env["mail.mail"].search([("model", "=", contract._name), ("res_id", "=", contract.id)])


class TestTerms(TermsCase):
    def test_rule_60_the_term_begins_with_the_first_posted_invoice(self):
        contract = self.make_contract("bas", start="10-17")
        self.assertFalse(contract.date_first_invoice)
        self.bill("11-01", contract)
        self.assertFalse(contract.date_first_invoice)
        contract.move_ids.action_post()
        self.assertEqual(contract.date_first_invoice, day("11-01"))
        with self.on(day("11-01")):
            contract.modified(["date_first_invoice"])
            self.assertEqual(contract.date_term_end, day("2027-10-31"))
        self.assertEqual(contract.date_notice_latest, day("2027-07-31"))

    def test_rule_60_a_later_invoice_changes_nothing(self):
        contract = self.make_contract("bas")
        self.bill("10-01", contract, mode="post")
        self.bill("11-01", contract, mode="post")
        self.assertEqual(contract.date_first_invoice, day("10-01"))

    def test_rule_60_when_the_first_invoice_is_cancelled_the_next_is_first(self):
        contract = self.make_contract("bas")
        first = self.bill("10-01", contract, mode="post")
        self.bill("11-01", contract, mode="post")
        first.button_draft()
        first.button_cancel()
        self.assertEqual(contract.date_first_invoice, day("11-01"))

    def test_rule_60_a_contract_invoiced_elsewhere_keeps_the_day_that_was_written(self):
        contract = self.make_contract("bas", date_first_invoice=day("2024-03-01"))
        self.bill("10-01", contract, mode="post")
        self.assertEqual(contract.date_first_invoice, day("2024-03-01"))

    def test_rule_61_a_new_term_begins_by_itself(self):
        contract = self.make_contract("bas", start="2025-10-01", date_first_invoice=day("2025-10-01"))
        with self.on(day("2026-06-30")):
            contract.modified(["date_first_invoice"])
            self.assertEqual(contract.date_notice_latest, day("2026-06-30"))
        self.env["linserv.contract"]._refresh_terms(day("2026-07-01"))
        self.assertEqual(contract.date_notice_latest, day("2027-06-30"))
        self.assertEqual(contract.date_term_end, day("2027-09-30"))


class TestNotice(TermsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.context_today(cls.norrvik)
        cls.contract = cls.make_contract("bas", start=str(cls.today), user_id=cls.env.ref("base.user_admin").id)

    def test_rule_61_notice_gives_the_last_day_and_changes_nothing_else(self):
        notice = self.contract._prepare_notice(self.today)
        self.assertEqual(notice["date_end"], self.contract.date_term_end)
        self.assertEqual(notice["date_notice_latest"], self.contract.date_notice_latest)
        self.assertFalse(self.contract.date_end)
        end = self.contract._give_notice(self.today, "customer", "Vi byter system")
        self.assertEqual((end, self.contract.date_end), (notice["date_end"], notice["date_end"]))
        self.assertEqual((self.contract.notice_by, self.contract.notice_date), ("customer", self.today))
        self.assertEqual((self.contract.state, self.contract.subscription_ids.state), ("active", "active"))
        self.assertFalse(self.contract.date_notice_latest)

    def test_rule_61_billing_goes_on_to_the_last_day_and_no_longer(self):
        contract = self.make_contract("bas", start="2025-10-01", notice_months=1, term_months=1, renewal_months=1)
        with self.on(day("2025-10-05")):
            contract._give_notice(day("2025-10-05"))
        self.assertEqual(contract.date_end, day("2025-11-30"))
        self.bill("2026-02-01", contract)
        self.assertEqual(sorted(self.billed(contract)), ["2025-10-01/2025-10-31", "2025-11-01/2025-11-30"])

    def test_notice_twice_is_one_notice(self):
        self.contract._give_notice(self.today)
        with self.assertRaisesRegex(UserError, "Notice was given"):
            self.contract._give_notice(self.today)
        self.assertEqual(len(self.mails(self.contract)), 1)

    def test_no_notice_ahead_of_its_day_nor_on_what_is_not_in_force(self):
        with self.assertRaisesRegex(UserError, "cannot lie ahead"):
            self.contract._give_notice(self.today + timedelta(days=1))
        with self.assertRaisesRegex(UserError, "not in force"):
            self.make_contract("bas", state="draft")._prepare_notice(self.today)

    def test_the_customer_gets_a_confirmation_and_the_salesperson_an_activity(self):
        self.contract._give_notice(self.today)
        mail = self.mails(self.contract)
        self.assertEqual(mail.recipient_ids, self.norrvik)
        self.assertIn(self.contract.name, mail.subject)
        self.assertIn(str(self.contract.date_end.year), mail.body_html)
        self.assertEqual(self.contract.activity_ids.user_id, self.env.ref("base.user_admin"))

    def test_a_customer_without_address_is_told_by_a_person(self):
        self.norrvik.email = False
        self.contract._give_notice(self.today)
        self.assertFalse(self.mails(self.contract))
        self.assertIn("no e-mail address", " ".join(self.contract.message_ids.mapped("body")))

    def test_rule_66_a_withdrawn_notice_never_was(self):
        before = self.contract.date_notice_latest
        self.contract._give_notice(self.today)
        self.contract._withdraw_notice("Stannar")
        self.assertFalse(self.contract.date_end or self.contract.notice_date or self.contract.notice_by)
        self.assertEqual(self.contract.date_notice_latest, before)
        with self.assertRaisesRegex(UserError, "No notice to withdraw"):
            self.contract._withdraw_notice()
        self.contract._give_notice(self.today)

    def test_rule_66_after_the_last_day_it_is_too_late(self):
        self.contract._give_notice(self.today)
        with (
            self.on(self.contract.date_end + timedelta(days=1)),
            self.assertRaisesRegex(UserError, "past its last day"),
        ):
            self.contract._withdraw_notice()

    def test_the_wizard_shows_the_last_day_first(self):
        action = self.env.ref("linserv_contract.linserv_contract_notice_action")
        wizard = self.env[action.res_model].create({"contract_id": self.contract.id, "notice_by": "linserv"})
        self.assertEqual(wizard.date_end, self.contract.date_term_end)
        wizard.action_give()
        self.assertEqual((self.contract.date_end, self.contract.notice_by), (wizard.date_contract_end, "linserv"))
        self.env[action.res_model].create({"contract_id": self.contract.id}).action_withdraw()
        self.assertFalse(self.contract.notice_date)


class TestTermsCron(TermsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = {"start": "2025-10-01", "date_first_invoice": day("2025-10-01")}
        cls.contract = cls.make_contract("bas", user_id=cls.env.ref("base.user_admin").id, **values)

    def run_on(self, date):
        with self.on(date):
            self.env["linserv.contract"]._refresh_terms(date)
            self.contract.modified(["date_start"])
            return self.env["linserv.contract"]._remind_all(date) & self.contract

    def test_rule_63_the_reminder_comes_once_a_term(self):
        self.assertFalse(self.run_on(day("2026-05-30")))
        self.assertTrue(self.run_on(day("2026-05-31")))
        self.assertFalse(self.run_on(day("2026-06-01")))
        self.assertTrue(self.run_on(day("2027-06-15")))
        self.assertEqual(len(self.mails(self.contract)), 2)
        self.assertEqual(len(self.contract.activity_ids), 2)
        self.assertEqual(self.contract.activity_ids.mapped("date_deadline"), [day("2026-06-30"), day("2027-06-30")])

    def test_rule_63_days_ahead_are_the_companys(self):
        self.company.linserv_notice_reminder_days = 60
        self.assertTrue(self.run_on(day("2026-05-05")))

    def test_rule_63_no_reminder_after_notice(self):
        with self.on(day("2026-05-01")):
            self.contract._give_notice(day("2026-05-01"))
        self.assertFalse(self.run_on(day("2026-06-15")))

    def test_rule_67_a_contract_ends_after_its_last_day(self):
        self.contract.date_end = day("2026-09-30")
        contracts = self.env["linserv.contract"]
        self.assertFalse(contracts._end_past(day("2026-09-30")) & self.contract)
        self.assertIn(self.contract, contracts._end_past(day("2026-10-01")))
        self.assertEqual((self.contract.state, self.contract.subscription_ids.state), ("ended", "ended"))
        self.assertEqual(self.contract.subscription_ids.date_end, day("2026-09-30"))
        self.assertFalse(contracts._end_past(day("2026-10-02")) & self.contract)

    def test_rule_67_a_service_ends_alone_after_its_own_last_day(self):
        service = self.contract.subscription_ids
        service.date_end = day("2026-09-30")
        self.env["linserv.contract"]._end_past(day("2026-10-01"))
        self.assertEqual((self.contract.state, service.state), ("active", "ended"))

    def test_three_contracts_the_middle_one_fails_two_end(self):
        contracts = self.contract | self.make_contract("bas", start="2025-10-01")
        contracts |= self.make_contract("bas", start="2025-10-01")
        contracts.write({"date_end": day("2026-01-31")})
        broken, words = contracts.sorted()[1], "Broken on purpose"
        original = type(contracts).action_end

        def fail(records):
            if records == broken:
                raise UserError(words)
            return original(records)

        with mock.patch.object(type(contracts), "action_end", fail):
            self.env["linserv.contract"]._end_past(day("2026-03-01"))
        self.assertEqual((contracts - broken).mapped("state"), ["ended", "ended"])
        self.assertEqual(broken.state, "active")
        self.assertIn(words, broken.activity_ids.note)

    def test_the_scheduled_action_does_it_all_and_twice_is_once(self):
        self.contract.date_end = day("2025-12-31")
        self.env["linserv.contract"]._cron_terms()
        self.env["linserv.contract"]._cron_terms()
        self.assertEqual(self.contract.state, "ended")
