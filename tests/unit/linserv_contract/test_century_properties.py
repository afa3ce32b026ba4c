"""Rules 5-10 and 24-36: a hundred years of changes, and every day is billed once, at its price, to the öre."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from century import Life, cost_of_period, days_of, last_due_day, periods_until, served_days
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain.agreement import ADJUSTMENT, Terms
from odoo.addons.linserv_contract.domain.charges import plan
from odoo.addons.linserv_contract.domain.periods import FOREVER, Rhythm, Span
from odoo.addons.linserv_contract.domain.prices import Discount, PriceVersion, rounded

BORN = date(2026, 1, 1)
ORE = Decimal("0.01")
PRICES = st.decimals(0, Decimal(99999), places=2)
QUANTITIES = st.decimals(0, 50, places=2)
PERCENTS = st.decimals(1, 100, places=2)
NUMBERS = st.integers(0, 10000)


def life_of(draw, years, most):
    """Draw a life: [(method of Life, arguments)], the last event is a billing after everything."""
    span_days = years * 365
    day = st.integers(0, span_days).map(lambda number: BORN + timedelta(days=number))
    start = draw(st.integers(0, 60).map(lambda number: BORN + timedelta(days=number)))
    rhythm = Rhythm(
        draw(st.integers(0, 60).map(lambda number: start - timedelta(days=number))),
        draw(st.sampled_from([1, 3, 12])),
        draw(st.booleans()),
        draw(st.booleans()),
    )
    spans = st.tuples(day, st.integers(0, 200) | st.just(None)).map(
        lambda pair: Span(pair[0], FOREVER if pair[1] is None else pair[0] + timedelta(days=pair[1]))
    )
    events = st.one_of(
        st.tuples(st.just("bill"), day),
        st.tuples(st.just("bill"), day),
        st.tuples(st.just("change_price"), day.map(lambda one: max(one, start)), PRICES, QUANTITIES),
        st.tuples(st.just("add"), st.just("discounts"), spans, PERCENTS),
        st.tuples(st.just("add"), st.just("pauses"), spans, st.none()),
        st.tuples(st.just("remove"), st.sampled_from(["discounts", "pauses"]), NUMBERS),
        st.tuples(st.just("end"), st.none() | day.map(lambda one: max(one, start))),
        st.tuples(st.just("credit_in_full"), NUMBERS),
    )
    terms = Terms(1, rhythm, start, versions=(PriceVersion(start, draw(PRICES), draw(QUANTITIES)),))
    return Life(terms), draw(st.lists(events, max_size=most)), BORN + timedelta(days=span_days + 800)


@st.composite
def lives(draw, years, most):
    return life_of(draw, years, most)


def happen(life, event):
    name, *given_values = event
    if name == "add":
        kind, span, percent = given_values
        life.add(kind, span, span if percent is None else Discount(span, percent))
    else:
        getattr(life, name)(*given_values)


def live(story):
    life, events, last = story
    for event in events:
        happen(life, event)
    life.bill(last)
    return life, last


def check_each_day_once(life, last):
    """The charges themselves, layer 0: each due day of service once; what is out of service is credited, not gone."""
    days = Counter(day for row in life.rows if row.charge.layer == 0 for day in days_of(row.charge.served))
    assert set(days.values()) <= {1}
    until = min(last_due_day(life.terms, last), life.terms.date_end or date.max)
    assert set(served_days(life.terms, until)) <= set(days)
    layers = Counter((row.charge.layer, day) for row in life.rows for day in days_of(row.charge.served))
    assert set(layers.values()) <= {1}


def check_the_price_of_each_day(life, last):
    """The sum over all layers is the price of each period, counted again day by day."""
    billed = defaultdict(Decimal)
    for row in life.rows:
        billed[row.charge.whole] += row.charge.amount
    due = last_due_day(life.terms, last)
    for whole in periods_until(life.terms, last + timedelta(days=800)):
        if whole.date_to <= due or whole in billed:
            assert billed[whole] == cost_of_period(life.terms, whole), whole


def check_what_invoices_say(life):
    for row in life.rows:
        one = row.charge
        exact = one.invoice_quantity * one.invoice_price * (1 - one.invoice_discount / 100)
        assert rounded(exact, ORE) == one.amount
        assert (one.kind == ADJUSTMENT) == (one.layer > 0)


def check_all(story):
    life, last = live(story)
    check_each_day_once(life, last)
    check_the_price_of_each_day(life, last)
    check_what_invoices_say(life)
    assert life.bill(last).charges == (), "a second run finds nothing"


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(story=lives(years=100, most=40))
def test_a_hundred_years_of_changes_pauses_stops_and_credits(story):
    check_all(story)


@settings(max_examples=250, deadline=None, suppress_health_check=QUIET)
@given(story=lives(years=2, most=25))
def test_two_crowded_years(story):
    check_all(story)


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(story=lives(years=2, most=20), credits=st.lists(st.tuples(NUMBERS, PERCENTS), min_size=1, max_size=3))
def test_rule_35_what_was_given_by_hand_is_never_charged_back_and_not_given_twice(story, credits):
    life, events, last = story
    life.bill(BORN + timedelta(days=400))
    for number, percent in credits:
        life.credit_a_part(number, percent)
    for event in events:
        if event[0] != "credit_in_full":
            happen(life, event)
    life.bill(last)
    given_by_hand = sum(row.credited for row in life.rows)
    due = last_due_day(life.terms, last)
    cost = sum(
        cost_of_period(life.terms, whole)
        for whole in periods_until(life.terms, last + timedelta(days=800))
        if whole.date_to <= due or any(row.charge.whole == whole for row in life.rows)
    )
    paid = sum(row.charge.amount for row in life.rows) - given_by_hand
    assert cost - given_by_hand <= paid <= cost
    assert life.bill(last).charges == ()


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(story=lives(years=2, most=15))
def test_nothing_is_due_before_the_day_that_the_planner_says(story):
    life, events, _last = story
    for event in events:
        happen(life, event)
    next_due = life.bill(BORN + timedelta(days=365)).next_due[1]
    billed = tuple(row.as_billed() for row in life.rows)
    terms = Terms(**{**life.terms.__dict__, "billed": billed})
    day = BORN + timedelta(days=366)
    while day < min(next_due, BORN + timedelta(days=1200)):
        assert plan(terms, day).charges == ()
        day += timedelta(days=1 + (day.day % 5))
    if next_due < FOREVER:
        assert plan(terms, next_due).charges


@pytest.mark.parametrize("months", [1, 3, 12])
def test_a_hundred_years_without_a_change(months):
    start = date(2024, 1, 31)
    life = Life(Terms(1, Rhythm(start, months), start, versions=(PriceVersion(start, Decimal("99.99")),)))
    planned = life.bill(date(2124, 1, 30))
    assert (len(planned.charges), planned.amount) == (1200 // months, 1200 // months * Decimal("99.99"))
    assert planned.next_due[1] == date(2124, 1, 31)
