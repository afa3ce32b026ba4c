import threading
from contextlib import contextmanager
from datetime import date

import psycopg2

import odoo
from odoo import SUPERUSER_ID, api
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestTwoConnections(BaseCase):
    """Rule 15 for real: several connections that commit. What the test makes, it takes away again."""

    def setUp(self):
        super().setUp()
        self.registry = odoo.registry(get_db_name())
        with self.connect() as env:
            partner = env["res.partner"].create({"name": "Två uppkopplingar AB"})
            self.contract_ids = [self.make_contract(env, partner).id for _number in range(6)]
        self.partner_id = partner.id
        self.addCleanup(self.clean)

    @contextmanager
    def connect(self):
        with api.Environment.manage(), self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {"linserv_commit_in_test": True, "tracking_disable": True})

    def make_contract(self, env, partner):
        service = env.ref("linserv_contract.linserv_service_epost")
        values = {"service_id": service.id, "price_unit": 100.0}
        contract = env["linserv.contract"].create(
            {"partner_id": partner.id, "date_start": "2026-10-01", "subscription_ids": [(0, 0, values)]}
        )
        contract.action_activate()
        return contract

    def clean(self):
        with self.connect() as env:
            moves = env["account.move"].search([("linserv_contract_id", "in", self.contract_ids)])
            moves.filtered(lambda move: move.state == "posted").button_draft()
            moves.with_context(force_delete=True).unlink()
            contracts = env["linserv.contract"].browse(self.contract_ids)
            env["linserv.billing.run"].search([("contract_ids", "in", contracts.ids)]).unlink()
            env["linserv.billed.period"].with_context(active_test=False).search(
                [("contract_id", "in", contracts.ids)]
            ).unlink()
            env.cr.execute("DELETE FROM linserv_contract WHERE id IN %s", [tuple(contracts.ids)])
            env["res.partner"].browse(self.partner_id).unlink()

    def make_run(self, mode):
        with self.connect() as env:
            values = {"date": "2026-10-01", "mode": mode, "contract_ids": [(6, 0, self.contract_ids)]}
            return env["linserv.billing.run"].create(values).id

    def test_rule_37_a_change_at_the_moment_of_a_billing_is_not_forgotten(self):
        """Nobody has planned the service: its day is empty before and after the change, and must not be overwritten."""
        with self.connect() as billing:
            subscription = billing["linserv.contract"].browse(self.contract_ids[0]).subscription_ids
            self.assertFalse(subscription.date_next_due)
            with self.connect() as changing:
                other = changing["linserv.subscription"].browse(subscription.id)
                other._set_price({"price_unit": 200.0}, date(2026, 10, 15))
            with self.assertRaises(psycopg2.extensions.TransactionRollbackError), mute_logger("odoo.sql_db"):
                subscription._set_next_due({subscription.id: date(2026, 11, 1)})
                subscription.flush()
            billing.cr.rollback()

    def invoices(self):
        """Return (contract, number of invoices, number of periods) for each contract."""
        with self.connect() as env:
            result = []
            for contract in env["linserv.contract"].browse(self.contract_ids):
                periods = contract.subscription_ids.billed_period_ids
                result.append((contract.id, len(contract.move_ids), len(periods)))
            return result

    @mute_logger("odoo.sql_db")
    def test_rule_15_the_database_refuses_what_another_connection_billed_meanwhile(self):
        with self.connect() as env:
            subscription = env["linserv.contract"].browse(self.contract_ids[0]).subscription_ids.id
        values = {"subscription_id": subscription, "date_from": date(2026, 10, 1), "date_to": date(2026, 10, 31)}
        outcome = []

        def bill_too():
            try:
                with self.connect() as env:
                    env["linserv.billed.period"].create(values).flush()
            except psycopg2.IntegrityError as error:
                outcome.append(error.diag.constraint_name)

        with self.connect() as env:
            env["linserv.billed.period"].create(values).flush()
            other = threading.Thread(target=bill_too)
            other.start()
            other.join(0.5)
            self.assertTrue(other.is_alive(), "the second connection waits for the first")
            env.cr.commit()
            other.join(20)
        self.assertEqual(outcome, ["linserv_billed_period_no_overlap"])

    def run_at_once(self, run_ids):
        ready = threading.Barrier(len(run_ids))
        errors = []

        def work(run_id):
            try:
                with self.connect() as env:
                    ready.wait(20)
                    env["linserv.billing.run"].browse(run_id).action_bill()
            except (odoo.exceptions.UserError, psycopg2.Error) as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(run_id,)) for run_id in run_ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        return errors

    @mute_logger("odoo.sql_db")
    def test_two_runs_at_once_bill_each_period_once(self):
        for mode in ("draft", "post"):
            run_ids = [self.make_run(mode), self.make_run(mode)]
            self.assertEqual(self.run_at_once(run_ids), [])
            self.assertEqual(self.invoices(), [(contract, 1, 1) for contract in self.contract_ids], mode)
            with self.connect() as env:
                runs = env["linserv.billing.run"].browse(run_ids)
                self.assertEqual(runs.mapped("state"), ["done", "done"])
                self.assertEqual(set(runs.line_ids.mapped("state")), {"billed"})
                self.free_periods(env)

    @mute_logger("odoo.sql_db")
    def test_rule_34_two_runs_at_once_adjust_the_same_days_once(self):
        self.run_at_once([self.make_run("post")])
        with self.connect() as env:
            for subscription in env["linserv.contract"].browse(self.contract_ids).subscription_ids:
                subscription._set_price({"price_unit": 150.0}, date(2026, 10, 16))
        self.assertEqual(self.run_at_once([self.make_run("draft"), self.make_run("draft")]), [])
        with self.connect() as env:
            rows = env["linserv.billed.period"].search([("contract_id", "in", self.contract_ids)])
            self.assertEqual(sorted(rows.mapped("layer")), [0] * 6 + [1] * 6)
            self.assertAlmostEqual(sum(rows.mapped("amount")), 6 * (100 + 25.81))

    @mute_logger("odoo.sql_db")
    def test_rule_34_the_database_refuses_an_adjustment_that_another_connection_made_meanwhile(self):
        with self.connect() as env:
            subscription = env["linserv.contract"].browse(self.contract_ids[0]).subscription_ids.id
        values = {"subscription_id": subscription, "date_from": date(2026, 10, 16), "date_to": date(2026, 10, 31)}
        with self.connect() as env:
            env["linserv.billed.period"].create([{**values, "layer": layer} for layer in (0, 1)]).flush()
        with self.assertRaises(psycopg2.IntegrityError), self.connect() as env:
            env["linserv.billed.period"].create({**values, "layer": 1, "date_from": date(2026, 10, 31)}).flush()
        with self.connect() as env:
            env["linserv.billed.period"].create({**values, "layer": 2}).flush()

    def free_periods(self, env):
        moves = env["account.move"].search([("linserv_contract_id", "in", self.contract_ids)])
        moves.filtered(lambda move: move.state == "posted").button_draft()
        moves.with_context(force_delete=True).unlink()

    @mute_logger("odoo.sql_db")
    def test_the_same_run_started_twice_at_once_bills_once(self):
        run_id = self.make_run("draft")
        errors = self.run_at_once([run_id, run_id])
        self.assertLessEqual(len(errors), 1)
        self.assertEqual(self.invoices(), [(contract, 1, 1) for contract in self.contract_ids])

    def test_rule_22_a_run_cut_off_between_batches_is_completed_by_the_scheduled_action(self):
        run_id = self.make_run("post")
        with self.connect() as env:
            run = env["linserv.billing.run"].browse(run_id)
            run._take()
            run._open_lines()
            env.cr.commit()
            run._bill_batch(run._waiting_lines()[:2])
            # The process dies in the middle of the next batch: nothing of it was committed.
            run._waiting_lines()[:2]._bill()
            env.cr.rollback()
            env.cr.execute("UPDATE linserv_billing_run SET lease_until = '2026-01-01' WHERE id = %s", [run_id])
        self.assertEqual([periods for _contract, _moves, periods in self.invoices()], [1, 1, 0, 0, 0, 0])
        with self.connect() as env:
            env["linserv.billing.run"]._cron_resume()
        self.assertEqual(self.invoices(), [(contract, 1, 1) for contract in self.contract_ids])
