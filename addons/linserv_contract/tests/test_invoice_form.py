from contextlib import contextmanager

from odoo.tests import Form

from .common import ContractCase, day

# What two invoices can never have in common, and what is of their place in the sequence alone.
OWN = {
    "id", "name", "access_token", "create_date", "write_date", "create_uid", "write_uid", "__last_update",
    "sequence_number", "sequence_prefix", "payment_reference", "move_id", "move_name", "line_ids", "invoice_line_ids",
    "message_ids", "message_follower_ids", "message_partner_ids", "message_main_attachment_id", "activity_ids",
}  # fmt: skip
# What only our own maker fills in.
OWN |= {"linserv_contract_id", "linserv_contract_ids", "linserv_billing_run_id", "linserv_evidence_state"}


def case(*lines, **header):
    """One invoice: its lines and what differs from the usual header."""
    return lines, header


def line(price, quantity=1.0, **values):
    """One line: price, quantity, and by name product, taxes, discount, analytic, kind."""
    return dict(values, price=price, quantity=quantity)


SECTION, NOTE = {"kind": "line_section", "name": "Norrvik"}, {"kind": "line_note", "name": "Läs mer på webben"}
CASES = {
    # Amounts and rounding
    "one line": case(line(900.0)),
    "five lines": case(*[line(100.5 * number) for number in range(1, 6)]),
    "öre": case(line(0.01)),
    "half an öre of tax": case(line(0.02)),
    "thirds": case(line(33.33), line(33.33), line(33.34)),
    "quantity 3 of 0.33": case(line(0.33, 3.0)),
    "quantity 2.5": case(line(19.99, 2.5)),
    "quantity 0.01": case(line(1999.0, 0.01)),
    "blocks": case(line(175.0, 124.0)),
    "large": case(line(9999999.99, 3.0)),
    "many small": case(*[line(0.07) for _number in range(12)]),
    "rounded globally": case(line(0.07), line(0.07), line(0.07), globally=True),
    "rounded globally, five lines": case(*[line(100.55 * number) for number in range(1, 6)], globally=True),
    "zero quantity": case(line(100.0, 0.0), line(50.0)),
    # Zero and negative
    "zero line": case(line(900.0), line(0.0)),
    "only zero": case(line(0.0)),
    "two zero lines": case(line(0.0), line(0.0)),
    "negative line": case(line(900.0), line(-100.0)),
    "lines that cancel out": case(line(900.0), line(-900.0)),
    "negative prorated": case(line(900.0), line(-435.48)),
    "negative quantity": case(line(900.0, 2.0), line(900.0, -1.0)),
    # Discounts
    "discount 10 %": case(line(900.0, discount=10.0)),
    "discount 33.33 %": case(line(199.99, 3.0, discount=33.33)),
    "discount 100 %": case(line(900.0, discount=100.0), line(10.0)),
    "only discounted away": case(line(900.0, discount=100.0)),
    "discount on some": case(line(900.0, discount=5.0), line(500.0), line(100.0, discount=50.0)),
    # Taxes
    "no tax": case(line(900.0, taxes=[])),
    "12 %": case(line(900.0, taxes=["t12"])),
    "25 % and 12 % on lines of their own": case(line(900.0), line(100.0, taxes=["t12"]), line(50.0)),
    "25 % and 6 % on one line": case(line(900.0, taxes=["t25", "t6"])),
    "tax on tax": case(line(900.0, taxes=["base", "t25"])),
    "group of taxes": case(line(900.0, taxes=["group"])),
    "fixed tax": case(line(900.0, 3.0, taxes=["fixed"])),
    "fixed tax and 25 %": case(line(900.0, taxes=["fixed", "t25"])),
    "division tax": case(line(900.0, taxes=["division"])),
    "price-included tax": case(line(1125.0, taxes=["included"])),
    "price-included tax, odd price": case(line(99.99, 3.0, taxes=["included"])),
    "price-included with discount": case(line(1125.0, taxes=["included"], discount=10.0)),
    "price-included and 25 % apart": case(line(1125.0, taxes=["included"]), line(900.0)),
    "cash-basis tax": case(line(900.0, taxes=["cash"])),
    "cash-basis and 25 %": case(line(900.0, taxes=["cash"]), line(100.0)),
    "tax with two repartition lines": case(line(333.33, taxes=["split"])),
    "tax of 0 %": case(line(900.0, taxes=["t0"])),
    "same tax, two accounts": case(line(900.0), line(100.0, product="other")),
    # Customers and fiscal positions
    "customer in Germany": case(line(900.0), line(100.0), partner="german"),
    "customer in Norway": case(line(900.0), partner="norwegian"),
    "own fiscal position": case(line(900.0), partner="position"),
    "fiscal position that maps accounts": case(line(900.0), partner="accounts"),
    "customer with an invoice address": case(line(900.0), partner="address"),
    "customer with a delivery address abroad": case(line(900.0), partner="delivery"),
    "customer with a receivable account": case(line(900.0), partner="receivable"),
    "customer with terms of their own": case(line(900.0), partner="norrvik", term="split"),
    # Payment terms
    "immediate payment": case(line(900.0), term="immediate"),
    "no payment terms": case(line(900.0), term=None),
    "30 % now, 70 % in 30 days": case(line(900.0), term="split"),
    "30/70 of an odd sum": case(line(33.33), line(0.01), term="split"),
    "end of following month": case(line(900.0), term="following"),
    "fixed part first": case(line(900.0), term="fixed"),
    "30/70 of nothing": case(line(0.0), term="split"),
    # Currencies
    "euro": case(line(100.0), currency="EUR"),
    "euro, odd rate and thirds": case(line(33.33), line(33.33, 3.0), line(0.07), currency="EUR"),
    "euro, 30/70": case(line(99.99), currency="EUR", term="split"),
    "euro, customer in Germany": case(line(100.0), currency="EUR", partner="german"),
    "euro, zero line": case(line(100.0), line(0.0), currency="EUR"),
    "euro, price-included tax": case(line(125.0, taxes=["included"]), currency="EUR"),
    "euro, credit note": case(line(100.0), currency="EUR", refund=True),
    "yen, no decimals": case(line(1234.0), line(567.0, 1.5), currency="JPY"),
    # Sections and notes
    "a section": case(SECTION, line(900.0)),
    "two sections and a note": case(SECTION, line(900.0), SECTION, line(100.0), NOTE),
    # Analytic
    "analytic account": case(line(900.0, analytic=True), line(100.0)),
    "analytic tax": case(line(900.0, analytic=True, taxes=["analytic"]), line(100.0, taxes=["analytic"])),
    "analytic default rule": case(line(900.0, product="ruled"), line(100.0)),
    # Credit notes
    "credit note": case(line(900.0), refund=True),
    "credit note of five lines": case(*[line(100.5 * number) for number in range(1, 6)], refund=True),
    "credit note with a positive part": case(line(900.0), line(-100.0), refund=True),
    "credit note, 30/70": case(line(900.0), refund=True, term="split"),
    "credit note, Germany": case(line(900.0), refund=True, partner="german"),
    "credit note, cash basis": case(line(900.0, taxes=["cash"]), refund=True),
    "credit note, price-included": case(line(1125.0, taxes=["included"]), refund=True),
    "credit note, two repartition lines": case(line(333.33, taxes=["split"]), refund=True),
    # The company's habits
    "invoice terms": case(line(900.0), terms="Betala i tid."),
    "bank account": case(line(900.0), bank=True),
    "salesperson with a team": case(line(900.0), team=True),
    "cash rounding, left to the standard path": case(line(0.30), rounding=True),
}


