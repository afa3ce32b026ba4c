import base64

from odoo.exceptions import UserError, ValidationError

from .common import ContractCase, day


class TestMeter(ContractCase):
    def test_rule_14_175_kronor_per_started_100_lines(self):
        self.make_reading(12345, "09-28")
        move = self.bill("10-01", self.make_contract("maintenance"))
        line = move.invoice_line_ids
        self.assertEqual((line.quantity, line.price_unit, line.price_subtotal), (124.0, 175.0, 21700.0))

    def test_rule_13_without_a_reading_the_line_is_held_back_and_the_rest_billed(self):
        contract = self.make_contract("bas", "maintenance")
        run = self.make_run("10-01", contract)
        run.action_bill()
        self.assertEqual(run.move_ids.amount_untaxed, 900.0)
        self.assertEqual((run.line_ids.state, run.line_ids.held, run.held_count), ("billed", True, 1))
        self.assertIn("no approved meter reading", run.line_ids.reason)

    def test_rule_13_an_old_reading_is_named_and_not_used(self):
        self.make_reading(12345, "08-16")
        run = self.make_run("10-01", self.make_contract("maintenance"))
        run.action_bill()
        self.assertFalse(run.move_ids)
        self.assertEqual(run.line_ids.state, "held")
        self.assertIn("more than 45 days", run.line_ids.reason)

    def test_what_was_held_back_is_billed_when_the_reading_is_there(self):
        contract = self.make_contract("maintenance")
        run = self.make_run("10-01", contract)
        run.action_bill()
        self.make_reading(100, "09-30")
        run.action_bill()
        self.assertEqual((run.line_ids.mapped("state"), run.move_ids.amount_untaxed), (["billed"], 175.0))

    def test_a_reading_of_another_instance_or_meter_is_not_used(self):
        other = self.make_instance(self.norrvik, "norrvik-other")
        self.make_reading(100, "09-30", instance=other)
        self.make_reading(100, "09-30", meter="users")
        contract = self.make_contract({"code": "maintenance", "instance_id": self.instance.id})
        self.assertFalse(self.bill("10-01", contract))

    def test_two_instances_are_counted_each(self):
        other = self.make_instance(self.norrvik, "norrvik-other")
        self.make_reading(100, "09-30")
        self.make_reading(250, "09-30", instance=other)
        contract = self.make_contract(
            {"code": "maintenance", "instance_id": self.instance.id},
            {"code": "maintenance", "instance_id": other.id},
        )
        self.assertEqual(self.bill("10-01", contract).amount_untaxed, 175.0 + 525.0)

    def test_a_subscriptions_own_reading_counts_for_it_alone(self):
        contract = self.make_contract("maintenance", "maintenance")
        first = contract.subscription_ids[0]
        self.make_reading(100, "09-30", instance_id=False, subscription_id=first.id)
        move = self.bill("10-01", contract)
        self.assertEqual(move.invoice_line_ids.linserv_billed_period_ids.subscription_id, first)

    def test_a_reading_that_was_billed_cannot_change(self):
        reading = self.make_reading(100, "09-30")
        self.bill("10-01", self.make_contract("maintenance"))
        with self.assertRaisesRegex(UserError, "has been billed"):
            reading.quantity = 1
        with self.assertRaisesRegex(UserError, "has been billed"):
            reading.unlink()

    def test_the_proof_of_a_reading_that_was_billed_cannot_be_taken_away(self):
        reading = self.make_reading(100, "09-30", evidence_model="res.partner", evidence_res_id=self.norrvik.id)
        self.bill("10-01", self.make_contract("maintenance"))
        with self.assertRaisesRegex(UserError, "has been billed"):
            reading.evidence_res_id = False

    def test_a_reading_of_the_customer_before_is_not_billed(self):
        self.make_reading(1000, "09-30").flush()
        self.instance.partner_id = self.make_customer("Sydbo AB")
        contract = self.make_contract("maintenance", partner=self.instance.partner_id)
        self.assertFalse(self.bill("10-01", contract))
        self.make_reading(1100, "09-30")
        self.assertEqual(self.bill("10-01", contract).invoice_line_ids.quantity, 11.0)

    def test_a_customer_that_joins_a_group_of_companies_keeps_its_readings(self):
        self.make_reading(1000, "09-30").flush()
        contract = self.make_contract("maintenance")
        self.norrvik.write({"is_company": False, "parent_id": self.make_customer("Koncern AB").id})
        self.assertEqual(self.bill("10-01", contract).invoice_line_ids.quantity, 10.0)

    def test_an_instance_with_services_in_force_gets_no_other_customer(self):
        subscription = self.make_contract("bas").subscription_ids
        sydbo = self.make_customer("Sydbo AB")
        with self.assertRaisesRegex(ValidationError, "services in force"):
            self.instance.partner_id = sydbo
        subscription.date_end = day("10-31")
        subscription.action_end()
        self.instance.partner_id = sydbo

    def test_a_reading_of_nothing_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "of an instance or of a subscription"):
            self.make_reading(100, "09-30", instance_id=False)

    def test_the_line_says_when_and_what_was_measured(self):
        self.make_reading(12345, "09-28")
        text = self.bill("10-01", self.make_contract("maintenance")).invoice_line_ids.name
        for words in ("ODOO MAINTENANCE AND SUPPORT, norrvik-prod", "2026-10-01 – 2026-10-31", "2026-09-28", "124"):
            self.assertIn(words, text)


