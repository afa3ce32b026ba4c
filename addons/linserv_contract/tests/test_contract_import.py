import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ContractCase, day

HEAD = "contract,line,customer,service,instance,date_start,date_end,interval,timing,quantity,price,discount,billed_to"
LINES = [
    "A1,A1-1,Norrvik Bygg AB,ODOO BAS,norrvik-prod,2025-03-01,,monthly,advance,1,900,0,2026-11-30",
    "A1,A1-2,Norrvik Bygg AB,mailserver,,2025-03-01,,quarterly,advance,2,300,10,2026-11-30",
    "B7,B7-1,Sydvik AB,ODOO BAS,,2026-01-15,2027-01-31,monthly,advance,1,1000,,2026-12-14",
]


@tagged("post_install", "-at_install")
class TestContractImport(ContractCase):
    """Rules 96-99: contracts from another system, looked at first, then all of them or none."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sydvik = cls.make_customer("Sydvik AB")
        cls.make_instance(cls.sydvik, "sydvik-prod")

    def make_import(self, *lines, head=HEAD, **values):
        content = "\n".join([head, *(lines or LINES)]).encode()
        return self.env["linserv.contract.import"].create(
            {"file": base64.b64encode(content), "date": day("2026-12-01"), **values}
        )

    def make_checked(self, *lines, **values):
        record = self.make_import(*lines, **values)
        record.action_check()
        self.choose(record)
        record.action_check()
        return record

    def choose(self, record):
        epost = self.service("epost")
        record.service_ids.filtered(lambda each: each.name == "mailserver").service_id = epost

    def contracts(self):
        return self.env["linserv.contract"].search([("external_ref", "!=", False)], order="external_ref")

    def test_the_oca_contracts_of_another_company_are_left_to_it(self):
        other = self.env["res.company"].create({"name": "Annat bolag AB"})
        self.env.cr.execute(
            "CREATE TEMPORARY TABLE contract_contract ON COMMIT DROP AS "
            "SELECT * FROM (VALUES (1, %s), (2, %s), (3, NULL)) AS found (id, company_id)",
            [self.company.id, other.id],
        )
        ours, theirs, anybodys = [{"contract": "oca-%d" % number} for number in (1, 2, 3)]
        self.assertEqual(self.make_import()._only_of_company([ours, theirs, anybodys]), [ours, anybodys])

    def test_rule_97_a_service_that_is_not_known_is_asked_for(self):
        record = self.make_import()
        record.action_check()
        self.assertEqual([bool(each.service_id) for each in record.service_ids], [True, False])
        self.assertEqual(record.line_ids.mapped("state"), ["ready", "problem", "ready"])
        self.assertIn("mailserver", record.line_ids[1].problem)

    def test_rule_98_the_check_compares_and_makes_nothing(self):
        before = self.env["linserv.contract"].search_count([])
        record = self.make_checked()
        self.assertEqual(record.problem_count, 0, record.line_ids.mapped("problem"))
        self.assertEqual(record.line_ids.mapped("amount_theirs"), [2700.0, 540.0, 2000.0])
        self.assertEqual(record.line_ids.mapped("amount_ours"), [2700.0, 540.0, 1548.39])
        self.assertEqual(record.line_ids.mapped("verdict"), ["equal", "equal", "share"])
        self.assertEqual((record.state, round(record.amount_difference, 2)), ("checked", -451.61))
        self.assertEqual(self.env["linserv.contract"].search_count([]), before)
        self.assertFalse(self.contracts())

    def test_rule_99_then_for_real_and_only_once(self):
        record = self.make_checked()
        record.action_import()
        made = self.contracts()
        self.assertEqual(made.mapped("external_ref"), ["A1", "B7"])
        self.assertEqual(made.mapped("state"), ["active", "active"])
        self.assertEqual(made[0].partner_id, self.norrvik)
        self.assertEqual(made[0].subscription_ids.mapped("discount_ids.percent"), [10.0])
        self.assertEqual(made[0].date_first_invoice, day("2025-03-01"))
        self.assertEqual(set(record.line_ids.mapped("state")), {"imported"})
        again = self.make_checked()
        self.assertEqual(set(again.line_ids.mapped("state")), {"present"})
        again.action_import()
        self.assertEqual(self.contracts(), made)

    def test_rule_99_what_the_old_system_billed_is_never_billed_again(self):
        self.make_checked().action_import()
        contract = self.contracts()[0]
        self.assertFalse(self.bill("2026-11-30", contract))
        move = self.bill("2026-12-01", contract)
        self.assertEqual(move.amount_untaxed, 900.0 + 540.0)

    def test_rule_99_one_wrong_line_and_nothing_is_imported(self):
        wrong = "C1,C1-1,Nobody AB,ODOO BAS,,2026-01-01,,monthly,advance,1,900,0,"
        record = self.make_checked(*LINES, wrong)
        self.assertEqual(record.problem_count, 1)
        with self.assertRaisesRegex(UserError, "Nothing has been imported"):
            record.action_import()
        self.assertFalse(self.contracts())

    def test_rule_97_what_is_not_certain_is_a_problem(self):
        self.make_customer("Sydvik AB")
        self.make_instance(self.norrvik, "norrvik-two")
        record = self.make_checked(
            LINES[2],
            "A1,A1-1,Norrvik Bygg AB,ODOO BAS,,2025-03-01,,monthly,advance,1,900,0,",
            "A2,A2-1,Norrvik Bygg AB,ODOO BAS,nowhere,2025-03-01,,monthly,advance,1,900,0,",
            "A3,A3-1,Norrvik Bygg AB,ODOO BAS,norrvik-prod,2025-03-01,,2,advance,1,900,0,",
            "A4,A4-1,Norrvik Bygg AB,ODOO BAS,norrvik-prod,2025-03-01,,monthly,advance,1,99.995,,",
            "A5,A5-1,Norrvik Bygg AB,ODOO BAS,norrvik-prod,2025-03-01,,monthly,advance,1,900,0,",
            "A5,A5-1,Norrvik Bygg AB,ODOO BAS,norrvik-prod,2025-03-01,,monthly,advance,1,900,0,",
            "A6,A6-1,Norrvik Bygg AB,ODOO BAS,norrvik-prod,2025-03-01,,monthly,advance,1,900,0,",
            "A6,A6-2,Åkerö AB,ODOO BAS,,2025-03-01,,monthly,advance,1,900,0,",
        )
        words = [
            "several",
            "per instance",
            "no instance",
            "interval",
            "decimals",
            "twice",
            "twice",
            None,
            "no customer",
        ]
        for line, word in zip(record.line_ids, words):
            self.assertEqual(line.state, "problem" if word else "ready", line.line_ref)
            self.assertIn(word or "", line.problem or "")

    def test_rule_97_customers_are_found_by_vat_number_reference_or_name(self):
        self.norrvik.write({"vat": "SE559988776601", "ref": "K17"})
        head = "contract,line,customer,customer_vat,customer_ref,service,instance,date_start,interval,timing,price"
        record = self.make_checked(
            "1,1,Norrvik,SE 559988776601,,bas,norrvik-prod,2026-12-01,monthly,advance,900",
            "2,2,Norrvik,,K17,bas,norrvik-prod,2026-12-01,monthly,advance,900",
            "3,3,Norrvik Bygg AB,,,bas,norrvik-prod,2026-12-01,monthly,advance,900",
            head=head,
        )
        self.assertEqual(record.line_ids.mapped("state"), ["ready"] * 3, record.line_ids.mapped("problem"))
        self.assertEqual(record.line_ids.partner_id, self.norrvik)

    def test_rule_97_lines_with_days_of_their_own_become_two_contracts(self):
        record = self.make_checked(
            "A1,A1-1,Norrvik Bygg AB,bas,norrvik-prod,2025-03-01,,monthly,advance,1,900,0,2026-11-30",
            "A1,A1-2,Norrvik Bygg AB,epost,,2025-03-15,,monthly,advance,1,300,0,2026-12-14",
        )
        record.action_import()
        self.assertEqual(self.contracts().mapped("external_ref"), ["A1", "A1/2"])
        self.assertEqual(set(record.line_ids.mapped("verdict")), {"equal"})

    def test_rule_98_a_metered_service_waits_for_its_reading(self):
        line = "A1,A1-1,Norrvik Bygg AB,maintenance,norrvik-prod,2025-03-01,,monthly,advance,124,175,0,2026-11-30"
        record = self.make_checked(line)
        self.assertEqual((record.line_ids.verdict, record.line_ids.amount_theirs), ("held", 65100.0))
        self.make_reading(12345, "2027-02-01")
        record.action_check()
        self.assertEqual((record.line_ids.verdict, record.line_ids.amount_ours), ("equal", 65100.0))

    def test_a_line_that_has_ended_is_left_behind(self):
        over = "A1,A1-1,Norrvik Bygg AB,bas,norrvik-prod,2025-03-01,2026-10-31,monthly,advance,1,900,0,2026-10-31"
        record = self.make_checked(over, LINES[2])
        self.assertEqual(record.line_ids.mapped("state"), ["over", "ready"])
        record.action_import()
        self.assertEqual(self.contracts().mapped("external_ref"), ["B7"])

    def test_another_database_is_for_administrators(self):
        manager = new_test_user(self.env, "anna", groups="linserv_contract.linserv_contract_group_manager")
        record = self.make_import(source="database").with_user(manager)
        with self.assertRaises(AccessError):
            record.action_check()

    def test_a_database_without_oca_contracts_says_so(self):
        if "contract.contract" in self.env:
            self.skipTest("OCA contract is installed")
        with self.assertRaisesRegex(UserError, "no OCA contracts"):
            self.make_import(source="here").action_check()
