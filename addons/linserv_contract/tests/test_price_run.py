from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ContractCase, day


@tagged("post_install", "-at_install")
class TestPriceRun(ContractCase):
    """Rules 90-95: Norrvik's prices follow a percentage or an index, after a letter in time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("sv_SE")
        cls.norrvik.email = "eva@norrvik.example"
        cls.contract = cls.make_contract("bas", "backup", start="2025-01-01", billing_alignment="calendar")
        cls.bas, cls.backup = cls.contract.subscription_ids
        cls.index = cls.env.ref("linserv_contract.linserv_price_index_aki")
        cls.values = cls.env["linserv.price.index.value"].create(
            [
                {"index_id": cls.index.id, "date": day(text), "value": value}
                for text, value in (("2025-10-15", 100.0), ("2026-10-01", 103.2), ("2027-10-01", 106.0))
            ]
        )

    def setUp(self):
        super().setUp()
        self.set_today("2026-11-02")

    def set_today(self, text):
        """Let it be that day from here to the end of the test."""
        clock = patch.object(fields.Date, "context_today", lambda *args, **kw: day(text))
        clock.start()
        self.addCleanup(clock.stop)

    def make_price_run(self, **values):
        defaults = {"date_effective": day("2027-01-01"), "percent": 3.0, "contract_ids": [(6, 0, self.contract.ids)]}
        run = self.env["linserv.price.run"].create({**defaults, **values})
        run.action_preview()
        return run

    def index_values(self, base, target):
        return {
            "method": "index",
            "index_id": self.index.id,
            "base_value_id": self.values[base].id,
            "target_value_id": self.values[target].id,
        }

    def prices(self, subscription):
        return [
            (str(price.date_from), round(price.price_unit, 2)) for price in subscription.price_ids.sorted("date_from")
        ]

    def test_rule_90_the_preview_shows_prices_and_writes_none(self):
        run = self.make_price_run()
        self.assertEqual(run.line_ids.mapped("price_new"), [927.0, 927.0])
        self.assertEqual((run.included_count, run.amount_year), (2, 648.0))
        self.assertEqual(self.prices(self.bas), [("2025-01-01", 900.0)])

    def test_rule_90_an_index_starts_from_what_the_price_came_to_last(self):
        first = self.make_price_run(**self.index_values(0, 1))
        first.action_send_letters()
        first.action_apply()
        self.assertEqual(self.prices(self.bas), [("2025-01-01", 900.0), ("2027-01-01", 928.8)])
        second = self.make_price_run(date_effective=day("2028-01-01"), **self.index_values(0, 2))
        self.assertEqual(second.line_ids[0].base_value_id, self.values[1])
        self.assertEqual(second.line_ids[0].price_new, 954.0)

    def test_rule_90_an_index_value_that_prices_came_from_cannot_change(self):
        run = self.make_price_run(**self.index_values(0, 1))
        run.action_send_letters()
        run.action_apply()
        with self.assertRaises(UserError):
            self.values[1].value = 104.0

    def test_rule_91_the_new_price_begins_with_a_whole_period_that_is_not_billed(self):
        self.backup.write({"billing_interval": "quarterly"})
        run = self.make_price_run(date_effective=day("2027-01-15"))
        days = {line.subscription_id: str(line.date_from) for line in run.line_ids}
        self.assertEqual(days, {self.bas: "2027-02-01", self.backup: "2027-04-01"})

    def test_rule_91_from_the_very_day_and_what_is_billed_beyond_it_is_charged(self):
        self.bill("2027-01-01", self.contract)
        run = self.make_price_run(date_effective=day("2027-01-16"), whole_periods=False)
        run.action_send_letters()
        run.action_apply()
        move = self.bill("2027-02-01", self.contract)
        # 15 days at 900 and 16 at 927 are 435.48 + 478.45, of which 900 have been billed.
        self.assertAlmostEqual(move.amount_untaxed, 2 * (927.0 + 13.93))

    def test_rule_90_tiers_and_minimum_follow_the_price(self):
        self.bas.price_ids.write(
            {"minimum_amount": 500.0, "tier_ids": [(0, 0, {"quantity_above": 10, "price_unit": 800.0})]}
        )
        run = self.make_price_run()
        run.action_send_letters()
        run.action_apply()
        version = self.bas.price_ids.sorted("date_from")[-1]
        self.assertEqual((version.price_unit, version.minimum_amount), (927.0, 515.0))
        self.assertEqual((version.tier_ids.quantity_above, version.tier_ids.price_unit), (10.0, 824.0))

    def test_rule_92_what_is_left_out_says_why(self):
        self.bas.price_fixed_until = day("2027-06-30")
        self.backup._set_price({"price_unit": 500.0}, day("2026-09-01"))
        run = self.make_price_run()
        self.assertEqual(run.line_ids.mapped("reason"), ["fixed", "too_young"])
        self.assertEqual(run.included_count, 0)
        with self.assertRaises(UserError):
            run.action_send_letters()

    def test_rule_92_a_person_may_include_it_all_the_same_and_choose_the_price(self):
        self.backup._set_price({"price_unit": 500.0}, day("2026-09-01"))
        run = self.make_price_run()
        run.line_ids[1].write({"included": True, "price_new": 510.0})
        run.action_send_letters()
        run.action_apply()
        self.assertEqual(self.backup._index_first_day(run), day("2027-01-01"))
        self.assertEqual(self.prices(self.backup)[-1], ("2027-01-01", 510.0))

    def test_rule_93_letters_too_late_are_refused(self):
        run = self.make_price_run(date_effective=day("2026-12-01"))
        self.assertEqual(run.date_letter_latest, day("2026-11-01"))
        with self.assertRaisesRegex(UserError, "too late"):
            run.action_send_letters()
        self.assertEqual(run.state, "draft")

    def test_rule_93_one_letter_a_customer_in_swedish_and_once(self):
        other = self.make_contract("epost", start="2025-01-01")
        run = self.make_price_run(contract_ids=[(6, 0, (self.contract | other).ids)])
        run.action_send_letters()
        run.action_send_letters()
        self.env["linserv.price.letter"]._cron_send()
        letter = run.letter_ids
        self.assertEqual((len(letter), letter.state, len(letter.line_ids)), (1, "sent", 3))
        mails = self.env["mail.mail"].search([("model", "=", letter._name), ("res_id", "=", letter.id)])
        self.assertEqual((len(mails), mails.recipient_ids, mails.attachment_ids), (1, self.norrvik, letter.document_id))
        self.assertIn(letter.document_id.name, [m.attachment_ids.name for m in self.contract.message_ids])

    def test_rule_93_a_customer_without_address_gets_a_letter_to_print(self):
        self.norrvik.email = False
        run = self.make_price_run()
        run.action_send_letters()
        self.assertEqual(run.letter_ids.state, "to_print")
        with self.assertRaisesRegex(UserError, "not gone out"):
            run.action_apply()
        run.letter_ids.action_posted()
        run.action_apply()
        self.assertEqual(run.state, "applied")

    def test_rule_93_without_letters_only_when_somebody_says_so(self):
        run = self.make_price_run()
        with self.assertRaisesRegex(UserError, "letters first"):
            run.action_apply()
        run.without_letter = True
        run.action_apply()
        self.assertEqual(self.prices(self.bas)[-1], ("2027-01-01", 927.0))

    def test_rule_93_what_customers_were_told_stands(self):
        run = self.make_price_run()
        run.action_send_letters()
        with self.assertRaises(UserError):
            run.line_ids[0].price_new = 1000.0
        with self.assertRaises(UserError):
            run.line_ids[0].included = True
        with self.assertRaises(UserError):
            run.action_preview()
        with self.assertRaises(UserError):
            run.unlink()

    def test_rule_93_a_customer_may_be_left_out_after_the_letter(self):
        run = self.make_price_run()
        run.action_send_letters()
        run.line_ids[0].included = False
        run.action_apply()
        self.assertEqual(self.prices(self.bas), [("2025-01-01", 900.0)])
        self.assertEqual(self.prices(self.backup)[-1], ("2027-01-01", 927.0))

    def test_rule_94_twice_changes_nothing(self):
        run = self.make_price_run()
        run.action_send_letters()
        run.action_apply()
        run.action_apply()
        self.assertEqual(self.prices(self.bas), [("2025-01-01", 900.0), ("2027-01-01", 927.0)])
        again = self.make_price_run()
        self.assertEqual(set(again.line_ids.mapped("reason")), {"price_that_day"})

    def test_rule_94_a_price_agreed_meanwhile_stays(self):
        run = self.make_price_run()
        run.action_send_letters()
        self.bas._set_price({"price_unit": 850.0}, day("2026-12-01"))
        run.action_apply()
        self.assertEqual(self.prices(self.bas)[-1], ("2026-12-01", 850.0))
        self.assertEqual(self.prices(self.backup)[-1], ("2027-01-01", 927.0))
        self.assertEqual(run.line_ids[0].reason, "changed")

    def test_rule_95_undone_before_it_holds_and_the_customers_are_told(self):
        run = self.make_price_run()
        run.action_send_letters()
        run.action_apply()
        run.action_undo()
        self.assertEqual(self.prices(self.bas), [("2025-01-01", 900.0)])
        self.assertEqual((run.state, run.letter_ids.state), ("cancelled", "withdrawn"))
        mails = self.env["mail.mail"].search(
            [("model", "=", "linserv.price.letter"), ("res_id", "in", run.letter_ids.ids)]
        )
        self.assertEqual(len(mails), 2)

    def test_rule_95_not_once_it_holds(self):
        run = self.make_price_run()
        run.action_send_letters()
        run.action_apply()
        self.set_today("2027-01-01")
        with self.assertRaisesRegex(UserError, "no longer be undone"):
            run.action_undo()

    def test_the_next_invoices_have_the_new_price_from_its_day(self):
        run = self.make_price_run()
        run.action_send_letters()
        run.action_apply()
        self.bill("2026-12-01", self.contract)
        move = self.bill("2027-01-01", self.contract)
        self.assertEqual(move.amount_untaxed, 1854.0)

    def test_the_same_service_twice_in_a_run_is_refused(self):
        run = self.make_price_run()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            run.line_ids[0].copy()
            run.flush()
