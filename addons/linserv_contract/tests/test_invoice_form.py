from contextlib import contextmanager

from odoo.tests import Form

from .common import day
from .invoice_cases import CASES
from .invoice_form_case import InvoiceFormCase

# What two invoices can never have in common, and what is of their place in the sequence alone.
OWN = {
    "id", "name", "access_token", "create_date", "write_date", "create_uid", "write_uid", "__last_update",
    "sequence_number", "sequence_prefix", "payment_reference", "move_id", "move_name", "line_ids", "invoice_line_ids",
    "message_ids", "message_follower_ids", "message_partner_ids", "message_main_attachment_id", "activity_ids",
}  # fmt: skip
# What only our own maker fills in.
OWN |= {"linserv_contract_id", "linserv_contract_ids", "linserv_billing_run_id", "linserv_evidence_state"}


class TestInvoiceForm(InvoiceFormCase):
    """Rule 40: the quick way to write an invoice writes what Odoo's own form writes, field by field."""

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
        for each in lines:
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
