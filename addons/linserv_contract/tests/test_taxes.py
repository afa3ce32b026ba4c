from .accounts import AccountsCase
from .common import day


class TestTaxes(AccountsCase):
    """Rule 89: VAT, accounts and currency of an invoice are the customer's, as an accountant expects them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.env["res.currency.rate"].search([("currency_id", "=", cls.euro.id)]).unlink()
        for date, kronor in (("2026-01-01", 11.0), ("2026-11-01", 12.5)):
            cls.env["res.currency.rate"].create(
                {"currency_id": cls.euro.id, "name": date, "rate": 1 / kronor, "company_id": cls.company.id}
            )

    def bill_abroad(self, country, vat=False, **values):
        name = "Kund i " + country
        customer = self.make_customer(name, country_id=self.env.ref("base." + country).id, vat=vat)
        self.make_instance(customer, "prod-" + country)
        return self.bill("10-01", self.make_contract("bas", partner=customer, **values), mode="post")

    def tags(self, move):
        return sorted(move.line_ids.tax_tag_ids.mapped("name"))

    def tax(self, name):
        return self.env.ref("l10n_se.%d_%s" % (self.company.id, name))

    def test_rule_89_a_swedish_customer_pays_25_percent(self):
        move = self.bill_abroad("se", "SE123456789701")
        self.assertEqual((move.amount_untaxed, move.amount_tax), (900.0, 225.0))
        self.assertEqual(move.invoice_line_ids.tax_ids, self.tax("sale_tax_25_services"))
        self.assertEqual(move.invoice_line_ids.account_id.code, "3001")

    def test_rule_89_a_company_in_the_union_gets_reverse_charge_of_services(self):
        move = self.bill_abroad("de", "DE123456788")
        self.assertEqual((move.amount_untaxed, move.amount_tax, move.amount_total), (900.0, 0.0, 900.0))
        self.assertEqual(move.invoice_line_ids.tax_ids, self.tax("sale_tax_services_EC"))
        self.assertEqual(move.invoice_line_ids.account_id.code, "3308", "services to another country of the EU")

    def test_rule_89_a_person_in_the_union_pays_swedish_vat(self):
        move = self.bill_abroad("dk")
        self.assertEqual(move.amount_tax, 225.0)

    def test_rule_89_outside_the_union_is_export_of_services(self):
        move = self.bill_abroad("no")
        self.assertEqual((move.amount_untaxed, move.amount_tax), (900.0, 0.0))
        self.assertEqual(move.invoice_line_ids.tax_ids, self.tax("sale_tax_services_NEC"))
        self.assertEqual(move.invoice_line_ids.account_id.code, "3305", "services outside the EU")

    def test_rule_89_a_contract_in_euro_is_booked_in_kronor_at_the_rate_of_the_invoice(self):
        contract_values = {"currency_id": self.euro.id}
        move = self.bill_abroad("de", "DE123456788", **contract_values)
        self.assertEqual((move.currency_id, move.amount_untaxed), (self.euro, 900.0))
        line = move.invoice_line_ids
        self.assertEqual((line.amount_currency, line.balance), (-900.0, -9900.0))
        receivable = move.line_ids - line
        self.assertEqual((receivable.amount_currency, receivable.balance), (900.0, 9900.0))
        later = self.bill("11-01", move.linserv_contract_ids, mode="post")
        self.assertEqual(later.invoice_line_ids.balance, -11250.0)

    def test_rule_89_a_swedish_customer_in_euro_pays_vat_in_euro(self):
        move = self.bill_abroad("se", "SE123456789701", currency_id=self.euro.id)
        self.assertEqual((move.amount_untaxed, move.amount_tax), (900.0, 225.0))
        self.assertEqual(sum(move.line_ids.mapped("balance")), 0.0)
        self.assertEqual(move.line_ids.filtered("tax_line_id").balance, -2475.0)

    def test_rule_89_credit_notes_mirror_the_vat(self):
        for country, vat in (("se", "SE123456789701"), ("de", "DE123456788"), ("no", False)):
            move = self.bill_abroad(country, vat)
            before = self.balances("12-31")
            credit = move._reverse_moves([{"date": day("10-05"), "invoice_date": day("10-05")}], cancel=True)
            self.assertEqual(credit.amount_total, move.amount_total)
            change = self.change(self.balances("12-31"), before)
            expected = {code: amount for code, amount in self.lines_of(move).items() if amount}
            self.assertEqual(change, expected)

    def lines_of(self, move):
        sums = {}
        for line in move.line_ids:
            sums[line.account_id.code] = round(sums.get(line.account_id.code, 0.0) + line.balance, 2)
        return dict(sorted(sums.items()))

    def test_rule_89_the_contracts_analytic_account_is_on_every_line(self):
        analytic = self.env["account.analytic.account"].create({"name": "Norrvik drift"})
        contract = self.make_contract("bas", {"code": "backup", "price_unit": 300.0}, analytic_account_id=analytic.id)
        move = self.bill("10-01", contract, mode="post")
        self.assertEqual(move.invoice_line_ids.mapped("analytic_account_id"), analytic)
        self.assertEqual(sum(analytic.line_ids.mapped("amount")), 1200.0)

    def test_rule_89_income_by_the_account_of_each_service(self):
        for number, code in enumerate(("bas", "backup")):
            account = self.account("3001").copy({"code": "30%d" % (41 + number), "name": code})
            self.service(code).product_id.property_account_income_id = account
        contract = self.make_contract("bas", {"code": "backup", "price_unit": 300.0})
        self.bill("10-01", contract, mode="post")
        action = self.env.ref("linserv_contract.linserv_invoiced_revenue_action")
        groups = self.env["account.move.line"].read_group(
            [("linserv_subscription_id", "in", contract.subscription_ids.ids), ("parent_state", "=", "posted")],
            ["credit"],
            ["account_id"],
        )
        self.assertEqual(action.res_model, "account.move.line")
        self.assertEqual({group["account_id"][1][:4]: group["credit"] for group in groups}, {"3041": 900, "3042": 300})
