from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import ContractCase, day

# What the product sheet and the public terms say: work type -> services that include it.
SHEET = {
    "monitoring": "bas",
    "vm_tuning": "bas",
    "vm_incident": "bas",
    "disaster_copy": "bas",
    "app_access": "bas",
    "git_ci": "bas",
    "portal_access": "bas",
    "backup_database": "backup",
    "backup_files": "backup",
    "patch_monthly": "drift",
    "patch_security": "drift",
    "it_question": "drift",
    "restart": "drift",
    "dr_plan": "drift",
    "test_copy": "drift",
    "smtp": "drift",
    "backup_extra": "drift",
    "mail_server": "epost",
    "mail_tuning": "epost",
    "bug": "maintenance",
    "support": "maintenance",
    "upgrade": "maintenance",
    "source_patch": "maintenance",
    "dns": "smart_connect",
    "user_support": "first_line",
}
SEPARATE = {
    "training",
    "new_function",
    "company_user",
    "data_change",
    "new_instance",
    "architecture",
    "adaptation",
    "customer_network",
    "mail_outside",
    "third_party",
    "dns",
    "user_support",
    "program_support",
    "consulting",
}
FREE = {"question_infrastructure", "question_delivery", "question_licence", "server_resources"}


@tagged("post_install", "-at_install")
class TestCoverage(ContractCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.standard = cls.env.ref("linserv_contract.linserv_hour_level_standard")
        cls.reduced = cls.env.ref("linserv_contract.linserv_hour_level_agreement")
        cls.price(cls.standard, 1500)
        cls.price(cls.reduced, 1250)

    @classmethod
    def make_contract(cls, *services, **values):
        """Return a contract; what needs a backup gets it."""
        wanted = [each if isinstance(each, dict) else {"code": each} for each in services]
        codes = [each["code"] for each in wanted]
        backups = [dict(each, code="backup") for each in wanted if each["code"] == "drift" and "backup" not in codes]
        return super().make_contract(*backups, *services, **values)

    @classmethod
    def price(cls, level, amount, start="2020-01-01", **values):
        values = {"level_id": level.id, "price_unit": amount, "date_from": start, **values}
        return cls.env["linserv.hour.price"].create(values)

    def deviate(self, contract, code, treatment, **values):
        return self.env["linserv.coverage.deviation"].create(
            {
                "contract_id": contract.id,
                "work_type_id": self.env["linserv.work.type"]._get(code).id,
                "treatment": treatment,
                "date_from": day("10-01"),
                "note": "agreed with Eva",
                **values,
            }
        )

    def ask(self, contract, code, on="12-01", instance=None, **values):
        return contract.coverage(code, instance or self.instance, day(on), **values)

    def test_rule_70_the_matrix_of_the_sheet_is_there_as_data(self):
        rules = self.env["linserv.coverage.rule"].search([])
        self.assertEqual({rule.work_type_id.code: rule.service_id.code for rule in rules}, SHEET)
        types = self.env["linserv.work.type"].search([])
        self.assertEqual(set(types.filtered(lambda each: each.treatment == "separate").mapped("code")), SEPARATE)
        self.assertEqual(set(types.filtered(lambda each: each.treatment == "free").mapped("code")), FREE)

    def test_rule_70_every_cell_of_the_matrix_through_a_contract(self):
        for bought in ("bas", "backup", "drift", "epost", "maintenance", "first_line", "smart_connect"):
            contract = self.make_contract(bought, "bas") if bought != "bas" else self.make_contract("bas")
            have = {bought, "bas", "backup"} if bought == "drift" else {bought, "bas"}
            for code, service in SHEET.items():
                answer = self.ask(contract, code)
                expected = "covered" if service in have else "charged"
                if service in have and code in ("test_copy", "upgrade", "backup_extra"):
                    expected = {"test_copy": "quota"}.get(code, "charged")
                self.assertEqual((code, answer.outcome), (code, expected), bought)

    def test_what_is_free_is_free_without_any_service_too(self):
        for code in FREE:
            self.assertEqual(self.norrvik._linserv_coverage(code).outcome, "covered")

    def test_the_answer_is_explained_and_priced_in_the_readers_language(self):
        contract = self.make_contract("bas")
        answer = self.ask(contract, "restart")
        self.assertEqual((answer.outcome, answer.price, answer.price_per), ("charged", 1250, "hour"))
        self.assertEqual(answer.currency, self.company.currency_id)
        self.assertIn("Included in DRIFT OCH PATCH, which you do not have.", answer.reason)
        self.assertIn("1,250.00", answer.reason.replace("\xa0", ""))
        self.assertIn("30 minutes", answer.reason)
        self.assertFalse(answer.needs_approval)

    def test_the_price_of_an_hour_follows_services_day_and_contract(self):
        plain = self.make_contract("epost")
        self.assertEqual(self.ask(plain, "training").price, 1500)
        contract = self.make_contract("bas", "epost")
        self.price(self.reduced, 1300, "2027-01-01")
        self.assertEqual(self.ask(contract, "training", "2026-12-31").price, 1250)
        self.assertEqual(self.ask(contract, "training", "2027-01-01").price, 1300)
        contract.hour_price = 990
        self.assertEqual(self.ask(contract, "training").price, 990)

    def test_an_hour_price_is_given_in_the_contracts_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2026-01-01", "rate": 0.1, "company_id": self.company.id}
        )
        contract = self.make_contract("bas", currency_id=euro.id)
        if self.company.currency_id != euro:
            self.assertEqual(self.ask(contract, "training").price, 125)
        self.price(self.reduced, 111, currency_id=euro.id)
        self.assertEqual(self.ask(contract, "training").price, 111)

    def test_without_a_price_the_answer_says_so(self):
        self.env["linserv.hour.price"].search([]).unlink()
        answer = self.ask(self.make_contract("bas"), "training")
        self.assertEqual((answer.outcome, answer.price, answer.price_missing), ("charged", None, True))
        self.assertIn("Ask us for the price", answer.reason)

    def test_a_service_counts_from_its_first_day_to_its_last(self):
        contract = self.make_contract("bas", {"code": "drift", "date_start": day("11-01"), "date_end": day("11-30")})
        outcomes = [self.ask(contract, "restart", on).outcome for on in ("10-31", "11-01", "11-30", "12-01")]
        self.assertEqual(outcomes, ["charged", "covered", "covered", "charged"])

    def test_a_paused_service_includes_nothing(self):
        contract = self.make_contract("bas", "epost")
        mail = contract.subscription_ids.filtered(lambda sub: sub.service_id.code == "epost")
        mail.pause_ids.create({"subscription_id": mail.id, "date_from": day("11-01"), "date_to": day("11-30")})
        outcomes = [self.ask(contract, "mail_tuning", on).outcome for on in ("10-31", "11-01", "11-30", "12-01")]
        self.assertEqual(outcomes, ["covered", "charged", "charged", "covered"])

    def test_production_only_and_other_instances(self):
        test = self.make_instance(self.norrvik, "norrvik-test", kind="test")
        contract = self.make_contract("drift", {"code": "bas", "instance_id": test.id})
        self.assertEqual(self.ask(contract, "monitoring", instance=test).reason_code, "not_production")
        self.assertEqual(self.ask(contract, "restart", instance=test).reason_code, "other_instance")
        self.assertEqual(self.ask(contract, "restart").outcome, "covered")
        self.assertEqual(contract.coverage("restart", date=day("12-01")).outcome, "covered")

    def test_rule_72_an_upgrade_in_the_first_year_needs_a_recorded_agreement(self):
        contract = self.make_contract("maintenance")
        early = self.ask(contract, "upgrade", "2027-09-30")
        self.assertEqual((early.outcome, early.needs_approval), ("charged", True))
        self.assertIn("10/01/2027", early.reason)
        self.deviate(contract, "upgrade", "agreed")
        agreed = self.ask(contract, "upgrade", "2027-09-30")
        self.assertEqual((agreed.outcome, agreed.price, agreed.price_per), ("quota", 9900, "once"))
        self.assertEqual(contract.message_ids[:1].body.count("agreed with Eva"), 1)

    def test_rule_71_own_agreements_go_before_the_services(self):
        contract = self.make_contract("bas")
        self.deviate(contract, "training", "covered", date_to=day("12-01"))
        self.assertEqual(self.ask(contract, "training").outcome, "covered")
        self.assertEqual(self.ask(contract, "training", "12-02").outcome, "charged")
        self.deviate(contract, "monitoring", "charged", hour_price=500, instance_id=self.instance.id)
        answer = self.ask(contract, "monitoring")
        self.assertEqual((answer.outcome, answer.price), ("charged", 500))
        self.deviate(contract, "restart", "charged", price_fixed=750)
        answer = self.ask(contract, "restart")
        self.assertEqual((answer.price, answer.price_per, answer.needs_approval), (750, "once", True))

    def test_rule_73_longer_work_than_a_ticket_authorises_needs_approval(self):
        contract = self.make_contract("bas")
        self.assertFalse(self.ask(contract, "training", minutes=240).needs_approval)
        self.assertTrue(self.ask(contract, "training", minutes=241).needs_approval)
        self.assertFalse(self.ask(contract, "monitoring", minutes=600).needs_approval)

    def test_the_instance_finds_the_contract_that_includes_the_work(self):
        self.make_contract("epost")
        drift = self.make_contract("bas", "drift")
        self.make_contract("maintenance", start="2027-01-01")
        answer = self.instance._linserv_coverage("restart", day("12-01"))
        self.assertEqual((answer.outcome, answer.contract), ("covered", drift))
        answer = self.norrvik._linserv_coverage("bug", self.instance, day("12-01"))
        self.assertEqual((answer.outcome, answer.contract, answer.price), ("charged", drift, 1250))
        self.assertEqual(self.instance._linserv_coverage("bug", "2027-01-01").outcome, "covered")

    def test_a_customer_without_a_contract_gets_an_answer_too(self):
        answer = self.instance._linserv_coverage("restart", day("12-01"))
        self.assertEqual((answer.outcome, answer.price, answer.contract.id), ("charged", 1500, False))
        self.assertIn("no contract in force", answer.reason)

    def test_an_ended_or_draft_contract_includes_nothing_afterwards_or_before(self):
        contract = self.make_contract("bas", "drift", date_end=day("11-30"))
        contract.action_end()
        self.assertEqual(self.ask(contract, "restart", "11-30").outcome, "covered")
        self.assertEqual(self.ask(contract, "restart", "12-01").reason_code, "not_in_force")
        draft = self.make_contract("drift", state="draft")
        self.assertEqual(self.ask(draft, "restart").outcome, "charged")
        self.assertIn("Included in DRIFT", draft._render_coverage().decode())

    def test_an_unknown_type_of_work_is_refused_with_what_to_do(self):
        with self.assertRaisesRegex(UserError, "coffee"):
            self.make_contract("bas").coverage("coffee")

    def test_a_technician_without_rights_on_contracts_gets_the_answer_by_the_instance_only(self):
        technician = self.env["res.users"].create(
            {"name": "Tekniker", "login": "tekniker", "groups_id": [(6, 0, self.env.ref("base.group_user").ids)]}
        )
        contract = self.make_contract("drift")
        answer = self.instance.with_user(technician)._linserv_coverage("restart", day("12-01"))
        self.assertEqual(answer.outcome, "covered")
        with self.assertRaises(AccessError):
            answer.contract.read(["name"])
        with self.assertRaises(AccessError):
            contract.with_user(technician).coverage("restart")

    def test_a_matrix_costs_few_queries_and_lists_every_type_of_work(self):
        contract = self.make_contract("bas", "drift", "backup", "maintenance")
        contract._prepare_coverage_sections(date=day("12-01"))
        self.env.cache.invalidate()
        before = self.env.cr.sql_log_count
        sections = contract._prepare_coverage_sections(date=day("12-01"))
        self.assertLess(self.env.cr.sql_log_count - before, 40)
        codes = [row["code"] for group in sections[0]["groups"] for row in group["rows"]]
        self.assertEqual(sorted(codes), sorted(self.env["linserv.work.type"].search([]).mapped("code")))

    def test_instances_to_which_the_same_applies_share_a_section(self):
        second = self.make_instance(self.norrvik, "norrvik-b")
        third = self.make_instance(self.norrvik, "norrvik-c")
        contract = self.make_contract(
            {"code": "bas", "instance_id": self.instance.id},
            {"code": "bas", "instance_id": second.id},
            {"code": "drift", "instance_id": third.id},
        )
        sections = contract._prepare_coverage_sections(date=day("12-01"))
        self.assertEqual([section["name"] for section in sections], ["norrvik-b, norrvik-prod", "norrvik-c"])

    def test_an_agreement_needs_what_it_says(self):
        contract = self.make_contract("bas")
        with self.assertRaises(ValidationError):
            self.deviate(contract, "test_copy", "quota")
        other = self.make_instance(self.make_customer("Sydvik AB"), "sydvik")
        with self.assertRaises(ValidationError):
            self.deviate(contract, "training", "covered", instance_id=other.id)

    def test_the_check_tells_staff_before_the_work_begins(self):
        self.make_contract("drift")
        check = self.env["linserv.coverage.check"].create(
            {
                "partner_id": self.norrvik.id,
                "instance_id": self.instance.id,
                "work_type_id": self.env["linserv.work.type"]._get("training").id,
                "date": day("12-01"),
                "hours": 6,
            }
        )
        self.assertEqual((check.outcome, check.needs_approval), ("charged", True))
        self.assertIn("Always invoiced separately", check.reason)
