from .common import ContractCase


class InvoiceFormCase(ContractCase):
    """Customers, taxes, payment terms and currencies of every kind that an invoice may have."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The form shows every field to one who may see it all; a number is no part of what is compared.
        groups = ("account.group_account_manager", "analytic.group_analytic_accounting", "base.group_multi_currency")
        groups += ("product.group_discount_per_so_line", "uom.group_uom", "analytic.group_analytic_tags")
        groups += ("sale.group_delivery_invoice_address", "account.group_cash_rounding")
        cls.env.user.groups_id |= cls.env["res.groups"].concat(*[cls.env.ref(name) for name in groups])
        cls.journal = cls.env["account.journal"]._linserv_first_sales_journal(cls.company)
        cls.make_accounts()
        cls.make_taxes()
        cls.make_partners()
        cls.make_terms()
        cls.make_products()
        cls.euro = cls.make_currency("EUR", 0.0913)
        cls.yen = cls.make_currency("JPY", 14.37)

    @classmethod
    def make_accounts(cls):
        accounts = cls.env["account.account"].search([("company_id", "=", cls.company.id)])
        cls.income = accounts.filtered(
            lambda each: each.user_type_id == cls.env.ref("account.data_account_type_revenue")
        )
        liability = cls.env.ref("account.data_account_type_current_liabilities")
        cls.liability = accounts.filtered(lambda each: each.user_type_id == liability and not each.reconcile)
        cls.waiting = cls.liability[5].copy({"code": "2699X", "name": "VAT not yet due", "reconcile": True})

    @classmethod
    def make_tax(cls, name, amount, **values):
        return cls.env["account.tax"].create(
            {"name": name, "amount": amount, "type_tax_use": "sale", "company_id": cls.company.id, **values}
        )

    @classmethod
    def repartition(cls, *factors):
        lines = [(0, 0, {"factor_percent": 100, "repartition_type": "base"})]
        for number, factor in enumerate(factors):
            vals = {"factor_percent": factor, "repartition_type": "tax", "account_id": cls.liability[number].id}
            lines.append((0, 0, vals))
        return {"invoice_repartition_line_ids": lines, "refund_repartition_line_ids": [*lines]}

    @classmethod
    def make_taxes(cls):
        tag = cls.env["account.account.tag"].create(
            {"name": "+42", "applicability": "taxes", "country_id": cls.env.ref("base.se").id}
        )
        cls.taxes = {
            "t25": cls.company._linserv_service_tax(),
            "t12": cls.make_tax("12 %", 12.0, **cls.repartition(100)),
            "t6": cls.make_tax("6 %", 6.0, **cls.repartition(100)),
            "t0": cls.make_tax("0 %", 0.0),
            "base": cls.make_tax("Duty", 10.0, include_base_amount=True, sequence=0, **cls.repartition(100)),
            "fixed": cls.make_tax("Fixed", 1.5, amount_type="fixed", **cls.repartition(100)),
            "division": cls.make_tax("Division", 20.0, amount_type="division", **cls.repartition(100)),
            "included": cls.make_tax("25 % included", 25.0, price_include=True, **cls.repartition(100)),
            "split": cls.make_tax("Split", 25.0, **cls.repartition(60, 40)),
            "analytic": cls.make_tax("Analytic", 25.0, analytic=True, **cls.repartition(100)),
            "cash": cls.make_tax(
                "Cash basis",
                25.0,
                tax_exigibility="on_payment",
                cash_basis_transition_account_id=cls.waiting.id,
                **cls.repartition(100),
            ),
        }
        cls.taxes["t12"].invoice_repartition_line_ids.write({"tag_ids": [(4, tag.id)]})
        children = cls.taxes["t12"] | cls.taxes["t6"]
        cls.taxes["group"] = cls.make_tax("Group", 0.0, amount_type="group", children_tax_ids=[(6, 0, children.ids)])

    @classmethod
    def make_partners(cls):
        german = cls.make_customer("Kunde GmbH", country_id=cls.env.ref("base.de").id, vat="DE123456788")
        norwegian = cls.make_customer("Kunde AS", country_id=cls.env.ref("base.no").id)
        usual = cls.taxes["t25"]
        position = cls.env["account.fiscal.position"].create(
            {
                "name": "Twelve",
                "company_id": cls.company.id,
                "tax_ids": [(0, 0, {"tax_src_id": usual.id, "tax_dest_id": cls.taxes["t12"].id})],
            }
        )
        accounts = position.copy({"name": "Other account"})
        cls.env["account.fiscal.position.account"].create(
            [
                {"position_id": accounts.id, "account_src_id": source.id, "account_dest_id": cls.income[-1].id}
                for source in cls.income[:-1]
            ]
        )
        receivable = cls.norrvik.property_account_receivable_id.copy({"code": "1599X", "name": "Other claims"})
        cls.partners = {
            "norrvik": cls.norrvik,
            "german": german,
            "norwegian": norwegian,
            "position": cls.make_customer("Tolv AB", property_account_position_id=position.id),
            "accounts": cls.make_customer("Konto AB", property_account_position_id=accounts.id),
            "receivable": cls.make_customer("Fordran AB", property_account_receivable_id=receivable.id),
            "address": cls.make_customer("Ekonomi", parent_id=cls.make_customer("Stor AB").id, type="invoice"),
            "delivery": cls.make_customer("Lager AB"),
        }
        cls.make_customer(
            "Lager", parent_id=cls.partners["delivery"].id, type="delivery", country_id=cls.env.ref("base.no").id
        )

    @classmethod
    def make_terms(cls):
        balance = {"value": "balance", "days": 30}
        make = lambda name, *lines: cls.env["account.payment.term"].create(  # noqa: E731
            {"name": name, "line_ids": [(5, 0, 0), *[(0, 0, each) for each in lines]]}
        )
        cls.terms = {
            "usual": cls.env.ref("account.account_payment_term_30days"),
            "immediate": cls.env.ref("account.account_payment_term_immediate"),
            "split": make("30/70", {"value": "percent", "value_amount": 30.0, "days": 0, "sequence": 1}, balance),
            "following": make("Following", {"value": "balance", "option": "day_following_month", "days": 31}),
            "fixed": make("Fixed", {"value": "fixed", "value_amount": 100.0, "days": 0, "sequence": 1}, balance),
            None: cls.env["account.payment.term"],
        }

    @classmethod
    def make_products(cls):
        usual = cls.service("bas").product_id
        cls.products = {
            "usual": usual,
            "other": usual.copy({"name": "Other", "property_account_income_id": cls.income[1].id}),
            "ruled": usual.copy({"name": "Ruled"}),
        }
        cls.analytic = cls.env["account.analytic.account"].create({"name": "Norrvik"})
        cls.env["account.analytic.default"].create(
            {"product_id": cls.products["ruled"].id, "analytic_id": cls.analytic.id}
        )

    @classmethod
    def make_currency(cls, code, rate):
        currency = cls.env["res.currency"].with_context(active_test=False).search([("name", "=", code)])
        currency.write({"active": True, "rate_ids": [(5, 0, 0)]})
        cls.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": "2026-01-01", "rate": rate, "company_id": cls.company.id}
        )
        return currency
