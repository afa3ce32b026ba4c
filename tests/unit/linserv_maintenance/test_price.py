"""175 SEK per started 100 lines, and what a change of lines means for the fee."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_maintenance.domain.difference import compare
from odoo.addons.linserv_maintenance.domain.price import (
    Price,
    blocks,
    effect,
    monthly_fee,
    pro_rata,
)

SHEET = Price(Decimal("175"), 100)
counts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 100_000))


@pytest.mark.parametrize(
    ("lines", "started", "fee"),
    [
        (0, 0, "0.00"),
        (1, 1, "175.00"),
        (100, 1, "175.00"),
        (101, 2, "350.00"),
        (268_396, 2_684, "469700.00"),
    ],
)
def test_price_of_started_blocks(lines, started, fee):
    assert blocks(lines, 100) == started
    assert monthly_fee(lines, SHEET) == Decimal(fee)


def test_block_and_price_are_data():
    assert monthly_fee(1_001, Price(Decimal("99.50"), 500)) == Decimal("298.50")


@pytest.mark.parametrize(("lines", "size"), [(-1, 100), (1, 0)])
def test_nonsense_has_no_price(lines, size):
    with pytest.raises(ValueError, match="block"):
        blocks(lines, size)


@pytest.mark.parametrize(("extra", "kronor"), [(0, "0"), (50, "0"), (51, "175"), (-50, "-175"), (-5_000, "-175")])
def test_effect_of_lines_on_a_count_of_fifty(extra, kronor):
    assert effect(50, extra, SHEET) == Decimal(kronor)


def test_modules_with_the_largest_change_come_first():
    found = compare({"a": 100, "b": 400, "gone": 30}, {"a": 150, "b": 400, "new": 500}, SHEET)
    assert [(change.name, change.kind, change.lines) for change in found.changes] == [
        ("new", "added", 500),
        ("a", "grown", 50),
        ("gone", "removed", -30),
        ("b", "same", 0),
    ]
    assert (found.before, found.after, found.lines) == (530, 1_050, 520)
    assert found.amount == Decimal("875.00")
    assert found.rounding == found.amount - Decimal("910.00")


@given(counts, counts)
def test_modules_and_rounding_add_up_to_the_change_of_the_fee(before, after):
    found = compare(before, after, SHEET)
    shares = sum((change.amount for change in found.changes), Decimal(0))
    assert shares + found.rounding == found.amount
    assert abs(found.rounding) < SHEET.per_block


@given(counts, counts)
def test_the_way_back_is_the_opposite(before, after):
    there, back = compare(before, after, SHEET), compare(after, before, SHEET)
    assert there.amount == -back.amount
    assert there.lines == -back.lines


def test_a_module_s_share_is_not_rounded_to_blocks():
    assert pro_rata(1, SHEET) == Decimal("1.75")
    assert pro_rata(-3, SHEET) == Decimal("-5.25")
