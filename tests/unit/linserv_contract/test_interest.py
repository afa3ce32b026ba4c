"""Rule 58: interest for late payment, by the reference rate of each half-year."""

from datetime import date
from decimal import Decimal

import pytest

from odoo.addons.linserv_contract.domain.interest import Rate, RateMissingError, half_year, interest
from odoo.addons.linserv_contract.domain.periods import Span

RATES = [Rate(date(2023, 7, 1), Decimal("3.5")), Rate(date(2024, 1, 1), Decimal(4))]


def of(amount, first, last, margin=8):
    days = Span(date.fromisoformat(first), date.fromisoformat(last))
    return str(interest(Decimal(amount), days, RATES, Decimal(margin)))


@pytest.mark.parametrize(
    ("amount", "first", "last", "expected"),
    [
        ("10000", "2024-01-01", "2024-01-30", "98.63"),  # 30 days at 12 %
        ("10000", "2023-12-17", "2023-12-31", "47.26"),  # 15 days at 11.5 %
        ("10000", "2023-12-17", "2024-01-30", "145.89"),  # both
        ("1125", "2024-02-29", "2024-02-29", "0.37"),
    ],
)
def test_rule_58_each_day_at_the_rate_of_its_half_year(amount, first, last, expected):
    assert of(amount, first, last) == expected


def test_rule_58_a_missing_rate_is_never_guessed():
    with pytest.raises(RateMissingError) as caught:
        of("10000", "2024-06-20", "2024-07-01")
    assert caught.value.date_from == date(2024, 7, 1)


def test_half_years_begin_in_january_and_july():
    assert half_year(date(2026, 6, 30)) == date(2026, 1, 1)
    assert half_year(date(2026, 7, 1)) == date(2026, 7, 1)
