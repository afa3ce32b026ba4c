"""Rules 52-53: a month against the one before, each difference with its reason, adding up to the öre."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain.comparison import Facts, Item, differences

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
KNOWN = Facts(billed_before=True)


def item(day, amount=None, quantity="1", price="900", share="1", kind="period", **values):
    quantity, price, share = Decimal(quantity), Decimal(price), Decimal(share)
    amount = quantity * price * share if amount is None else Decimal(amount)
    return Item(1, day, share, quantity, price, amount, kind, **values)


def reasons(before, after, facts=KNOWN):
    return {each.reason: str(each.amount) for each in differences(before, after, {1: facts})}


MONTH = [item(OCTOBER)]
CASES = [
    ("the same", MONTH, [item(NOVEMBER)], KNOWN, {}),
    ("new", [], [item(NOVEMBER)], Facts(), {"new": "900"}),
    ("ended", MONTH, [], Facts(billed_before=True, ended=True), {"ended": "-900"}),
    ("held back", MONTH, [], Facts(billed_before=True, held=True, ended=True), {"held": "-900"}),
    ("paused", MONTH, [], Facts(billed_before=True, paused=True), {"paused": "-900"}),
    ("a yearly fee was last month", MONTH, [], Facts(months=12, billed_before=True), {"rhythm": "-900"}),
    ("a yearly fee is due again", [], [item(NOVEMBER)], Facts(months=12, billed_before=True), {"rhythm": "900"}),
    ("a month after a pause", [], [item(NOVEMBER)], KNOWN, {"resumed": "900"}),
    ("two months after none", [], [item(OCTOBER), item(NOVEMBER)], KNOWN, {"catch_up": "1800"}),
    ("two months after one", MONTH, [item(OCTOBER), item(NOVEMBER)], KNOWN, {"catch_up": "900.00"}),
    ("a price", MONTH, [item(NOVEMBER, price="950")], KNOWN, {"price": "50.00"}),
    ("an index", MONTH, [item(NOVEMBER, price="945", indexed=True)], KNOWN, {"index": "45.00"}),
    ("a quantity", MONTH, [item(NOVEMBER, quantity="3")], KNOWN, {"quantity": "1800.00"}),
    (
        "price and quantity",
        MONTH,
        [item(NOVEMBER, quantity="2", price="1000")],
        KNOWN,
        {"quantity": "900.00", "price": "200.00"},
    ),
    (
        "a discount",
        MONTH,
        [item(NOVEMBER, amount="810")],
        Facts(billed_before=True, discounted=True),
        {"discount": "-90.00"},
    ),
    (
        "the first month was a half",
        [item(OCTOBER, amount="450", share="0.5")],
        [item(NOVEMBER)],
        KNOWN,
        {"part": "450.00"},
    ),
    (
        "a price in the middle of the month",
        MONTH,
        [item(NOVEMBER, share="0.5"), item(date(2026, 11, 16), share="0.5", price="1000")],
        KNOWN,
        {"price": "50.00"},
    ),
    (
        "a one-off fee and a credit",
        MONTH,
        [item(NOVEMBER), item(NOVEMBER, amount="9900", kind="once"), item(NOVEMBER, amount="-300", kind="adjustment")],
        KNOWN,
        {"one_off": "9900", "correction": "-300"},
    ),
    ("a one-off fee of last month", [item(OCTOBER, kind="once")], [], KNOWN, {"one_off": "-900"}),
    ("nothing that is known", MONTH, [item(NOVEMBER, amount="901")], KNOWN, {"other": "1"}),
]


@pytest.mark.parametrize(
    ("before", "after", "facts", "expected"), [row[1:] for row in CASES], ids=[r[0] for r in CASES]
)
def test_rule_53_each_difference_has_its_reason(before, after, facts, expected):
    assert reasons(before, after, facts) == expected


MONEY = st.decimals("-9999", "9999", places=2)
ITEMS = st.lists(
    st.builds(
        Item,
        key=st.integers(1, 3),
        date_from=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        share=st.fractions(0, 3).map(lambda part: Decimal(part.numerator) / part.denominator),
        quantity=st.decimals(0, 500, places=2),
        price_unit=MONEY,
        amount=MONEY,
        kind=st.sampled_from(["period", "once", "adjustment"]),
        indexed=st.booleans(),
    ),
    max_size=6,
)


@given(ITEMS, ITEMS, st.builds(Facts, st.sampled_from([1, 3, 12]), *[st.booleans()] * 5))
def test_rule_52_the_reasons_add_up_to_the_difference(before, after, facts):
    found = differences(before, after, dict.fromkeys((1, 2, 3), facts))
    for key in (1, 2, 3):
        whole = sum(each.amount for each in after if each.key == key)
        whole -= sum(each.amount for each in before if each.key == key)
        assert sum(each.amount for each in found if each.key == key) == whole
    assert all(each.amount for each in found)
