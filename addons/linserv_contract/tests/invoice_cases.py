"""Invoices to write in both ways: rule 40."""


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
