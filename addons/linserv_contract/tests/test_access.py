from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .world import WorldCase

# What a reader of contracts may write: the time that was worked, and a question of what is included.
READERS_OWN = {"linserv.hour.entry", "linserv.coverage.check"}


class TestAccess(WorldCase):
    """Every model and every method that the external interface lets anybody call, as each person."""

    def test_no_method_lets_a_reader_customer_or_colleague_change_anything(self):
        guilty = []
        for model in [*self.own_models(), self.env["account.move"], self.env["sale.order"]]:
            for user in (self.reader, self.colleague, self.customer, self.stranger):
                guilty += [(user.login, *each) for each in self.try_all(user, model.search([]))]
        self.assertEqual(guilty, [])

    def test_the_methods_do_change_things_for_who_may(self):
        changed = {name for _model, name, _table in self.try_all(self.env.user, self.prices)}
        self.assertTrue({"action_preview", "action_cancel"} <= changed)

    def test_nobody_but_a_manager_makes_changes_or_deletes_records(self):
        done = []
        for model in self.own_models():
            for user in (self.reader, self.colleague, self.customer, self.stranger):
                rights = {mode for mode in ("create", "write", "unlink") if self.may(model, user, mode)}
                if rights and not (user == self.reader and model._name in READERS_OWN):
                    done.append((user.login, model._name, rights))
        self.assertEqual(done, [])

    def may(self, model, user, mode):
        return model.with_user(user).check_access_rights(mode, raise_exception=False)

    def test_another_company_sees_nothing_of_any_model(self):
        company = self.env["res.company"].create({"name": "Annat bolag AB"})
        values = {"company_id": company.id, "company_ids": [(6, 0, company.ids)]}
        other = new_test_user(self.env, "other", "linserv_contract.linserv_contract_group_approver", **values)
        seen, unproved = [], []
        for model in self.own_models():
            if "company_id" not in model._fields or model._transient:
                continue
            ours = model.search([("company_id", "=", self.company.id)])
            unproved += [] if ours else [model._name]
            if model.with_user(other).search([("id", "in", ours.ids)]):
                seen.append(model._name)
        self.assertEqual((seen, unproved), ([], []))

    def test_the_figures_of_another_company_are_not_asked_for_by_context(self):
        company = self.env["res.company"].create({"name": "Annat bolag AB"})
        figures = self.env["linserv.revenue.dashboard"].with_user(self.reader)
        figures = figures.with_context(allowed_company_ids=company.ids)
        for method in (figures.get_figures, figures.get_reconciliation):
            with self.assertRaises(AccessError):
                method("2026-10")


class TestWrittenByHand(WorldCase):
    """What only the suite writes is not written by hand either, through whatever door."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.linserv_billing_approval = "always"
        cls.manager = new_test_user(cls.env, "manager", "linserv_contract.linserv_contract_group_manager")
        cls.approver = new_test_user(cls.env, "approver", "linserv_contract.linserv_contract_group_approver")

    def make_asked(self):
        run = self.make_run("12-01", self.contract).with_user(self.manager)
        run.action_preview()
        run.action_ask_approval()
        return run

    def test_rule_55_a_manager_does_not_approve_by_writing_it(self):
        run = self.make_asked()
        approved = {"approval_state": "approved", "approved_by_id": self.approver.id}
        for vals in (approved, {"approval_state": "none"}, {"asked_by_id": self.approver.id}):
            with self.assertRaises(AccessError):
                run.write(vals)
        with self.assertRaises(AccessError):
            run.create({"date": "2026-12-01", **approved})

    def test_rule_55_an_approval_is_of_the_date_the_contracts_and_the_mode(self):
        for vals in ({"date": "2027-01-01"}, {"mode": "post_send"}, {"contract_ids": [(5,)]}):
            run = self.make_asked()
            run.with_user(self.approver).action_approve()
            run.write(vals)
            self.assertEqual((run.approval_state, any(run.line_ids.mapped("approved"))), ("none", False))
            with self.assertRaises(UserError):
                run.action_bill()

    def test_time_that_is_invoiced_is_not_taken_off_its_month_by_a_reader(self):
        entry = self.entry.with_user(self.reader)
        for vals in ({"month_id": False}, {"outcome": "covered"}, {"origin_key": "x"}, {"company_id": False}):
            with self.assertRaises(AccessError):
                entry.write(vals)


class TestTwoOfEverything(WorldCase):
    """What happens by itself happens once: each scheduled action run twice changes nothing the second time."""

    def test_each_scheduled_action_a_second_time_changes_nothing(self):
        names = self.env["ir.model.data"].search([("module", "=", "linserv_contract"), ("model", "=", "ir.cron")])
        self.assertGreaterEqual(len(names), 8)
        for cron in self.env["ir.cron"].browse(names.mapped("res_id")):
            self.run_cron(cron)
            before = self.fingerprint()
            self.run_cron(cron)
            after = self.fingerprint()
            self.assertEqual([table for table in before if before[table] != after[table]], [], cron.name)

    def run_cron(self, cron):
        cron.ir_actions_server_id.with_user(cron.user_id).run()
        self.env["base"].flush()
        self.env.clear()
