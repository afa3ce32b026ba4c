from odoo.exceptions import UserError
from odoo.tests import new_test_user

from .common import ContractCase, day


class TestRunApproval(ContractCase):
    """Rules 52-55: compared to last month, and approved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make_contract("bas", "backup")
        cls.bas, cls.backup = cls.contract.subscription_ids
        cls.approver = new_test_user(
            cls.env, "approver", groups="linserv_contract.linserv_contract_group_approver", lang="en_US"
        )
        cls.bill("10-01", cls.contract, mode="post")

    def preview(self, on="11-01", contracts=None, **values):
        run = self.make_run(on, contracts or self.contract, **values)
        run.action_preview()
        return run

    def reasons(self, run):
        return {(row.subscription_id, row.reason): row.amount for row in run.difference_ids}

    def test_rule_52_a_month_like_the_last_differs_in_nothing(self):
        run = self.preview()
        self.assertEqual((run.amount_before, run.amount_total, run.amount_difference), (1800.0, 1800.0, 0.0))
        self.assertFalse(run.difference_ids)

    def test_rule_53_each_difference_has_its_reason(self):
        self.bas.price_ids = [(0, 0, {"date_from": day("11-01"), "price_unit": 1000.0})]
        self.backup.date_end = day("10-31")
        self.backup.action_end()
        epost = self.subscribe(self.contract, "epost", price_unit=50.0, date_start=day("11-01"))
        epost.state = "active"
        run = self.preview()
        self.assertEqual(
            self.reasons(run),
            {(self.bas, "price"): 100.0, (self.backup, "ended"): -900.0, (epost, "new"): 50.0},
        )
        self.assertEqual(run.amount_difference, run.amount_total - run.amount_before)
        self.assertIn("Ended", run.difference_summary)
        self.assertIn("Ended", run.line_ids.difference_text)

    def test_a_contract_that_owes_nothing_any_more_is_in_the_comparison(self):
        self.contract.date_end = day("10-31")
        self.contract.action_end()
        run = self.preview()
        self.assertEqual((run.line_ids.state, run.line_ids.amount_before), ("nothing", 1800.0))
        self.assertEqual(set(run.difference_ids.mapped("reason")), {"ended"})
        run.action_bill()
        self.assertEqual((run.state, len(run.move_ids)), ("done", 0))

    def test_what_was_billed_earlier_this_month_counts(self):
        self.bill("11-01", self.contract, mode="post")
        later = self.subscribe(self.contract, "epost", price_unit=50.0, date_start=day("11-01"))
        later.state = "active"
        run = self.preview("11-20")
        self.assertEqual((run.amount_total, run.amount_difference), (50.0, 50.0))

    def test_a_missed_month_is_told_as_such(self):
        run = self.preview("12-01")
        self.assertEqual(set(run.difference_ids.mapped("reason")), {"catch_up"})
        self.assertEqual(run.amount_difference, 3600.0)

    def test_rule_54_without_approval_nothing_is_billed(self):
        self.company.linserv_billing_approval = "always"
        run = self.make_run("11-01", self.contract)
        with self.assertRaisesRegex(UserError, "approved before"):
            run.action_bill()
        self.assertFalse(run.move_ids)

    def test_rule_54_an_approved_run_bills_what_was_approved(self):
        self.company.write({"linserv_billing_approval": "always", "linserv_billing_approver_id": self.approver.id})
        run = self.preview()
        run.action_ask_approval()
        self.assertEqual((run.approval_state, run.activity_ids.user_id), ("asked", self.approver))
        run.with_user(self.approver).action_approve()
        self.assertEqual((run.approval_state, run.approved_by_id), ("approved", self.approver))
        self.assertFalse(run.activity_ids)
        run.action_bill()
        self.assertEqual((run.state, run.move_ids.amount_untaxed), ("done", 1800.0))

    def test_rule_54_what_has_changed_since_is_not_billed(self):
        self.company.linserv_billing_approval = "always"
        other = self.make_contract("bas", start="11-01")
        run = self.preview(contracts=self.contract | other)
        run.action_approve()
        late = self.subscribe(self.contract, "epost", price_unit=50.0, date_start=day("11-01"))
        late.state = "active"
        run.action_bill()
        states = {line.contract_id: line.state for line in run.line_ids}
        self.assertEqual(states, {self.contract: "failed", other: "billed"})
        self.assertIn("changed since", run.line_ids.filtered(lambda line: line.state == "failed").reason)
        run.action_preview()
        self.assertEqual(run.approval_state, "needed")
        run.action_approve()
        run.action_bill()
        self.assertEqual(set(run.line_ids.mapped("state")), {"billed"})

    def test_rule_54_a_contract_that_came_after_the_approval_waits(self):
        self.company.linserv_billing_approval = "always"
        run = self.make_run("11-01")
        run.action_preview()
        run.action_approve()
        late = self.make_contract("bas", start="11-01")
        run.action_bill()
        self.assertNotIn(late, run.line_ids.contract_id)

    def test_rule_54_the_threshold_decides(self):
        self.company.write({"linserv_billing_approval": "threshold", "linserv_billing_approval_percent": 10.0})
        for price, needed in ((180.0, "none"), (181.0, "needed")):
            epost = self.subscribe(self.contract, "epost", price_unit=price, date_start=day("11-01"))
            epost.state = "active"
            self.assertEqual(self.preview().approval_state, needed)
            epost.state = "cancelled"

    def test_rule_54_below_the_threshold_a_run_that_nobody_previewed_bills(self):
        self.company.linserv_billing_approval = "threshold"
        run = self.make_run("11-01", self.contract)
        run.action_bill()
        self.assertEqual(run.state, "done")

    def test_rule_55_four_eyes(self):
        self.company.write({"linserv_billing_approval": "always", "linserv_billing_four_eyes": True})
        run = self.preview()
        run.action_ask_approval()
        with self.assertRaisesRegex(UserError, "Somebody else"):
            run.action_approve()
        run.with_user(self.approver).action_approve()
        self.assertEqual(run.approval_state, "approved")

    def test_a_manager_is_no_approver(self):
        manager = new_test_user(
            self.env, "manager", groups="linserv_contract.linserv_contract_group_manager", lang="en_US"
        )
        self.company.linserv_billing_approval = "always"
        run = self.preview()
        with self.assertRaisesRegex(UserError, "Only an approver"):
            run.with_user(manager).action_approve()

    def test_a_refused_run_bills_nothing(self):
        self.company.linserv_billing_approval = "always"
        run = self.preview()
        run.action_ask_approval()
        run.action_refuse()
        self.assertEqual(run.approval_state, "needed")
        with self.assertRaises(UserError):
            run.action_bill()

    def test_a_manager_bills_approves_and_analyses_with_the_rights_of_one(self):
        self.company.linserv_billing_approval = "always"
        run = self.make_run("11-01", self.contract).with_user(self.approver)
        run.action_preview()
        run.action_approve()
        run.action_bill()
        self.assertEqual(run.state, "done")
        action = run.action_view_differences()
        self.assertEqual(action["domain"], [("run_id", "=", run.id)])
