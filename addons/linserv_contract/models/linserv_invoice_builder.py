from odoo import models

# What Odoo itself computes from the product of price and quantity; a tax by Python code may ask for anything.
USUAL_TAXES = ("percent", "fixed", "division", "group")
PRODUCT_LINE = {
    "display_type": False,
    "exclude_from_invoice_tab": False,
    "date_maturity": False,
    "tax_repartition_line_id": False,
}
# Lines that no person writes: taxes and what is to be paid.
MADE_LINE = {
    **PRODUCT_LINE,
    "sequence": 10,
    "exclude_from_invoice_tab": True,
    "quantity": 1.0,
    "discount": 0.0,
    "product_id": False,
    "product_uom_id": False,
    "analytic_account_id": False,
    "analytic_tag_ids": [(6, 0, [])],
    "tax_ids": [(6, 0, [])],
    "tax_tag_ids": [(6, 0, [])],
    "tax_exigible": True,
    "tax_base_amount": 0.0,
}
SECTION = {
    **MADE_LINE,
    "exclude_from_invoice_tab": False,
    "account_id": False,
    "price_unit": 0.0,
    "debit": 0.0,
    "credit": 0.0,
    "amount_currency": 0.0,
}


class LinservInvoiceBuilder(models.AbstractModel):
    """Completes the values of customer invoices to what Odoo's own form would have written, line for line.

    With complete ``line_ids`` Odoo writes an invoice without simulating its form, which is most of the work. Rule 40 in
    docs/billing-rules.md; anything unusual is left to the standard path.
    """

    _name = "linserv.invoice.builder"
    _description = "Builder of Invoice Values"

    def _complete(self, vals_list):
        """Return the values with ``line_ids`` in place of ``invoice_line_ids`` where the invoice is a usual one."""
        partners = self.env["res.partner"].browse([vals["partner_id"] for vals in vals_list])
        return [
            self._complete_one(vals, partner) if self._is_usual(vals) else vals
            for vals, partner in zip(vals_list, partners)
        ]

    def _is_usual(self, vals):
        if vals.get("move_type") not in ("out_invoice", "out_refund") or vals.get("invoice_cash_rounding_id"):
            return False
        lines = [command[2] for command in vals["invoice_line_ids"]]
        taxes = self._taxes(tax_id for line in lines for tax_id in self._linked(line.get("tax_ids")))
        return all(tax.amount_type in USUAL_TAXES for tax in taxes | taxes.children_tax_ids)

    def _complete_one(self, vals, partner):
        """Return complete, balanced values of one invoice."""
        invoice = _Invoice(self.env, vals, partner)
        lines = [invoice.section(line) if line.get("display_type") else invoice.product(line) for line in invoice.given]
        lines += invoice.taxes()
        lines += invoice.payments(lines)
        complete = {name: value for name, value in vals.items() if name != "invoice_line_ids"}
        complete.update(
            name="/",
            line_ids=[(0, 0, line) for line in lines],
            payment_reference=vals.get("payment_reference") or "",
            invoice_date_due=invoice.date_due,
        )
        return complete

    def _taxes(self, ids):
        return self.env["account.tax"].browse(sorted(set(ids)))

    @staticmethod
    def _linked(commands):
        return commands[0][2] if commands else []


