"""pygount as a second opinion: how far away is too far."""

from __future__ import annotations

from decimal import Decimal

import pytest

from odoo.addons.linserv_maintenance.domain.alarm import (
    Band,
    LanguageLines,
    by_language,
    departure,
    is_alarm,
)


@pytest.mark.parametrize(
    ("official", "other", "alarm"),
    [
        (1000, 1000, False),
        (1000, 1040, False),
        (1000, 1041, True),
        (1000, 850, False),
        (1000, 849, True),
        (100_000, 104_001, True),
        (0, 0, False),
        (0, 99, False),
        (0, 100, True),
        (99, 0, False),
        (100, 0, True),
    ],
)
def test_the_band_from_minus_fifteen_to_plus_four_percent(official, other, alarm):
    assert is_alarm(official, other) is alarm


def test_another_band_can_be_given():
    assert is_alarm(1000, 1001, Band(Decimal(0), Decimal(0)))


@pytest.mark.parametrize(
    ("official", "other", "percent"),
    [(1000, 973, "-2.70"), (300, 301, "0.33"), (0, 7, "100.00"), (0, 0, "0.00")],
)
def test_departure_in_percent(official, other, percent):
    assert departure(official, other) == Decimal(percent)


def test_languages_are_added_up_with_the_largest_first():
    found = by_language(
        [
            LanguageLines("XML", 1, 10, 1, 2, 0),
            LanguageLines("Python", 1, 20, 5, 3, 1),
            LanguageLines("Python", 2, 30, 5, 3, 1),
        ]
    )
    assert found == [
        LanguageLines("Python", 3, 50, 10, 6, 2),
        LanguageLines("XML", 1, 10, 1, 2, 0),
    ]
