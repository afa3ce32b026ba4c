import psycopg2

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .common import ContractCase, day


class TestBilling(ContractCase):
    def test_a_month_in_advance(self):
        contract = self.make_contract("bas")
        move = self.bill("10-01", contract)
        self.assertEqual((move.state, move.amount_untaxed, move.amount_tax), ("draft", 900.0, 225.0))
        self.assertEqual(self.billed(contract), ["2026-10-01/2026-10-31"])

    def test_posted_at_once_when_the_run_says_so(self):
        move = self.bill("10-01", self.make_contract("bas"), mode="post")
        self.assertEqual((move.state, move.invoice_date, move.invoice_date_due), ("posted", day("10-01"), day("10-31")))

    def test_rule_5_missed_months_are_caught_up_on_one_invoice(self):
        contract = self.make_contract("bas")
        move = self.bill("12-01", contract)
        self.assertEqual(len(move), 1)
        self.assertEqual(move.amount_untaxed, 2700.0)
        self.assertEqual(
            self.billed(contract),
            ["2026-10-01/2026-10-31", "2026-11-01/2026-11-30", "2026-12-01/2026-12-31"],
        )

    def test_rule_20_the_same_run_twice_makes_one_invoice(self):
        contract = self.make_contract("bas")
        run = self.make_run("10-01", contract)
        run.action_bill()
        run.action_bill()
        self.assertEqual((len(run.move_ids), run.state), (1, "done"))
        self.assertEqual(self.billed(contract), ["2026-10-01/2026-10-31"])

    def test_rule_20_a_second_run_bills_only_what_is_missing(self):
        contract = self.make_contract("bas")
        self.bill("10-01", contract)
        self.subscribe(contract, "backup", price_unit=500.0)
        move = self.bill("10-01", contract)
        self.assertEqual(move.amount_untaxed, 500.0)

    def test_rule_21_one_broken_contract_does_not_stop_the_others(self):
        whole = self.make_contract("bas")
        broken = self.make_contract("backup", partner=self.norrvik)
        product = broken.subscription_ids.service_id.product_id
        product.taxes_id = self.env["account.tax"].create(
            {"name": "Broken", "amount_type": "fixed", "amount": -5000.0, "company_id": self.company.id}
        )
        last = self.make_contract("bas")
        run = self.make_run("10-01", whole | broken | last, mode="post")
        run.action_bill()
        states = {line.contract_id: line.state for line in run.line_ids}
        self.assertEqual(states, {whole: "billed", broken: "failed", last: "billed"})
        self.assertIn("negative", run.line_ids.filtered(lambda line: line.state == "failed").reason)
        self.assertEqual((run.billed_count, run.failed_count, run.amount_total), (2, 1, 1800.0))
        self.assertEqual(self.billed(broken), [])

    def test_a_customer_without_a_sales_journal_is_explained(self):
        self.env["account.journal"].search([("type", "=", "sale")]).write({"type": "general"})
        contract = self.make_contract("bas")
        run = self.make_run("10-01", contract)
        run.action_preview()
        self.assertEqual(run.line_ids.state, "failed")
        self.assertIn("sales journal", run.line_ids.reason)

    def test_another_company_is_billed_in_its_own_books(self):
        company = self.env["res.company"].create({"name": "Annat bolag AB"})
        contract = self.env["linserv.contract"].create(
            {
                "partner_id": self.norrvik.id,
                "company_id": company.id,
                "date_start": day("10-01"),
                "payment_term_id": False,
                "subscription_ids": [(0, 0, {"service_id": self.service("epost").id, "price_unit": 1.0})],
            }
        )
        contract.action_activate()
        run = self.make_run("10-01", company_id=company.id)
        run.action_bill()
        self.assertEqual((run.line_ids.contract_id, run.line_ids.state), (contract, "failed"))
        self.assertIn("Annat bolag AB has no sales journal", run.line_ids.reason)

    def test_an_archived_contract_in_force_is_still_billed(self):
        contract = self.make_contract("bas")
        contract.active = False
        self.assertEqual(self.bill("10-01", contract).amount_untaxed, 900.0)

    def test_preview_shows_what_billing_does_to_the_ore(self):
        self.make_reading(12345, "09-28")
        contracts = self.make_contract("bas", "maintenance", start="09-17")
        contracts |= self.make_contract({"code": "backup", "price_unit": 333.33}, start="08-31")
        run = self.make_run("10-01", contracts)
        run.action_preview()
        planned = [(line.contract_id, line.amount, line.detail) for line in run.line_ids]
        self.assertFalse(run.move_ids or self.billed(contracts))
        run.action_bill()
        self.assertEqual([(line.contract_id, line.amount, line.detail) for line in run.line_ids], planned)
        self.assertEqual([line.move_id.amount_untaxed for line in run.line_ids], [amount for _, amount, _ in planned])

    def test_the_confirmation_shows_the_previews_totals_and_bills_them(self):
        run = self.make_run("10-01", self.make_contract("bas") | self.make_contract("maintenance"), mode="post")
        action = run.action_confirm()
        wizard = self.env[action["res_model"]].with_context(**action["context"]).create({})
        self.assertEqual((wizard.planned_count, wizard.held_count, wizard.amount), (1, 1, 900.0))
        wizard.action_bill()
        self.assertEqual(run.move_ids.mapped("state"), ["posted"])

    def test_preview_twice_shows_the_same(self):
        run = self.make_run("10-01", self.make_contract("bas"))
        run.action_preview()
        run.action_preview()
        self.assertEqual((len(run.line_ids), run.amount_total, run.progress), (1, 900.0, 0.0))

    def test_preview_after_billing_shows_nothing_more(self):
        run = self.make_run("10-01", self.make_contract("bas"))
        run.action_bill()
        run.action_preview()
        self.assertEqual(run.line_ids.mapped("state"), ["billed"])

    def test_a_run_without_contracts_bills_every_contract_in_force(self):
        active = self.make_contract("bas")
        draft = self.make_contract("bas", state="draft")
        run = self.make_run("10-01")
        run.action_bill()
        self.assertIn(active, run.line_ids.contract_id)
        self.assertNotIn(draft, run.line_ids.contract_id)

    def test_another_worker_waits_while_the_lease_runs(self):
        run = self.make_run("10-01", self.make_contract("bas"))
        run._take()
        with self.assertRaisesRegex(UserError, "right now"):
            run.action_bill()

    def test_rule_22_an_interrupted_run_goes_on_where_it_stopped(self):
        contracts = self.make_contract("bas") | self.make_contract("bas")
        run = self.make_run("10-01", contracts)
        run._take()
        first, second = run._open_lines()
        first._bill()
        self.assertEqual(run.progress, 50.0)
        run.lease_until = "2026-01-01 00:00:00"
        self.env["linserv.billing.run"]._cron_resume()
        self.assertEqual((run.state, len(run.move_ids), run.progress), ("done", 2, 100.0))
        self.assertEqual((first.state, second.state), ("billed", "billed"))

    def test_the_scheduled_action_leaves_finished_runs_alone(self):
        run = self.make_run("10-01", self.make_contract("bas"))
        run.action_bill()
        self.env["linserv.billing.run"]._cron_resume()
        self.assertEqual(len(run.move_ids), 1)

    def test_the_31st_does_not_drift(self):
        contract = self.make_contract("bas", start="01-31")
        self.bill("05-31", contract)
        firsts = [period.split("/")[0] for period in self.billed(contract)]
        self.assertEqual(firsts, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"])

    def test_rhythms_of_one_contract_do_not_leak_into_each_other(self):
        contract = self.make_contract(
            "bas",
            {"code": "backup", "billing_interval": "yearly", "price_unit": 6000.0},
            {"code": "epost", "billing_timing": "arrears", "price_unit": 100.0},
        )
        move = self.bill("10-01", contract)
        self.assertEqual(sorted(move.invoice_line_ids.mapped("price_subtotal")), [900.0, 6000.0])
        move = self.bill("11-01", contract)
        self.assertEqual(sorted(move.invoice_line_ids.mapped("price_subtotal")), [100.0, 900.0])

    def test_ending_one_service_leaves_the_others(self):
        contract = self.make_contract("bas", "backup")
        ended = contract.subscription_ids[0]
        ended.date_end = day("10-15")
        ended.action_end()
        move = self.bill("11-01", contract)
        self.assertEqual(sorted(move.invoice_line_ids.mapped("price_subtotal")), [435.48, 900.0, 900.0])

    def test_an_ended_contract_is_billed_to_its_last_day(self):
        contract = self.make_contract("bas")
        contract.date_end = day("11-15")
        contract.action_end()
        self.assertEqual(self.bill("2027-01-01", contract).amount_untaxed, 1350.0)

    def test_what_is_free_of_charge_is_on_the_invoice_at_zero(self):
        contract = self.make_contract("bas", {"code": "epost", "price_unit": 0.0})
        move = self.bill("10-01", contract, mode="post")
        self.assertEqual(sorted(move.invoice_line_ids.mapped("price_subtotal")), [0.0, 900.0])

    def test_a_run_for_one_contract_that_is_archived_meanwhile_bills_no_other(self):
        contract, _other = self.make_contract("bas"), self.make_contract("backup")
        run = self.make_run("10-01", contract)
        contract.active = False
        run.action_bill()
        self.assertEqual(run.move_ids.linserv_contract_id, contract)

    @mute_logger("odoo.sql_db")
    def test_a_contract_that_a_run_is_for_cannot_be_deleted(self):
        contract = self.make_contract("bas", state="draft")
        self.make_run("10-01", contract)
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            contract.unlink()

    def test_a_line_that_another_worker_billed_meanwhile_keeps_its_invoice(self):
        run = self.make_run("10-01", self.make_contract("bas"))
        lines = run._open_lines()
        lines._bill()
        move = lines.move_id
        lines._bill()
        self.assertEqual((lines.state, lines.move_id, lines.amount), ("billed", move, 900.0))