class _Invoice:
    """The arithmetic of one invoice: Odoo's own functions for taxes, terms and currencies, without its virtual form."""

    def __init__(self, env, vals, partner):
        self.given = [command[2] for command in vals["invoice_line_ids"]]
        self.vals, self.env, self.date_due = vals, env, False
        self.company = env["res.company"].browse(vals["company_id"])
        self.currency = env["res.currency"].browse(vals["currency_id"])
        self.partner = partner.with_company(self.company)
        self.is_refund = vals["move_type"] == "out_refund"
        self.sign = 1 if self.is_refund else -1
        self._shared = {
            "partner_id": self.partner.commercial_partner_id.id,
            "currency_id": self.currency.id,
            "company_id": self.company.id,
        }
        self._tax_lines = {}

    def section(self, line):
        """Values of a section or a note."""
        return {**SECTION, **self._shared, **line}

    def product(self, line):
        """Values of a line that is sold; its taxes are remembered."""
        taxes = self.env["account.tax"].browse(line["tax_ids"][0][2])
        product = self.env["product.product"].browse(line["product_id"])
        price = line["price_unit"] * (1 - line.get("discount", 0.0) / 100.0)
        amount, tags, exigible = self.sign * self.currency.round(line["quantity"] * price), [], True
        values = {**PRODUCT_LINE, "discount": 0.0, "analytic_tag_ids": [(6, 0, [])], **self._shared, **line}
        if taxes:
            answer = self._compute_taxes(taxes, self.sign * price, line["quantity"], product)
            amount, tags = self.currency.round(answer["total_excluded"]), answer["base_tags"]
            for tax in answer["taxes"]:
                exigible = self._remember_tax(tax, values) and exigible
        values.update(self._balance(amount), tax_tag_ids=[(6, 0, tags)], tax_exigible=exigible, tax_base_amount=0.0)
        return values

    def _compute_taxes(self, taxes, price, quantity, product):
        return taxes.with_context(force_sign=self.sign).compute_all(
            price,
            currency=self.currency,
            quantity=quantity,
            product=product,
            partner=self.partner.commercial_partner_id,
            is_refund=self.is_refund,
            handle_price_include=True,
        )

    def _remember_tax(self, tax, line):
        """Add one tax of one line to the tax line it belongs to; tell whether it is owed when invoiced."""
        repartition = self.env["account.tax.repartition.line"].browse(tax["tax_repartition_line_id"])
        record = repartition.invoice_tax_id or repartition.refund_tax_id
        on_payment = record.tax_exigibility == "on_payment"
        account = record.cash_basis_transition_account_id if on_payment else repartition.account_id
        values = {
            "tax_repartition_line_id": repartition.id,
            "account_id": account.id or line["account_id"],
            "analytic_tag_ids": [(6, 0, tax["analytic"] and line["analytic_tag_ids"][0][2] or [])],
            "analytic_account_id": tax["analytic"] and line.get("analytic_account_id"),
            "tax_ids": [(6, 0, list(tax["tax_ids"]))],
            "tax_tag_ids": [(6, 0, tax["tag_ids"])],
        }
        found = self._tax_lines.setdefault(str(values), {"values": values, "amount": 0.0, "base": 0.0, "tax": record})
        found["amount"] += tax["amount"]
        displayed = repartition.invoice_tax_id.type_tax_use == "sale"
        displayed = displayed or repartition.refund_tax_id.type_tax_use == "purchase"
        found["base"] += -tax["base"] if displayed else tax["base"]
        return not on_payment

    def taxes(self):
        """Values of the tax lines, in the order in which the taxes came up; none for a tax that came to nothing."""
        lines = []
        for found in self._tax_lines.values():
            if self.currency.is_zero(found["amount"]):
                continue
            amount = self.currency.round(found["amount"])
            line = {**MADE_LINE, **self._shared, **self._balance(amount), **found["values"]}
            line.update(
                name=found["tax"].name,
                price_unit=self.sign * amount,
                tax_base_amount=self._convert(found["base"]),
                tax_exigible=found["tax"].tax_exigibility == "on_invoice",
            )
            lines.append(line)
        return lines

    def payments(self, lines):
        """Values of the lines that say what is to be paid when."""
        balance = sum(self.company.currency_id.round(line["debit"] - line["credit"]) for line in lines)
        instalments = self._instalments(balance, sum(line["amount_currency"] for line in lines))
        if len(instalments) > 1:
            instalments = [each for each in instalments if not self.company.currency_id.is_zero(each[1])]
        self.date_due = instalments[-1][0] if instalments else self.vals["invoice_date"]
        account = self.partner.property_account_receivable_id.id
        return [self._payment(account, *instalment) for instalment in instalments]

    def _instalments(self, balance, amount):
        """(due date, balance, amount in the invoice's currency) of each instalment, with the signs of what is sold."""
        term = self.env["account.payment.term"].browse(self.vals.get("invoice_payment_term_id") or [])
        date = self.vals["invoice_date"]
        if not term:
            return [(max(self.vals.get("invoice_date_due") or date, date), balance, amount)]
        days = term.compute(balance, date_ref=date, currency=self.company.currency_id)
        if self.currency == self.company.currency_id:
            return [(day, value, value) for day, value in days]
        amounts = term.compute(amount, date_ref=date, currency=self.currency)
        return [(day, value, other[1]) for (day, value), other in zip(days, amounts)]

    def _payment(self, account, date, balance, amount):
        line = {**MADE_LINE, **self._shared, "account_id": account, "date_maturity": date}
        line.update(
            name=self.vals.get("payment_reference") or "",
            amount_currency=-amount,
            debit=-balance if balance < 0.0 else 0.0,
            credit=balance if balance > 0.0 else 0.0,
            price_unit=self.sign * -amount,
        )
        return line

    def _balance(self, amount):
        balance = self._convert(amount)
        return {
            "amount_currency": amount,
            "debit": balance if balance > 0.0 else 0.0,
            "credit": -balance if balance < 0.0 else 0.0,
        }

    def _convert(self, amount):
        return self.currency._convert(amount, self.company.currency_id, self.company, self.vals["date"])
