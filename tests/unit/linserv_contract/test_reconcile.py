"""Rule 85 of docs/billing-rules.md: recurring revenue against what the posted invoices say, each difference named."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain.charges import PriceVersion, Terms
from odoo.addons.linserv_contract.domain.periods import Rhythm, Span
from odoo.addons.linserv_contract.domain.reconcile import Course, Covered, Invoiced, bridge
from odoo.addons.linserv_contract.domain.revenue import Step, steps


def day(text):
    return date.fromisoformat("2026-" + text)


def span(first, last):
    return Span(day(first), day(last))


OCTOBER, ALL = span("10-01", "10-31"), (span("10-01", "12-31"),)


def terms(start="10-01", months=1, price="900", calendar=False, end=None, **later):
    versions = [PriceVersion(day(start), Decimal(price))]
    versions += [PriceVersion(day(when.replace("_", "-")), Decimal(amount)) for when, amount in later.items()]
    rhythm = Rhythm(day(start), months, calendar)
    return Terms(key=1, rhythm=rhythm, date_start=day(start), date_end=end and day(end), versions=tuple(versions))


def course(terms, rate="1"):
    found = tuple(Step(step.day, step.year * Decimal(rate)) for step in steps(terms))
    return Course(terms.rhythm, found, Decimal(rate))


def paid(amount):
    return Invoiced(Decimal(amount), Decimal(amount))


CASES = {
    "billed as agreed": (terms(), Covered(ALL), paid("900"), "900.00", {}),
    "nothing billed yet": (terms(), Covered(), paid("0"), "900.00", {"unbilled": "-900.00"}),
    "on a draft": (terms(), Covered(draft=ALL), paid("0"), "900.00", {"draft": "-900.00"}),
    "billed elsewhere": (terms(), Covered(elsewhere=ALL), paid("0"), "900.00", {"elsewhere": "-900.00"}),
    "half the month is billed": (
        terms(),
        Covered((span("10-01", "10-15"),)),
        paid("435.48"),
        "900.00",
        {"unbilled": "-464.52"},
    ),
    "started on the 17th": (
        terms("10-17", calendar=True),
        Covered(ALL),
        paid("435.48"),
        "900.00",
        {"changes": "-464.52"},
    ),
    "ended on the 15th": (
        terms(end="10-15"),
        Covered(ALL),
        paid("435.48"),
        "0.00",
        {"changes": "435.48"},
    ),
    "a new price on the 11th": (
        terms(price="900", **{"10_11": "1000"}),
        Covered(ALL),
        paid("967.74"),
        "1000.00",
        {"changes": "-32.26"},
    ),
    "a quarter has 92 days": (
        terms(months=3, price="2700"),
        Covered(ALL),
        paid("909.78"),
        "900.00",
        {"length": "9.78"},
    ),
    "credited in part by hand": (terms(), Covered(ALL), paid("800"), "900.00", {"amounts": "-100.00"}),
}


@pytest.mark.parametrize("name", CASES)
def test_rule_85_each_difference_has_its_name(name):
    subscription, covered, invoiced, closing, expected = CASES[name]
    found = bridge(course(subscription), OCTOBER, covered, invoiced)
    assert (str(found.closing), found.invoiced) == (closing, invoiced.company)
    assert {part: str(amount) for part, amount in found.parts.items() if amount} == expected


def test_rule_85_the_euro_of_the_invoice_against_the_euro_of_the_ledger():
    found = bridge(course(terms(price="100"), "11"), OCTOBER, Covered(ALL), Invoiced(Decimal(100), Decimal("1150")))
    assert (found.closing, found.invoiced) == (Decimal(1100), Decimal(1150))
    assert {part: amount for part, amount in found.parts.items() if amount} == {"exchange": Decimal(50)}


dates = st.dates(date(2026, 8, 1), date(2026, 12, 31))
prices = st.decimals("0", "99999.99", places=2)
spans = st.lists(st.tuples(dates, st.integers(0, 60)), max_size=3).map(
    lambda drawn: tuple(Span(first, first + timedelta(days=days)) for first, days in drawn)
)


@given(
    st.dictionaries(dates, prices, min_size=1, max_size=4), st.sampled_from([1, 3, 12]), st.booleans(),
    st.builds(Covered, spans, spans, spans), prices, st.sampled_from(["1", "11.2351"]),
)  # fmt: skip
def test_rule_85_the_parts_always_add_up(versions, months, calendar, covered, amount, rate):
    start = min(versions)
    subscription = Terms(
        key=1,
        rhythm=Rhythm(start, months, calendar),
        date_start=start,
        versions=tuple(PriceVersion(when, price) for when, price in versions.items()),
    )
    found = bridge(course(subscription, rate), OCTOBER, covered, Invoiced(amount, amount))
    assert found.closing + sum(found.parts.values()) == found.invoiced == amount
