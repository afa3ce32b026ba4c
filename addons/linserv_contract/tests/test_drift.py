from odoo.exceptions import UserError, ValidationError

from .common import ContractCase, day

MISSING = "FS 90/4, which is missing from"


class TestDrift(ContractCase):
    """Rule 65: DRIFT OCH PATCH is not in force on an instance without at least BACKUP 90/4."""

    def test_rule_65_with_backup_it_is_sold(self):
        contract = self.make_contract("bas", "backup", "drift")
        self.assertEqual(set(contract.subscription_ids.mapped("state")), {"active"})
        self.assertEqual(contract.subscription_ids[1].policy, "DB 90/48, FS 90/4")

    def test_rule_65_without_backup_it_is_not(self):
        with self.assertRaisesRegex(ValidationError, MISSING):
            self.make_contract("bas", "drift")

    def test_rule_65_a_smaller_backup_is_not_enough(self):
        for policy in ("DB 90/48, FS 90/3", "FS 30/4", "DB 90/48"):
            with self.assertRaisesRegex(ValidationError, MISSING), self.env.cr.savepoint():
                self.make_contract({"code": "backup", "policy": policy}, "drift")
        self.make_contract({"code": "backup", "policy": "FS 365/24"}, "drift")

    def test_rule_65_the_backup_of_another_instance_does_not_count(self):
        other = self.make_instance(self.norrvik, "norrvik-test")
        with self.assertRaisesRegex(ValidationError, MISSING):
            self.make_contract({"code": "backup", "instance_id": other.id}, "drift")

    def test_rule_65_the_backup_may_be_on_another_contract(self):
        self.make_contract("backup")
        self.assertEqual(self.make_contract("drift").state, "active")

    def test_rule_65_a_backup_that_begins_later_leaves_days_without(self):
        with self.assertRaisesRegex(ValidationError, MISSING):
            self.make_contract({"code": "backup", "date_start": day("10-02")}, "drift")

    def test_rule_65_it_is_not_added_alone_to_a_contract_in_force(self):
        contract = self.make_contract("bas")
        with self.assertRaisesRegex(ValidationError, MISSING), self.env.cr.savepoint():
            self.subscribe(contract, "drift")
        self.subscribe(contract, "backup")
        self.assertEqual(self.subscribe(contract, "drift").state, "active")

    def test_rule_65_the_backup_alone_is_not_ended_nor_made_smaller(self):
        backup, drift = self.make_contract("backup", "drift").subscription_ids
        self.assertEqual(backup._left_without_backup(day("11-30")), drift)
        for change in (
            lambda: backup.write({"date_end": day("11-30")}),
            lambda: backup._end(day("11-30")),
            lambda: backup.write({"policy": "FS 30/4"}),
        ):
            with self.assertRaisesRegex(ValidationError, MISSING), self.env.cr.savepoint():
                change()

    def test_rule_65_both_end_together(self):
        services = self.make_contract("backup", "drift").subscription_ids
        backup, drift = services
        drift.date_end = day("11-30")
        backup.date_end = day("11-30")
        services.action_end()
        self.assertEqual(services.mapped("state"), ["ended", "ended"])

    def test_rule_65_one_backup_takes_over_from_another(self):
        contract = self.make_contract("backup", "drift")
        self.subscribe(contract, "backup", date_start=day("12-01"), policy="FS 180/4")
        contract.subscription_ids[0].date_end = day("11-30")
        self.assertEqual(contract.subscription_ids[0].date_end, day("11-30"))

    def test_rule_65_ending_the_contract_ends_both(self):
        contract = self.make_contract("backup", "drift")
        contract.date_end = day("11-30")
        contract.action_end()
        self.assertEqual(set(contract.subscription_ids.mapped("state")), {"ended"})

    def test_rule_65_the_contract_with_the_backup_does_not_end_from_under_another(self):
        backup, drift = self.make_contract("backup"), self.make_contract("drift")
        with self.assertRaisesRegex(ValidationError, MISSING), self.env.cr.savepoint():
            backup.date_end = day("11-30")
        drift.date_end = day("11-30")
        backup.date_end = day("11-30")

    def test_rule_64_what_cannot_be_read_is_refused_with_an_example(self):
        with self.assertRaisesRegex(UserError, "DB 90/48, FS 90/4"):
            self.service("backup").policy = "90 dagar"
        with self.assertRaisesRegex(UserError, "DB 90/48, FS 90/4"):
            self.make_contract({"code": "backup", "policy": "FS 90"})
