from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .common import ContractCase


class TestRights(ContractCase):
    """As the people of the house: reader, manager, accountant, a colleague of another company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make_contract("bas")
        cls.invoice = cls.bill("10-01", cls.contract)
        cls.reader = new_test_user(cls.env, "reader", "linserv_contract.linserv_contract_group_user")
        cls.manager = new_test_user(cls.env, "manager", "linserv_contract.linserv_contract_group_manager")
        cls.accountant = new_test_user(cls.env, "accountant", "account.group_account_invoice")
        cls.colleague = new_test_user(cls.env, "colleague", "base.group_user")

    def test_a_reader_reads_and_changes_nothing(self):
        contract = self.contract.with_user(self.reader)
        self.assertEqual(contract.subscription_ids.price_unit, 900.0)
        for change in (
            lambda: contract.write({"term_months": 1}),
            lambda: contract.subscription_ids.write({"price_unit": 1.0}),
            lambda: self.env["linserv.billing.run"].with_user(self.reader).create({}),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_a_reader_without_rights_on_invoices_opens_the_contract_and_the_run(self):
        for record in (self.contract, self.invoice.linserv_billing_run_id):
            shown = record.with_user(self.reader)
            view = self.env[record._name].with_user(self.reader).fields_view_get(view_type="form")
            self.assertEqual(shown.read(list(view["fields"]))[0]["id"], record.id)

    def test_a_manager_makes_contracts_and_bills(self):
        env = self.env(user=self.manager)
        contract = self.make_contract("bas").with_user(self.manager)
        run = env["linserv.billing.run"].create({"date": "2026-10-01", "mode": "post", "contract_ids": contract.ids})
        run.action_preview()
        run.action_bill()
        self.assertEqual(run.move_ids.state, "posted")

    def test_nobody_writes_the_ledger_or_the_lines_of_a_run(self):
        period = self.invoice.invoice_line_ids.linserv_billed_period_ids
        for user in (self.reader, self.manager, self.accountant):
            with self.assertRaises(AccessError):
                period.with_user(user).write({"active": False})
            with self.assertRaises(AccessError):
                period.with_user(user).unlink()
            with self.assertRaises(AccessError):
                self.env["linserv.billing.run.line"].with_user(user).create({})

    def test_an_accountant_follows_an_invoice_to_its_contract(self):
        move = self.invoice.with_user(self.accountant)
        self.assertEqual(move.linserv_contract_id.subscription_ids.service_id.name, "ODOO BAS")
        self.assertEqual(move.invoice_line_ids.linserv_billed_period_ids.quantity, 1.0)

    def test_an_accountant_cancels_and_the_period_is_free(self):
        move = self.bill("11-01", self.contract)
        move.with_user(self.accountant).button_cancel()
        self.assertEqual(self.billed(self.contract), ["2026-10-01/2026-10-31"])

    def test_an_accountant_credits_and_replaces_and_the_ledger_follows(self):
        move = self.invoice.with_user(self.accountant)
        move.action_post()
        for method, periods in (("modify", ["2026-10-01/2026-10-31"]), ("cancel", [])):
            wizard = self.env["account.move.reversal"].with_user(self.accountant)
            wizard = wizard.with_context(active_model="account.move", active_ids=move.ids)
            wizard = wizard.create({"refund_method": method, "date_mode": "entry"})
            wizard.reverse_moves()
            self.assertEqual(self.billed(self.contract), periods)
            move = wizard.new_move_ids.filtered(lambda new: new.move_type == "out_invoice")
            move.action_post()

    def test_a_customer_reads_the_invoice_and_none_of_our_troubles_with_it(self):
        self.invoice.action_post()
        eva = new_test_user(self.env, "eva", "base.group_portal")
        eva.partner_id.parent_id = self.norrvik
        self.invoice.message_subscribe(eva.partner_id.ids)
        self.assertTrue(self.invoice.with_user(eva).name)
        for name in ("linserv_evidence_error", "linserv_evidence_attempts", "linserv_billing_run_id"):
            with self.assertRaises(AccessError):
                self.invoice.with_user(eva).read([name])

    def test_a_colleague_without_the_group_sees_no_contracts(self):
        with self.assertRaises(AccessError):
            self.contract.with_user(self.colleague).read(["name"])

    def test_another_company_sees_nothing(self):
        company = self.env["res.company"].create({"name": "Annat bolag AB"})
        other = new_test_user(
            self.env,
            "other",
            "linserv_contract.linserv_contract_group_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for model in (
            "contract",
            "subscription",
            "subscription.price",
            "billed.period",
            "billing.run",
            "billing.run.line",
        ):
            self.assertTrue(self.env["linserv." + model].search([]), model)
            self.assertFalse(self.env["linserv." + model].with_user(other).search([]), model)

    def test_a_colleague_opens_an_instance_without_rights_on_contracts(self):
        self.assertEqual(self.instance.with_user(self.colleague).read(["name"])[0]["name"], "norrvik-prod")
