"""Whatever the agreement and whenever it is billed: every day once, at the price of that day, to the öre."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain.charges import Billed, PriceVersion, Terms, plan, price_on
from odoo.addons.linserv_contract.domain.periods import Rhythm, Span

EPOCH = date(2020, 1, 31)
LAST = date(2030, 1, 1)
DAYS = st.integers(0, 1500).map(lambda number: EPOCH + timedelta(days=number))
PRICES = st.decimals(Decimal("0.01"), Decimal(99999), places=2)


@st.composite
def agreements(draw):
    start = draw(DAYS)
    end = draw(st.none() | st.integers(0, 900).map(lambda number: start + timedelta(days=number)))
    anchor = draw(st.integers(0, 400).map(lambda number: start - timedelta(days=number)))
    changes = draw(st.dictionaries(st.integers(1, 900), PRICES, max_size=4))
    versions = [PriceVersion(start, draw(PRICES))]
    versions += [PriceVersion(start + timedelta(days=number), price) for number, price in changes.items()]
    rhythm = Rhythm(anchor, draw(st.sampled_from([1, 3, 12])), draw(st.booleans()), draw(st.booleans()))
    return Terms(1, rhythm, start, end, tuple(versions))


def with_billed(terms, charges):
    billed = terms.billed + tuple(Billed(charge.served, charge.layer, charge.value) for charge in charges)
    return Terms(terms.key, terms.rhythm, terms.date_start, terms.date_end, terms.versions, billed=billed)


def days_of(span):
    return [span.date_from + timedelta(days=number) for number in range(span.days)]


@settings(max_examples=150, deadline=None)
@given(terms=agreements(), dates=st.lists(DAYS, max_size=6))
def test_each_day_is_billed_exactly_once_whenever_the_runs_were(terms, dates):
    charges = []
    for billing_date in [*dates, LAST]:
        new = plan(with_billed(terms, charges), billing_date).charges
        charges += new
    billed = Counter(day for charge in charges for day in days_of(charge.served))
    assert set(billed.values()) <= {1}
    last_billed = max(charge.served.date_to for charge in charges)
    assert len(billed) == Span(terms.date_start, last_billed).days
    if terms.date_end:
        assert last_billed == terms.date_end


@settings(max_examples=100, deadline=None)
@given(terms=agreements(), billing_date=DAYS)
def test_a_second_run_on_the_same_day_bills_nothing(terms, billing_date):
    charges = plan(terms, billing_date).charges
    assert plan(with_billed(terms, charges), billing_date).charges == ()


@settings(max_examples=100, deadline=None)
@given(terms=agreements(), billing_date=DAYS)
def test_each_day_is_billed_at_the_price_of_that_day(terms, billing_date):
    for charge in plan(terms, billing_date).charges:
        for day in days_of(charge.served):
            assert price_on(terms.versions, day).price_unit == charge.price_unit


@settings(max_examples=100, deadline=None)
@given(price=PRICES, cuts=st.sets(st.integers(1, 30), max_size=8))
def test_the_parts_of_a_month_always_add_up_to_its_price(price, cuts):
    first, amounts, billed = date(2026, 10, 1), [], []
    for last in sorted(cuts | {31}):
        terms = Terms(
            1,
            Rhythm(first),
            first,
            first + timedelta(days=last - 1),
            (PriceVersion(first, price),),
            billed=tuple(Billed(span) for span in billed),
        )
        (charge,) = plan(terms, date(2026, 11, 1)).charges
        amounts.append(charge.amount)
        billed.append(charge.served)
    assert sum(amounts) == price