class TestEvidence(ContractCase):
    """The model that proves a reading is known by name alone; here a partner plays it, whose hooks are set below."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = type(cls.env["res.partner"])
        cls.answers = {"content": b"proof"}

        def attachments(evidence, move, period):
            if cls.answers["content"] is None:
                raise cls.answers.get("error", ValueError)("The proof is gone.")
            name = "%s-%s.txt" % (evidence.name, period.date_from.strftime("%Y-%m"))
            return [{"name": name, "mimetype": "text/plain", "datas_bytes": cls.answers["content"]}]

        def line_text(evidence, subscription, quantity):
            return "%d lines, %s" % (quantity, evidence.env.lang)

        partners._linserv_evidence_attachments, partners._linserv_line_text = attachments, line_text
        cls.addClassCleanup(delattr, partners, "_linserv_evidence_attachments")
        cls.addClassCleanup(delattr, partners, "_linserv_line_text")
        cls.make_reading(250, "09-30", evidence_model="res.partner", evidence_res_id=cls.norrvik.id)
        cls.contract = cls.make_contract("maintenance")

    def attachments(self, move):
        return self.env["ir.attachment"].search([("res_model", "=", "account.move"), ("res_id", "=", move.id)])

    def test_evidence_is_on_the_invoice(self):
        move = self.bill("10-01", self.contract)
        attachment = self.attachments(move)
        self.assertEqual(attachment.name, "Norrvik Bygg AB-2026-10.txt")
        self.assertEqual(base64.b64decode(attachment.datas), b"proof")
        self.assertEqual(move.linserv_evidence_state, "done")

    def test_the_evidence_words_the_line_in_the_customers_language(self):
        self.assertIn("250 lines, sv_SE", self.bill("10-01", self.contract).invoice_line_ids.name)

    def test_evidence_is_attached_once(self):
        move = self.bill("10-01", self.contract)
        move.linserv_evidence_state = "pending"
        move._linserv_attach_evidence()
        self.assertEqual(len(self.attachments(move)), 1)

    def test_each_part_of_a_month_whose_price_changes_has_its_evidence(self):
        subscription = self.contract.subscription_ids
        prices = self.env["linserv.subscription.price"]
        prices.create({"subscription_id": subscription.id, "date_from": day("10-11"), "price_unit": 200.0})
        move = self.bill("10-01", self.contract)
        names = ["Norrvik Bygg AB-2026-10-2.txt", "Norrvik Bygg AB-2026-10.txt"]
        self.assertEqual(sorted(move.linserv_evidence_ids.mapped("name")), names)
        move.linserv_evidence_state = "pending"
        move._linserv_attach_evidence()
        self.assertEqual(len(self.attachments(move)), 2)

    def test_a_fault_of_another_addon_stops_neither_the_run_nor_the_scheduled_action(self):
        self.answers.update(content=None, error=type("DamagedError", (Exception,), {}))
        self.addCleanup(self.answers.pop, "error")
        move = self.bill("10-01", self.contract, mode="post")
        self.env["account.move"]._cron_attach_linserv_evidence()
        self.assertEqual((move.linserv_evidence_state, move.linserv_evidence_attempts), ("failed", 2))

    def test_an_invoice_stands_when_its_evidence_fails_and_the_scheduled_action_completes_it(self):
        self.answers["content"] = None
        move = self.bill("10-01", self.contract, mode="post")
        self.assertEqual((move.state, move.linserv_evidence_state), ("posted", "failed"))
        self.assertIn("The proof is gone.", move.linserv_evidence_error)
        self.answers["content"] = b"found"
        self.env["account.move"]._cron_attach_linserv_evidence()
        self.assertEqual((move.linserv_evidence_state, len(self.attachments(move))), ("done", 1))

    def test_the_scheduled_action_gives_up_and_a_person_tries_again(self):
        self.answers["content"] = None
        move = self.bill("10-01", self.contract)
        for _attempt in range(6):
            self.env["account.move"]._cron_attach_linserv_evidence()
        self.assertEqual(move.linserv_evidence_attempts, 5)
        self.answers["content"] = b"proof"
        move.action_linserv_attach_evidence()
        self.assertEqual(move.linserv_evidence_state, "done")

    def test_the_invoice_that_replaces_another_gets_the_evidence_too(self):
        move = self.bill("10-01", self.contract, mode="post")
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=move.ids)
        wizard = wizard.create({"refund_method": "modify", "date_mode": "entry"})
        wizard.reverse_moves()
        self.env["account.move"]._cron_attach_linserv_evidence()
        self.assertEqual(len(wizard.new_move_ids.linserv_evidence_ids), 1)

    def test_an_invoice_without_meter_has_no_evidence(self):
        move = self.bill("10-01", self.make_contract("bas"))
        self.assertFalse(move.linserv_evidence_state)

    def setUp(self):
        super().setUp()
        self.answers["content"] = b"proof"