class TestInvoiceForm(ContractCase):
    """Rule 40: the quick way to write an invoice writes what Odoo's own form writes, field by field."""

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

    def prepare(self, header):
        """Set the company up as the case says; return the header's records."""
        self.company.tax_calculation_rounding_method = "round_globally" if header.get("globally") else "round_per_line"
        self.company.invoice_terms = header.get("terms", False)
        if header.get("bank"):
            self.env["res.partner.bank"].create({"acc_number": "5050-1055", "partner_id": self.company.partner_id.id})
        if header.get("team"):
            self.env.user.sale_team_id = self.env["crm.team"].create({"name": "North", "company_id": self.company.id})
        currency = {"EUR": self.euro, "JPY": self.yen}.get(header.get("currency"), self.company.currency_id)
        return {
            "partner": self.partners[header.get("partner", "norrvik")],
            "currency": currency,
            "term": self.terms[header.get("term", "usual")],
            "kind": "out_refund" if header.get("refund") else "out_invoice",
            "rounding": self.make_rounding() if header.get("rounding") else self.env["account.cash.rounding"],
        }

    def make_rounding(self):
        return self.env["account.cash.rounding"].create(
            {
                "name": "Krona",
                "rounding": 1.0,
                "strategy": "add_invoice_line",
                "profit_account_id": self.income[0].id,
                "loss_account_id": self.income[0].id,
                "rounding_method": "HALF-UP",
            }
        )

    def by_form(self, lines, records):
        """Return the invoice that a person makes in Odoo's form."""
        moves = self.env["account.move"].with_context(
            default_move_type=records["kind"], default_journal_id=self.journal.id
        )
        form = Form(moves)
        form.partner_id = records["partner"]
        form.invoice_date = day("10-01")
        form.currency_id = records["currency"]
        form.invoice_payment_term_id = records["term"]
        if records["rounding"]:
            form.invoice_cash_rounding_id = records["rounding"]
        for number, each in enumerate(lines, start=1):
            with form.invoice_line_ids.new() as row:
                self.fill(row, each)
        move = form.save()
        self.number(move)
        return move

    def fill(self, row, each):
        if "kind" in each:
            row.display_type = each["kind"]
            row.account_id = self.env["account.account"]
            row.tax_ids.clear()
            row.name = each["name"]
            return
        row.product_id = self.products[each.get("product", "usual")]
        row.name = "Text"
        row.quantity = each["quantity"]
        row.price_unit = each["price"]
        row.discount = each.get("discount", 0.0)
        if "taxes" in each:
            row.tax_ids.clear()
            for name in each["taxes"]:
                row.tax_ids.add(self.taxes[name])
        if each.get("analytic"):
            row.analytic_account_id = self.analytic

    def number(self, move):
        """Give the lines the order in which they were typed: in the form a person drags them."""
        typed = move.invoice_line_ids.filtered(lambda row: not row.is_rounding_line)
        for number, row in enumerate(typed.sorted("id"), start=1):
            row.sequence = number * 10

    def by_us(self, lines, records):
        """Return the invoice that a billing run would write."""
        maker = self.env["linserv.billing.invoice"]
        vals = self.prepare_vals(maker, lines, records)
        complete = self.env["linserv.invoice.builder"]._complete([vals])
        self.was_complete = "line_ids" in complete[0]
        return maker._write_moves(complete)

    def prepare_vals(self, maker, lines, records):
        partner, shipping, position = maker._find_addressee(records["partner"])
        vals = maker._prepare_company_vals(self.company, partner, records["kind"] == "out_refund")
        vals.update(
            partner_id=partner.id,
            partner_shipping_id=shipping.id,
            fiscal_position_id=position.id,
            currency_id=records["currency"].id,
            invoice_payment_term_id=records["term"].id,
            invoice_user_id=self.env.user.id,
            team_id=maker._sales_team(self.env.user).id,
            invoice_date=day("10-01"),
            date=day("10-01"),
            invoice_line_ids=[
                (0, 0, dict(self.prepare_line(maker, each, partner, position), sequence=number * 10))
                for number, each in enumerate(lines, start=1)
            ],
        )
        if records["rounding"]:
            vals["invoice_cash_rounding_id"] = records["rounding"].id
        return vals

    def prepare_line(self, maker, each, partner, position):
        if "kind" in each:
            return {"display_type": each["kind"], "name": each["name"]}
        contract = self.env["linserv.contract"].new({"company_id": self.company.id, "partner_id": partner.id})
        contract.analytic_account_id = self.analytic if each.get("analytic") else False
        service = self.env["linserv.service"].new({"product_id": self.products[each.get("product", "usual")].id})
        goods = maker._find_goods(contract, service, position)
        if "taxes" in each:
            goods["tax_ids"] = [(6, 0, [self.taxes[name].id for name in each["taxes"]])]
        values = {"name": "Text", "quantity": each["quantity"], "price_unit": each["price"]}
        values.update(goods, discount=each.get("discount", 0.0))
        values.update(maker._analytic(contract, False, goods))
        return values

    def stored(self, record):
        """Return the stored fields of a record as plain values."""
        values = {}
        for name, field in record._fields.items():
            if field.store and name not in OWN:
                value = record[name]
                values[name] = sorted(value.ids) if field.relational else value
                if field.type == "one2many":
                    values[name] = len(value)
        return values

    def snapshot(self, move):
        move.flush()
        move.invalidate_cache()
        lines = [self.stored(row) for row in move.line_ids]
        return self.stored(move), sorted(lines, key=lambda row: repr(self.order_key(row)))

    def order_key(self, row):
        keys = ("exclude_from_invoice_tab", "sequence", "account_id", "tax_line_id", "date_maturity", "balance")
        return [str(row[name]) for name in keys + ("analytic_account_id", "amount_currency")]

    def compare(self, theirs, ours):
        (head, rows), (our_head, our_rows) = theirs, ours
        self.assertEqual({**our_head, **{"": len(our_rows)}}, {**head, **{"": len(rows)}})
        for row, our_row in zip(rows, our_rows):
            self.assertEqual(our_row, row)

    def check(self, lines, header):
        records = self.prepare(header)
        theirs, ours = self.by_form(lines, records), self.by_us(lines, records)
        self.assertEqual(self.was_complete, not records["rounding"], "the quick way was not taken")
        self.compare(self.snapshot(theirs), self.snapshot(ours))
        if theirs.amount_total >= 0:
            theirs.action_post()
            ours._linserv_post()
            self.compare(self.snapshot(theirs), self.snapshot(ours))
            self.assertEqual(theirs.message_partner_ids, ours.message_partner_ids)
            self.assertEqual(bool(theirs.payment_reference), bool(ours.payment_reference))
            self.assertEqual(
                theirs.line_ids.filtered("date_maturity").mapped(lambda row: row.name == theirs.payment_reference),
                ours.line_ids.filtered("date_maturity").mapped(lambda row: row.name == ours.payment_reference),
            )

    @contextmanager
    def taken_back(self):
        """Nothing of a case is left for the next."""
        self.env["base"].flush()
        self.env.cr.execute("SAVEPOINT one_case")
        try:
            yield
        finally:
            self.env.clear()
            self.env.cr.execute("ROLLBACK TO SAVEPOINT one_case")

    def test_rule_40_on_every_case(self):
        self.assertGreaterEqual(len(CASES), 60)
        for name, (lines, header) in CASES.items():
            with self.subTest(name), self.taken_back():
                self.check(lines, header)
