from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import ContractCase

LINES = "odoo.addons.linserv_contract.models.linserv_billing_run_line"


class TestRunPeople(ContractCase):
    """Rules 50 and 56: every error has a person, and a customer's contracts stay together."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(cls.env, "seller", groups="linserv_contract.linserv_contract_group_user")
        cls.biller = new_test_user(cls.env, "biller", groups="linserv_contract.linserv_contract_group_manager")
        cls.company.linserv_billing_user_id = cls.biller

    def todos(self, contract):
        return contract.activity_ids.filtered(
            lambda todo: todo.activity_type_id == self.env.ref("linserv_contract.mail_activity_billing")
        )

    def test_rule_56_the_salesperson_gets_a_todo(self):
        contract = self.make_contract("bas", "maintenance", user_id=self.seller.id)
        self.bill("10-01", contract)
        todo = self.todos(contract)
        self.assertEqual((len(todo), todo.user_id), (1, self.seller))
        self.assertIn("meter reading", todo.note)

    def test_rule_56_without_a_salesperson_the_billing_responsible(self):
        contract = self.make_contract("maintenance", user_id=False)
        self.bill("10-01", contract)
        self.assertEqual(self.todos(contract).user_id, self.biller)

    def test_rule_56_a_second_run_adds_none_and_the_one_that_bills_takes_it_back(self):
        contract = self.make_contract("maintenance", user_id=self.seller.id)
        run = self.make_run("10-01", contract)
        run.action_bill()
        run.action_bill()
        self.assertEqual(len(self.todos(contract)), 1)
        self.make_reading(100, "09-30")
        run.action_bill()
        self.assertEqual(run.line_ids.state, "billed")
        self.assertFalse(self.todos(contract))

    def test_a_preview_bothers_nobody(self):
        contract = self.make_contract("maintenance")
        self.make_run("10-01", contract).action_preview()
        self.assertFalse(self.todos(contract))

    @mute_logger(LINES)
    def test_one_fault_that_hits_many_is_one_todo(self):
        self.env["account.journal"].search([("type", "=", "sale")]).write({"type": "general"})
        contracts = self.env["linserv.contract"].union(*[self.make_contract("bas") for _number in range(11)])
        run = self.make_run("10-01", contracts)
        run.action_bill()
        self.assertEqual((run.failed_count, len(self.todos(contracts)), len(run.activity_ids)), (11, 0, 1))
        self.assertEqual(run.activity_ids.user_id, self.biller)

    def test_rule_50_contracts_that_share_an_invoice_are_never_cut_apart(self):
        module = __import__(LINES.rpartition(".")[0] + ".linserv_billing_run", fromlist=["BATCH_SIZE"])
        size, module.BATCH_SIZE = module.BATCH_SIZE, 2
        self.addCleanup(setattr, module, "BATCH_SIZE", size)
        shared = self.env["linserv.contract"].union(
            *[self.make_contract("bas", invoice_grouping="customer") for _number in range(5)]
        )
        run = self.make_run("10-01", shared)
        run._take()
        run._open_lines()
        self.assertEqual(len(run._waiting_lines()), 5)

    @mute_logger(LINES)
    def test_rule_50_a_broken_contract_leaves_the_others_on_the_shared_invoice(self):
        good = self.make_contract("bas", invoice_grouping="customer")
        broken = self.make_contract("backup", invoice_grouping="customer")
        also = self.make_contract("epost", invoice_grouping="customer")
        product = broken.subscription_ids.service_id.product_id
        product.taxes_id = self.env["account.tax"].create(
            {"name": "Broken", "amount_type": "fixed", "amount": -5000.0, "company_id": self.company.id}
        )
        run = self.make_run("10-01", good | broken | also, mode="post")
        run.action_bill()
        states = {line.contract_id: line.state for line in run.line_ids}
        self.assertEqual(states, {good: "billed", broken: "failed", also: "billed"})
        self.assertEqual(sum(run.move_ids.mapped("amount_untaxed")), 1800.0)
        self.assertEqual(self.billed(broken), [])

    def test_the_form_lets_the_run_go_on_in_short_steps(self):
        run = self.make_run("10-01", self.make_contract("bas"))
        run._take()
        run._open_lines()
        self.assertEqual(run.action_continue()["state"], "running")
        run.lease_until = False
        self.assertEqual(run.action_continue(), {"state": "done", "progress": 100.0})

    def test_a_reader_sees_the_progress_and_moves_nothing(self):
        run = self.make_run("10-01", self.make_contract("bas"))
        run._take()
        run._open_lines()
        run.lease_until = False
        self.assertEqual(run.with_user(self.seller).action_continue()["state"], "running")
