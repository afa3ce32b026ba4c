from freezegun import freeze_time

from odoo.tests import new_test_user

from .common import ContractCase, day


@freeze_time("2026-11-30")
class TestRevenueDashboard(ContractCase):
    """The page of recurring revenue: its figures, the lists behind them, and its agreement with the invoices."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create(
            {"name": "Nya Driften AB", "currency_id": cls.env.ref("base.SEK").id}
        )
        cls.env.user.company_ids |= cls.company
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=cls.company.ids))
        cls.env.ref("l10n_se.l10nse_chart_template").with_company(cls.company).try_loading(company=cls.company)
        cls.dashboard = cls.env["linserv.revenue.dashboard"]
        cls.kunder = {name: cls.make_customer(name) for name in ("Alfa AB", "Beta AB")}
        for name, partner in cls.kunder.items():
            cls.make_instance(partner, name.split()[0].lower(), company_id=cls.company.id)

    def agree(self, name, *services, start="10-01", **values):
        contract = self.make_contract(
            *services, partner=self.kunder[name], start=start, company_id=self.company.id, **values
        )
        self.env["base"].flush()
        self.env.cr.precommit.run()
        return contract

    def bridge(self, month="2026-10"):
        """Return [(kind, label, amount)] of the page's table."""
        lines = self.dashboard.get_reconciliation(month)["lines"]
        return [(line["kind"], line["label"], line["amount"]) for line in lines]

    def assert_adds_up(self, lines):
        total = 0.0
        for kind, label, amount in lines:
            total = round(total + amount, 2) if kind == "part" or not total else total
            if kind == "total":
                self.assertEqual(total, amount, label)

    def parts(self, lines):
        return {label: amount for kind, label, amount in lines if kind == "part"}

    def test_without_contracts_the_page_says_what_to_do(self):
        self.assertEqual(self.dashboard.get_figures(), {"empty": True, "can_create": True})

    def test_the_cards_of_a_month(self):
        self.agree("Alfa AB", "bas")
        self.agree("Beta AB", {"code": "bas", "price_unit": 300.0}, start="11-01")
        figures = self.dashboard.get_figures("2026-11")
        cards = {card["key"]: card["value"].replace("\xa0", " ") for card in figures["cards"]}
        self.assertEqual(cards["mrr"], "1,200 kr")
        self.assertEqual(cards["arr"], "14,400 kr")
        self.assertEqual(cards["change"], "+300 kr")
        self.assertEqual(cards["customers"], "2")
        self.assertEqual((cards["churn"], cards["net"]), ("0.0 %", "–"))
        self.assertEqual((figures["previous"], figures["next"]), ("2026-10", False))

    def test_every_number_leads_to_rows_that_add_up_to_it(self):
        self.agree("Alfa AB", "bas", {"code": "backup", "price_unit": 100.0})
        self.agree("Beta AB", {"code": "bas", "price_unit": 300.0})
        figures = self.dashboard.get_figures("2026-10")
        services = next(table for table in figures["tables"] if table["key"] == "service_id")
        for row, expected in zip(services["rows"], (1200.0, 100.0)):
            action = row["action"]
            rows = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(sum(rows.mapped("amount")), expected)
        history = figures["history"]["rows"][-1]["action"]
        self.assertEqual(sum(self.env[history["res_model"]].search(history["domain"]).mapped("amount")), 1300.0)

    def test_a_month_of_churn_and_cohorts(self):
        self.agree("Alfa AB", "bas")
        beta = self.agree("Beta AB", {"code": "bas", "price_unit": 100.0})
        beta.date_end = day("10-31")
        beta.action_end()
        self.env["base"].flush()
        self.env.cr.precommit.run()
        figures = self.dashboard.get_figures("2026-11")
        cards = {card["key"]: card["value"] for card in figures["cards"]}
        self.assertEqual(cards["churn"], "10.0 %")
        (cohort,) = figures["cohorts"]
        self.assertEqual(cohort["customers"], 2)
        self.assertEqual([level["text"] for level in cohort["levels"]], ["100 %", "90 %"])
        self.assertEqual(figures["forecast"]["services"][0]["values"], [900.0] * 13)

    def test_rule_85_a_billed_month_agrees_to_the_last_krona(self):
        contract = self.agree("Alfa AB", "bas")
        self.bill("10-01", contract, mode="post")
        lines = self.bridge()
        self.assertEqual([amount for _kind, _label, amount in lines], [900.0, 900.0, 900.0])

    def test_rule_85_each_difference_has_its_name_and_its_list(self):
        alfa = self.agree("Alfa AB", {"code": "bas", "price_unit": 2700.0, "billing_interval": "quarterly"})
        beta = self.agree("Beta AB", {"code": "bas", "billing_timing": "arrears"})
        alfa._charge_once("bas", day("10-20"), price_unit=9900.0, instance=alfa.instance_ids)
        self.bill("10-20", alfa | beta, mode="post")
        lines = self.bridge()
        self.assert_adds_up(lines)
        self.assertEqual(
            self.parts(lines),
            {
                "Not invoiced yet": -900.0,
                "Periods of more or fewer days than an even month": 9.78,
                "For the days of other months": 1790.22,
                "One-off charges and lines added by hand": 9900.0,
            },
        )
        totals = [amount for kind, _label, amount in lines if kind == "total"]
        self.assertEqual(totals, [1800.0, 909.78, 12600.0])
        waiting = next(line for line in self.dashboard.get_reconciliation("2026-10")["lines"] if line["amount"] == -900)
        self.assertEqual(waiting["action"]["domain"], [("id", "in", beta.subscription_ids.ids)])

    def test_rule_85_drafts_credits_and_the_next_months_invoice(self):
        alfa = self.agree("Alfa AB", "bas")
        beta = self.agree("Beta AB", {"code": "bas", "price_unit": 300.0, "billing_timing": "arrears"})
        self.bill("10-01", alfa)
        self.bill("11-01", beta, mode="post")
        lines = self.bridge()
        self.assert_adds_up(lines)
        self.assertEqual(
            self.parts(lines), {"On draft invoices": -900.0, "Of which on invoices of other months": -300.0}
        )

    def test_rule_85_a_credit_by_hand_is_named(self):
        alfa = self.agree("Alfa AB", "bas")
        move = self.bill("10-01", alfa, mode="post")
        credit = move._reverse_moves([{"date": day("10-20"), "invoice_date": day("10-20")}])
        credit.write({"invoice_line_ids": [(1, credit.invoice_line_ids.id, {"price_unit": 100.0})]})
        credit.action_post()
        lines = self.bridge()
        self.assert_adds_up(lines)
        self.assertEqual(self.parts(lines), {"Quantities measured later, credits and corrections": -100.0})

    def test_rule_85_exchange_rates_are_named(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
        for name, kronor in (("2026-01-01", 11.0), ("2026-11-01", 12.5)):
            values = {"currency_id": euro.id, "name": name, "rate": 1 / kronor, "company_id": self.company.id}
            self.env["res.currency.rate"].create(values)
        alfa = self.agree("Alfa AB", {"code": "bas", "price_unit": 100.0}, currency_id=euro.id)
        self.bill("11-01", alfa, mode="post")
        lines = self.bridge("2026-11")
        self.assert_adds_up(lines)
        self.assertEqual(self.parts(lines)["Exchange rate of the invoices"], 150.0)

    def test_a_reader_without_invoices_sees_the_sums_and_not_the_lines(self):
        alfa = self.agree("Alfa AB", "bas")
        self.bill("10-01", alfa, mode="post")
        groups = "linserv_contract.linserv_contract_group_user"
        company = {"company_id": self.company.id, "company_ids": [(6, 0, self.company.ids)]}
        reader = new_test_user(self.env, "reader", groups, **company)
        lines = self.dashboard.with_user(reader).get_reconciliation("2026-10")["lines"]
        self.assertEqual([line["amount"] for line in lines], [900.0, 900.0, 900.0])
        self.assertEqual([bool(line["action"]) for line in lines], [True, False, False])

    def test_the_digest_tells_the_revenue_and_its_change(self):
        self.agree("Alfa AB", "bas")
        self.agree("Beta AB", {"code": "bas", "price_unit": 300.0}, start="11-01")
        digest = self.env["digest.digest"].create({"name": "Vecka", "kpi_linserv_mrr": True})
        digest = digest.with_context(start_date=day("11-01"), end_date=day("12-01"))
        self.assertEqual((digest.kpi_linserv_mrr_value, digest.kpi_linserv_mrr_change_value), (1200.0, 300.0))
        self.assertIn("kpi_linserv_mrr", digest._compute_kpis_actions(self.company, self.env.user))

    def test_the_digest_names_its_figures_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        self.agree("Alfa AB", "bas")
        self.env["ir.translation"]._set_ids(
            "ir.model.fields,field_description",
            "model",
            "sv_SE",
            self.env["ir.model.fields"]._get("digest.digest", "kpi_linserv_mrr").ids,
            "Återkommande intäkter per månad",
            "Recurring revenue a month",
        )
        self.env.user.lang = "sv_SE"
        digest = self.env["digest.digest"].create({"name": "Vecka", "kpi_linserv_mrr": True})
        names = {kpi["kpi_name"]: kpi["kpi_fullname"] for kpi in digest.compute_kpis(self.company, self.env.user)}
        self.assertEqual(names["kpi_linserv_mrr"], "Återkommande intäkter per månad")
