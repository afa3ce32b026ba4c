import random
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .common import ContractCase, day

STEPS = 120


class TestDueFuzz(ContractCase):
    """Rule 37: whatever happens, no contract that owes something is passed over."""

    def at(self, today):
        clock = patch.object(fields.Date, "context_today", lambda *_args, **_kw: today)
        clock.start()
        self.addCleanup(clock.stop)

    def setUp(self):
        super().setUp()
        self.random = random.Random(20261001)
        self.make_reading(1234, "09-28")
        self.contracts = self.make_contract("bas", "maintenance", start="2026-10-01")
        self.contracts |= self.make_contract({"code": "bas", "billing_interval": "quarterly"}, start="2026-10-31")
        arrears = {"code": "bas", "billing_timing": "arrears"}
        self.contracts |= self.make_contract(arrears, start="2026-10-17", billing_alignment="calendar")
        self.today = day("2026-10-31")

    def recurring(self):
        subscriptions = self.contracts.subscription_ids.filtered(lambda each: each.billing_interval != "once")
        return self.random.choice(subscriptions)

    def some_day(self):
        return self.today + timedelta(days=self.random.randint(-40, 60))

    def do_price(self):
        each = self.recurring()
        each._set_price(
            {"price_unit": self.random.choice([850.0, 900.0, 1000.0])}, max(self.some_day(), each.date_start)
        )

    def do_quantity(self):
        each = self.recurring()
        each._set_price({"quantity": float(self.random.randint(1, 3))}, max(self.some_day(), each.date_start))

    def do_discount(self):
        each, first = self.recurring(), self.some_day()
        each.discount_ids.unlink()
        last = self.random.choice([False, first + timedelta(days=self.random.randint(0, 50))])
        values = {"subscription_id": each.id, "percent": 12.5, "date_from": first, "date_to": last}
        self.env["linserv.subscription.discount"].create(values)

    def do_pause(self):
        each, first = self.recurring(), self.some_day()
        each.pause_ids.unlink()
        each._pause(first, self.random.choice([None, first + timedelta(days=self.random.randint(0, 40))]))

    def do_resume(self):
        self.recurring()._resume(self.some_day())

    def do_end(self):
        each = self.recurring()
        each.write({"state": "ended", "date_end": max(self.some_day(), each.date_start)})

    def do_go_on(self):
        each = self.recurring()
        if each.state == "ended":
            each.write({"state": "active", "date_end": False})

    def do_contract_end(self):
        contract = self.random.choice(self.contracts)
        contract.date_end = self.random.choice([False, max(self.some_day(), contract.date_start)])

    def do_once(self):
        contract = self.random.choice(self.contracts)
        contract._charge_once("fee", max(self.some_day(), contract.date_start), price_unit=500.0)

    def do_reading(self):
        self.make_reading(self.random.randint(100, 3000), str(self.today))

    def moves(self, state):
        return self.contracts.move_ids.filtered(lambda move: move.state == state and move.move_type != "entry")

    def do_credit(self):
        posted = self.moves("posted").filtered(
            lambda move: move.linserv_billing_run_id and "posted" not in move.reversal_move_id.mapped("state")
        )
        if posted:
            move = self.random.choice(posted)
            move._reverse_moves([{"date": self.today, "invoice_date": self.today}], cancel=True)

    def do_delete(self):
        drafts = self.moves("draft").filtered("linserv_billing_run_id")
        if drafts:
            self.random.choice(drafts).unlink()

    def do_cancel(self):
        drafts = self.moves("draft")
        if drafts:
            self.random.choice(drafts).button_cancel()

    def do_unpost(self):
        posted = self.moves("posted")
        if posted:
            self.random.choice(posted).button_draft()

    def do_bill(self):
        self.bill(str(self.today), self.contracts, mode=self.random.choice(["draft", "post"]))

    def step(self):
        names = [name for name in dir(self) if name.startswith("do_")]
        name = self.random.choice(names + ["do_bill"] * 6)
        try:
            with self.env.cr.savepoint():
                getattr(self, name)()
                self.env["base"].flush()
        except (UserError, psycopg2.IntegrityError):
            # Refused, as a posted invoice that is to be deleted: nothing has changed. Billing is never refused.
            self.env.clear()
            self.assertNotEqual(name, "do_bill")
        return name

    def check(self, trace):
        due = set(self.contracts._search_due(self.company, self.today))
        owing = {contract.id for contract, plan in self.contracts._plan(self.today).items() if plan.charges}
        self.assertFalse(owing - due, trace[-10:])

    @mute_logger("odoo.sql_db")
    def test_rule_37_nothing_that_is_owed_is_passed_over(self):
        self.at(self.today)
        trace = []
        for _number in range(STEPS):
            trace.append(self.step())
            self.check(trace)
            if self.random.random() < 0.4:
                self.today += timedelta(days=self.random.randint(1, 8))
                self.at(self.today)
                self.check(trace)
        run = self.make_run(str(self.today), self.contracts)
        run.action_bill()
        self.assertNotIn("failed", run.line_ids.mapped("state"))
        self.assertFalse([plan.charges for plan in self.contracts._plan(self.today).values() if plan.charges])
