"""Rules 24-29: tiers, minimums, discounts, and the order in which they count."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain.agreement import Meter, Reading, Terms
from odoo.addons.linserv_contract.domain.charges import plan
from odoo.addons.linserv_contract.domain.periods import Rhythm, Span
from odoo.addons.linserv_contract.domain.prices import (
    GRADUATED,
    VOLUME,
    Discount,
    PriceVersion,
    Tier,
    rate,
    rounded,
    share,
)

START = date(2026, 10, 1)
TIERS = (Tier(Decimal(10), Decimal(80)), Tier(Decimal(50), Decimal(60)))
AMOUNTS = st.decimals(0, 9999, places=2)


def version(**values):
    return PriceVersion(START, Decimal(100), **{"tiers": TIERS, **values})


@pytest.mark.parametrize(
    ("quantity", "graduated", "volume"),
    [("0", "0", "0"), ("10", "1000", "1000"), ("11", "1080", "880"), ("50", "4200", "4000"), ("60", "4800", "3600")],
)
def test_rule_24_tiers(quantity, graduated, volume):
    prices = [rate(version(tier_mode=mode), Decimal(quantity)).value for mode in (GRADUATED, VOLUME)]
    assert prices == [Decimal(graduated), Decimal(volume)]


@pytest.mark.parametrize(
    ("values", "quantity", "price"),
    [
        ({"minimum_quantity": Decimal(5)}, "2", "500"),
        ({"minimum_quantity": Decimal(5)}, "7", "700"),
        ({"minimum_amount": Decimal(350)}, "2", "350"),
        ({"minimum_amount": Decimal(350)}, "4", "400"),
        ({"minimum_amount": Decimal(350)}, "0", "350"),
        ({"minimum_quantity": Decimal(5), "minimum_amount": Decimal(600)}, "2", "600"),
    ],
)
def test_rule_25_minimums(values, quantity, price):
    assert rate(version(**values), Decimal(quantity)).value == Decimal(price)


def terms(price, discounts=(), **changes):
    return Terms(1, Rhythm(START), START, versions=(price,), discounts=discounts, **changes)


def test_rule_26_a_discount_between_two_days_cuts_the_month():
    discount = Discount(Span(date(2026, 10, 11), date(2026, 10, 20)), Decimal(10))
    planned = plan(terms(PriceVersion(START, Decimal(900)), (discount,)), START)
    assert [str(charge.amount) for charge in planned.charges] == ["290.32", "261.29", "319.35"]


def test_rule_26_a_whole_month_shows_price_and_percentage():
    discount = Discount(Span(START, date(2026, 12, 31)), Decimal("12.5"))
    (charge,) = plan(terms(PriceVersion(START, Decimal(900), Decimal(2)), (discount,)), START).charges
    shown = (charge.invoice_quantity, charge.invoice_price, charge.invoice_discount, charge.amount)
    assert shown == (2, 900, Decimal("12.5"), Decimal("1575.00"))


def test_rule_29_the_order_of_counting():
    metered = terms(
        version(minimum_quantity=Decimal(12), minimum_amount=Decimal(2000)),
        (Discount(Span(START, date(2026, 12, 31)), Decimal(10)),),
        meter=Meter(Decimal(100)),
        readings=(Reading(1, START, Decimal(1101)),),
        date_end=date(2026, 10, 15),
    )
    (charge,) = plan(metered, START).charges
    # 12 started blocks -> 1,160 by tiers -> at least 2,000 -> less 10 % -> 15 of 31 days
    assert (charge.quantity, charge.value, charge.amount) == (12, 1800, Decimal("870.97"))


@given(price=AMOUNTS, quantity=AMOUNTS, percent=st.decimals(0, 100, places=2))
def test_what_the_invoice_line_says_is_always_the_amount(price, quantity, percent):
    discounts = (Discount(Span(START, date(2026, 12, 31)), percent),)
    (charge,) = plan(terms(PriceVersion(START, price, quantity), discounts), START).charges
    exact = charge.invoice_quantity * charge.invoice_price * (1 - charge.invoice_discount / 100)
    assert rounded(exact, Decimal("0.01")) == charge.amount


@given(value=st.decimals(-9999, 9999, places=4), cuts=st.sets(st.integers(1, 30), max_size=10))
def test_rule_8_however_a_period_is_cut_its_shares_add_up(value, cuts):
    whole, first = Span(START, date(2026, 10, 31)), 1
    parts = []
    for last in sorted(cuts | {31}):
        parts.append(share(value, Span(date(2026, 10, first), date(2026, 10, last)), whole, Decimal("0.01")))
        first = last + 1
    assert sum(parts) == rounded(value, Decimal("0.01"))
