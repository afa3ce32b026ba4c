from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ContractCase, day


@tagged("post_install", "-at_install")
class TestQuota(ContractCase):
    """Rules 74-75: twelve test copies and one upgrade in each year of the contract."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls.make_contract("backup", "bas", "drift", "maintenance")
        level = cls.env.ref("linserv_contract.linserv_hour_level_agreement")
        cls.env["linserv.hour.price"].create({"level_id": level.id, "price_unit": 1250, "date_from": "2020-01-01"})

    def take(self, number, on="12-01", code="test_copy", contract=None, **values):
        contract = contract or self.contract
        return contract._use_quota(code, self.instance, day(on), "restore,%s" % number, **values)

    def ask(self, on="12-01", code="test_copy"):
        return self.contract.coverage(code, self.instance, day(on))

    def test_rule_74_twelve_are_included_and_the_thirteenth_says_so_first(self):
        for number in range(12):
            self.assertEqual(self.ask().outcome, "quota")
            self.assertFalse(self.take(number).is_charged)
        answer = self.ask()
        self.assertEqual((answer.quota_used, answer.quota_limit, answer.quota_left), (12, 12, 0))
        self.assertEqual((answer.outcome, answer.needs_approval, answer.price), ("charged", True, 1250))
        self.assertIn("all are used until 09/30/2027", answer.reason)
        with self.assertRaisesRegex(UserError, "all are used"):
            self.take(12)
        self.assertTrue(self.take(12, accept_charge=True).is_charged)
        self.assertEqual(self.ask().quota_used, 12)

    def test_the_same_order_is_counted_once(self):
        self.assertEqual(self.take(1), self.take(1))
        self.assertEqual(self.ask().quota_used, 1)

    def test_rule_74_the_year_is_the_contracts(self):
        self.take(1, "2027-09-30")
        self.take(2, "2027-10-01")
        self.assertEqual((self.ask("2027-09-30").quota_used, self.ask("2027-10-01").quota_used), (1, 1))
        self.assertEqual(str(self.ask("2027-10-01").quota_to), "2028-09-30")

    def test_the_portal_shows_what_is_left_as_numbers(self):
        rows = {row["code"]: row for row in self.contract._prepare_portal_quotas()}
        self.assertEqual((rows["test_copy"]["left"], rows["test_copy"]["quota_limit"]), (12, 12))

    def test_each_instance_has_its_own(self):
        second = self.make_instance(self.norrvik, "norrvik-b")
        for code in ("backup", "drift"):
            self.subscribe(self.contract, code, instance_id=second.id)
        self.take(1)
        self.assertEqual(self.contract.coverage("test_copy", second, day("12-01")).quota_used, 0)
        self.assertEqual(self.contract.coverage("test_copy", date=day("12-01")).quota_limit, 24)
        with self.assertRaisesRegex(UserError, "which instance"):
            self.contract._use_quota("test_copy", None, day("12-01"), "restore,9")

    def test_rule_75_cancelled_in_time_is_given_back(self):
        self.take(1, "11-30")
        self.take(2, "11-30")
        release = self.env["linserv.contract"]._release_quota
        self.assertTrue(release("restore,1", day("11-23")))
        self.assertFalse(release("restore,2", day("11-24")))
        self.assertEqual(self.ask().quota_used, 1)
        self.assertTrue(release("restore,1", day("11-29")), "a second call changes nothing")
        self.assertTrue(release("restore,2", day("11-30"), force=True), "Linserv's own doing")
        self.assertEqual(self.ask().quota_used, 0)
        self.assertFalse(release("restore,77", day("11-30")))

    def test_rule_72_no_acceptance_replaces_linservs_agreement(self):
        with self.assertRaisesRegex(UserError, "only after an agreement with Linserv"):
            self.take(1, code="upgrade", accept_charge=True)

    def test_rule_74_an_upgrade_charges_its_fee_once(self):
        use = self.take(1, "2027-10-04", "upgrade", name="14.0 → 18.0")
        fee = use.subscription_id
        self.assertEqual((fee.price_unit, fee.billing_interval, str(fee.date_start)), (9900, "once", "2027-10-04"))
        self.take(1, "2027-10-04", "upgrade")
        plan = self.contract._plan(day("2027-10-04"))[self.contract]
        self.assertEqual([float(each.amount) for each in plan.charges if each.key == fee.id], [9900.0])
        self.assertEqual(self.ask("2027-12-01", "upgrade").reason_code, "quota_used")
        self.assertEqual(self.ask("2028-10-01", "upgrade").outcome, "quota")

    def test_an_upgrade_that_is_called_off_costs_nothing(self):
        self.take(1, "2027-10-04", "upgrade")
        self.env["linserv.contract"]._release_quota("restore,1", day("2027-10-01"))
        self.assertFalse(self.contract.once_ids)
        self.assertEqual(self.ask("2027-12-01", "upgrade").outcome, "quota")

    def test_the_fee_of_an_upgrade_that_is_invoiced_is_credited(self):
        self.make_reading(100, "2027-10-01")
        self.take(1, "2027-10-04", "upgrade")
        self.bill("2027-10-04", self.contract, mode="post")
        self.env["linserv.contract"]._release_quota("restore,1", day("2027-10-04"))
        self.assertEqual(sorted(self.contract.once_ids.mapped("price_unit")), [-9900, 9900])

    def test_covered_work_needs_no_quota_and_charged_work_an_acceptance(self):
        self.assertFalse(self.take(1, code="restart"))
        with self.assertRaises(UserError):
            self.take(2, code="training")
        self.assertFalse(self.take(2, code="training", accept_charge=True))
        self.assertFalse(self.contract.quota_ids)

    def test_an_own_agreement_on_more_copies_holds(self):
        self.env["linserv.coverage.deviation"].create(
            {
                "contract_id": self.contract.id,
                "work_type_id": self.env["linserv.work.type"]._get("test_copy").id,
                "treatment": "quota",
                "quota_limit": 2,
                "date_from": day("10-01"),
                "note": "two a year",
            }
        )
        self.take(1)
        self.take(2)
        self.assertEqual(self.ask().reason_code, "quota_used")

    def test_every_night_the_quotas_of_the_year_are_shown_also_unused_ones(self):
        self.take(1)
        for _run in range(2):
            self.env["linserv.contract"]._cron_open_quotas()
            self.contract._open_quotas(day("2027-12-01"))
        copies = self.contract.quota_ids.filtered(lambda quota: quota.work_type_id.code == "test_copy")
        shown = copies.sorted("date_from").mapped(lambda quota: (str(quota.date_from), quota.used, quota.quota_limit))
        self.assertEqual([row for row in shown if row[0] in ("2026-10-01", "2027-10-01")][-1], ("2027-10-01", 0, 12))
        self.assertIn(("2026-10-01", 1, 12), shown)
