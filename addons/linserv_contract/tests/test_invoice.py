from .common import ContractCase, day


class TestInvoice(ContractCase):
    """Rule 23: an ordinary invoice on the customer's own terms."""

    def test_swedish_customer_25_percent_and_30_days(self):
        move = self.bill("10-01", self.make_contract("bas"), mode="post")
        self.assertEqual(move.invoice_line_ids.tax_ids.amount, 25.0)
        self.assertEqual(move.invoice_date_due, day("10-31"))
        self.assertEqual((move.currency_id, move.journal_id.type), (self.company.currency_id, "sale"))
        self.assertEqual(move.amount_total, 1125.0)

    def test_the_line_is_in_the_customers_language_with_the_service_period(self):
        move = self.bill("10-01", self.make_contract("bas"))
        self.assertEqual(move.invoice_line_ids.name, "ODOO BAS, norrvik-prod\nTjänsteperiod: 2026-10-01 – 2026-10-31")

    def test_an_english_customer_reads_english_and_their_date_format(self):
        english = self.make_customer("Northwick Ltd", lang="en_US")
        self.make_instance(english, "northwick")
        move = self.bill("10-01", self.make_contract("bas", partner=english))
        self.assertEqual(move.invoice_line_ids.name, "ODOO BAS, northwick\nService period: 10/01/2026 – 10/31/2026")

    def test_a_part_of_a_month_shows_its_days(self):
        contract = self.make_contract({"code": "bas", "date_start": day("10-17")})
        line = self.bill("10-17", contract).invoice_line_ids
        self.assertEqual((line.quantity, line.price_subtotal), (1.0, 435.48))
        self.assertIn("15 av 31 dagar", line.name)

    def test_the_customers_fiscal_position_maps_the_tax(self):
        contract = self.make_contract("bas")
        usual = contract.subscription_ids.service_id.product_id.taxes_id
        none = self.env["account.tax"].create(
            {"name": "Export 0 %", "amount": 0.0, "type_tax_use": "sale", "company_id": self.company.id}
        )
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Export",
                "company_id": self.company.id,
                "tax_ids": [(0, 0, {"tax_src_id": usual.id, "tax_dest_id": none.id})],
            }
        )
        self.norrvik.property_account_position_id = position
        move = self.bill("10-01", contract)
        self.assertEqual((move.fiscal_position_id, move.invoice_line_ids.tax_ids), (position, none))
        self.assertEqual(move.amount_tax, 0.0)

    def test_a_customer_abroad_is_billed_a_service_and_no_goods(self):
        for country, vat, tax in (
            ("de", "DE123456788", "sale_tax_services_EC"),
            ("no", False, "sale_tax_services_NEC"),
            ("se", "SE123456789701", "sale_tax_25_services"),
        ):
            customer = self.make_customer("Kund " + country, country_id=self.env.ref("base." + country).id, vat=vat)
            self.make_instance(customer, "prod-" + country)
            line = self.bill("10-01", self.make_contract("bas", partner=customer)).invoice_line_ids
            self.assertEqual(line.tax_ids, self.env.ref("l10n_se.%d_%s" % (self.company.id, tax)), country)

    def test_the_contracts_payment_terms(self):
        now = self.env.ref("account.account_payment_term_immediate")
        move = self.bill("10-01", self.make_contract("bas", payment_term_id=now.id), mode="post")
        self.assertEqual(move.invoice_date_due, day("10-01"))

    def test_the_invoice_goes_to_the_customers_invoice_address(self):
        address = self.make_customer("Ekonomi", parent_id=self.norrvik.id, type="invoice", is_company=False)
        move = self.bill("10-01", self.make_contract("bas"))
        self.assertEqual((move.partner_id, move.commercial_partner_id), (address, self.norrvik))

    def test_the_invoice_leads_back_to_contract_and_run(self):
        contract = self.make_contract("bas")
        run = self.make_run("10-01", contract)
        run.action_bill()
        move = run.move_ids
        self.assertEqual((move.linserv_contract_id, move.invoice_origin), (contract, contract.name))
        self.assertEqual(move.action_linserv_contract()["res_id"], contract.id)
        self.assertEqual(contract.move_count, 1)

    def test_the_run_decides_the_invoice_date(self):
        run = self.make_run("10-01", self.make_contract("bas"), mode="post", invoice_date=day("09-20"))
        run.action_bill()
        self.assertEqual((run.move_ids.invoice_date, run.move_ids.date), (day("09-20"), day("09-20")))

    def test_a_service_without_income_account_is_explained(self):
        contract = self.make_contract("bas")
        service = contract.subscription_ids.service_id
        service.product_id.categ_id.property_account_income_categ_id = False
        run = self.make_run("10-01", contract)
        run.action_bill()
        self.assertEqual(run.line_ids.state, "failed")
        self.assertIn("no income account", run.line_ids.reason)

    def test_a_tax_that_is_part_of_the_price_is_refused_because_prices_are_without_vat(self):
        contract = self.make_contract("bas")
        contract.subscription_ids.service_id.product_id.taxes_id = self.env["account.tax"].create(
            {"name": "25 % included", "amount": 25.0, "price_include": True, "type_tax_use": "sale"}
        )
        run = self.make_run("10-01", contract)
        run.action_bill()
        self.assertFalse(run.move_ids)
        self.assertIn("720.0 and not to the planned 900", run.line_ids.reason)
