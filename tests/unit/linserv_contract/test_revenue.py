"""Rules 80-84 of docs/billing-rules.md: recurring revenue, its movements, churn, retention and cohorts."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain.charges import Discount, Meter, PriceVersion, Reading, Terms, Tier
from odoo.addons.linserv_contract.domain.periods import FOREVER, Rhythm, Span
from odoo.addons.linserv_contract.domain.retention import Row, cohorts, groups, levels_at, months, retention
from odoo.addons.linserv_contract.domain.revenue import (
    Amounts,
    Place,
    Stair,
    Step,
    corrections,
    movements,
    steps,
    yearly,
)


def day(text):
    return date.fromisoformat("2026-" + text if len(text) == 5 else text)


def price(first, amount, quantity="1"):
    return PriceVersion(day(first), Decimal(amount), Decimal(quantity))


def terms(*versions, start="10-01", end=None, months=1, **values):
    versions = versions or (price(start, "900"),)
    values = {"key": 1, "rhythm": Rhythm(day(start), months), "date_start": day(start), **values}
    return Terms(date_end=end and day(end), versions=versions, **values)


def told(found):
    return ["%s %s" % (step.day, step.year.normalize().__format__("f")) for step in found]


METER = Meter(Decimal(100))
STAIRS = {
    "rule 80: a month": (terms(), ["2026-10-01 10800"]),
    "rule 80: a quarter": (terms(months=3), ["2026-10-01 3600"]),
    "rule 80: a year": (terms(months=12), ["2026-10-01 900"]),
    "rule 80: a discount for two months": (
        terms(discounts=(Discount(Span(day("11-01"), day("12-31")), Decimal(10)),)),
        ["2026-10-01 10800", "2026-11-01 9720", "2027-01-01 10800"],
    ),
    "rule 80: a pause, and one without an end": (
        terms(pauses=(Span(day("11-01"), day("11-30")), Span(day("12-24"), FOREVER))),
        ["2026-10-01 10800", "2026-11-01 0", "2026-12-01 10800", "2026-12-24 0"],
    ),
    "rule 80: tiers and a minimum": (
        terms(
            PriceVersion(day("10-01"), Decimal(100), Decimal(12), tiers=(Tier(Decimal(10), Decimal(50)),)),
            PriceVersion(day("11-01"), Decimal(100), Decimal(2), minimum_amount=Decimal(500)),
        ),
        ["2026-10-01 13200", "2026-11-01 6000"],
    ),
    "rule 80: once does not recur": (terms(months=0), []),
    "rule 80: until the last day": (terms(end="12-31"), ["2026-10-01 10800", "2027-01-01 0"]),
    "rule 80: a new price and quantity": (
        terms(price("10-01", "900"), price("11-15", "1000"), price("12-01", "1000", "2")),
        ["2026-10-01 10800", "2026-11-15 12000", "2026-12-01 24000"],
    ),
    "rule 80: a price that changes nothing is no step": (
        terms(price("10-01", "900"), price("11-15", "450", "2")),
        ["2026-10-01 10800"],
    ),
    "rule 80: a price from after the end": (
        terms(price("10-01", "900"), price("2027-02-01", "1000"), end="12-31"),
        ["2026-10-01 10800", "2027-01-01 0"],
    ),
    "rule 80: no price is worth nothing": (terms(price("11-01", "900")), ["2026-11-01 10800"]),
    "rule 81: a meter counts from its first reading": (
        terms(
            price("10-01", "175"),
            meter=METER,
            readings=(Reading(1, day("10-05"), Decimal(101)), Reading(2, day("11-02"), Decimal(99))),
        ),
        ["2026-10-05 4200", "2026-11-02 2100"],
    ),
    "rule 81: a reading from before the start counts from the start": (
        terms(price("10-01", "175"), meter=METER, readings=(Reading(1, day("09-20"), Decimal(101)),)),
        ["2026-10-01 4200"],
    ),
    "rule 81: of two readings of a day the last written": (
        terms(
            price("10-01", "175"),
            meter=METER,
            readings=(Reading(2, day("10-01"), Decimal(50)), Reading(1, day("10-01"), Decimal(500))),
        ),
        ["2026-10-01 2100"],
    ),
}


@pytest.mark.parametrize("name", STAIRS)
def test_the_stair_of_a_subscription(name):
    subscription, expected = STAIRS[name]
    assert told(steps(subscription)) == expected


def stair(key, *course, rate="1"):
    return Stair(key, tuple(Step(day(when), Decimal(year)) for when, year in course), Decimal(rate))


def ledger(*stairs):
    return ["%s %d %s %s" % (p.day, p.key, p.kind, a.month) for p, a in movements(stairs).items()]


MOVEMENTS = {
    "rule 82: a first service is new, its end is churn": (
        (stair(1, ("10-01", "12000"), ("12-01", "0")),),
        ["2026-10-01 1 new 1000.00", "2026-12-01 1 churn -1000.00"],
    ),
    "rule 82: a second service is expansion, its end contraction": (
        (stair(1, ("10-01", "12000")), stair(2, ("11-01", "2400"), ("12-01", "0"))),
        ["2026-10-01 1 new 1000.00", "2026-11-01 2 expansion 200.00", "2026-12-01 2 contraction -200.00"],
    ),
    "rule 82: a customer who comes back": (
        (stair(1, ("10-01", "12000"), ("11-01", "0")), stair(2, ("12-01", "2400"))),
        ["2026-10-01 1 new 1000.00", "2026-11-01 1 churn -1000.00", "2026-12-01 2 reactivation 200.00"],
    ),
    "rule 82: one service for another on the same day is one change": (
        (stair(1, ("10-01", "12000"), ("11-01", "0")), stair(2, ("11-01", "14400"))),
        ["2026-10-01 1 new 1000.00", "2026-11-01 1 expansion -1000.00", "2026-11-01 2 expansion 1200.00"],
    ),
    "rule 82: everything of the first day is new": (
        (stair(1, ("10-01", "12000")), stair(2, ("10-01", "2400"))),
        ["2026-10-01 1 new 1000.00", "2026-10-01 2 new 200.00"],
    ),
    "rule 83: euro at the rate of the first day, which never moves the ledger": (
        (stair(1, ("10-01", "1200"), ("11-01", "0"), rate="11.235"),),
        ["2026-10-01 1 new 1123.50", "2026-11-01 1 churn -1123.50"],
    ),
}


@pytest.mark.parametrize("name", MOVEMENTS)
def test_the_movements_of_a_customer(name):
    stairs, expected = MOVEMENTS[name]
    assert ledger(*stairs) == expected


def test_rule_80_twelve_months_of_a_yearly_price_lose_nothing():
    found = movements([stair(1, ("10-01", "1000"))])[Place(day("10-01"), 1, "new")]
    assert found == Amounts(Decimal("83.33"), Decimal("1000.00"), Decimal("83.33"))


def test_rule_82_a_change_known_late_is_added_and_nothing_is_rewritten():
    before = movements([stair(1, ("10-01", "12000"))])
    after = movements([stair(1, ("10-01", "12000"), ("10-20", "14400"))])
    added = corrections(after, before)
    assert [(place.day, place.kind, amounts.month) for place, amounts in added.items()] == [
        (day("10-20"), "expansion", Decimal("200.00"))
    ]


def test_rule_82_what_is_handed_over_has_a_kind_of_its_own_and_the_rest_that_of_the_rest():
    leaving = stair(1, ("10-01", "1200"), ("11-01", "0")), stair(2, ("10-01", "600"), ("11-01", "0"))
    found = movements(leaving, moved={1: day("11-01")})
    assert {place.kind: amounts.month for place, amounts in found.items() if place.day == day("11-01")} == {
        "moved": Decimal(-100),
        "churn": Decimal(-50),
    }
    arriving = stair(3, ("11-01", "1200")), stair(4, ("11-01", "600"))
    kinds = {place.key: place.kind for place in movements(arriving, moved={3: day("11-01")})}
    assert kinds == {3: "moved", 4: "expansion"}


def test_rule_82_recorded_amounts_of_other_services_stand_and_their_kinds_may_change():
    recorded = movements([stair(2, ("11-01", "600"))])
    found = movements([stair(1, ("10-01", "1200"))], known=recorded)
    assert found == movements([stair(1, ("10-01", "1200")), stair(2, ("11-01", "600"))])
    assert found[Place(day("11-01"), 2, "expansion")] == recorded[Place(day("11-01"), 2, "new")]


def test_rule_84_customers_between_which_services_were_handed_over_are_one():
    assert groups([(1, 2), (4, 5), (2, 3), (5, 4)]) == {1: 1, 2: 1, 3: 1, 4: 4, 5: 4}


def test_rule_82_an_end_that_is_taken_back_leaves_no_churn():
    ended = movements([stair(1, ("10-01", "12000"), ("12-01", "0"))])
    goes_on = movements([stair(1, ("10-01", "12000"))])
    (place, amounts), *others = corrections(goes_on, ended).items()
    assert (place.kind, amounts.month, others) == ("churn", Decimal("1000.00"), [])


dates = st.dates(date(2024, 1, 1), date(2028, 12, 31))
years = st.decimals("0", "99999.99", places=2)
courses = st.dictionaries(dates, years, min_size=1, max_size=6)
rates = st.sampled_from(["1", "11.2351", "0.0873"])
customers = st.lists(st.tuples(courses, rates), min_size=1, max_size=4)


def build(drawn):
    return [
        Stair(key, tuple(Step(*point) for point in sorted(course.items())), Decimal(rate))
        for key, (course, rate) in enumerate(drawn)
    ]


def level(found, when):
    return sum((amounts.month for place, amounts in found.items() if place.day <= when), Decimal(0))


def worth(stairs, when):
    total = Decimal(0)
    for each in stairs:
        begun = [step for step in each.steps if step.day <= when]
        if begun:
            total += (begun[-1].year * each.rate / 12).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    return total


@given(customers, dates)
def test_rule_82_the_sum_of_movements_is_the_revenue_of_any_day(drawn, when):
    stairs = build(drawn)
    assert level(movements(stairs), when) == worth(stairs, when)


@given(customers, customers, dates)
def test_rule_82_corrections_make_any_ledger_right_and_a_second_time_there_are_none(one, other, when):
    recorded, wanted = movements(build(one)), movements(build(other))
    added = corrections(wanted, recorded)
    ledger_after = defaultdict(Amounts, recorded)
    for place, amounts in added.items():
        ledger_after[place] = ledger_after[place] + amounts
    assert level(ledger_after, when) == worth(build(other), when)
    assert corrections(wanted, ledger_after) == {}


@given(courses, st.sampled_from([1, 3, 12]), st.one_of(st.none(), dates), dates)
def test_rule_80_the_stair_is_the_value_of_every_day(course, months, end, when):
    start = min(course)
    subscription = Terms(
        key=1,
        rhythm=Rhythm(start, months),
        date_start=start,
        date_end=end if end and end >= start else None,
        versions=tuple(PriceVersion(first, amount) for first, amount in course.items()),
    )
    begun = [step for step in steps(subscription) if step.day <= when]
    assert (begun[-1].year if begun else Decimal(0)) == yearly(subscription, when)


def rows(*texts):
    """ "1 10 new 1000": customer, month of 2026, kind, amount."""
    for text in texts:
        customer, month, kind, amount = text.split()
        yield Row(int(customer), date(2026, int(month), 1), kind, Decimal(amount))


STORY = (
    "1 1 new 1000",
    "2 1 new 500",
    "2 3 expansion 100",
    "1 3 contraction -200",
    "3 3 new 300",
    "2 4 churn -600",
    "2 6 reactivation 600",
)


def test_rule_84_a_month_opens_where_the_one_before_closed():
    found = months(rows(*STORY), day("01-15"), day("06-30"))
    assert [str(month.closing) for month in found] == ["1500", "1500", "1700", "1100", "1100", "1700"]
    assert [month.opening for month in found[1:]] == [month.closing for month in found[:-1]]
    assert all(month.opening + sum(month.kinds.values()) == month.closing for month in found)


def test_rule_84_churn_of_revenue_and_of_customers():
    april = months(rows(*STORY), day("04-01"), day("04-30"))[0]
    assert (april.customers_opening, april.customers_lost, april.customers_closing) == (3, 1, 2)
    assert april.churn_rate == Decimal(600) / 1700
    assert april.customer_churn_rate == Decimal(1) / 3
    march = months(rows(*STORY), day("03-01"), day("03-31"))[0]
    assert (march.churn_rate, march.loss_rate, march.customers_new) == (0, Decimal(200) / 1500, 1)


def test_rule_84_without_an_opening_there_is_no_rate():
    january = months(rows(*STORY), day("01-01"), day("01-31"))[0]
    assert (january.churn_rate, january.loss_rate, january.customer_churn_rate) == (None, None, None)


def test_rule_84_retention_follows_the_customers_of_then():
    then, now = levels_at(rows(*STORY), day("02-01")), levels_at(rows(*STORY), day("06-01"))
    found = retention(then, now)
    assert found.gross == Decimal(800 + 500) / 1500
    assert found.net == Decimal(800 + 600) / 1500
    assert found.customers == 1
    assert retention({}, now).net is None


def test_rule_84_cohorts_are_followed_from_their_first_month():
    found = cohorts(rows(*STORY), day("06-01"))
    assert [(c.month.month, c.customers, [int(level) for level in c.levels]) for c in found] == [
        (1, 2, [1500, 1500, 1400, 800, 800, 1400]),
        (3, 1, [300, 300, 300, 300]),
    ]


@given(customers, dates)
def test_rule_84_the_last_closing_is_the_revenue_of_that_day(drawn, when):
    stairs = build(drawn)
    found = movements(stairs)
    ledger_rows = [Row(1, place.day.replace(day=1), place.kind, amounts.month) for place, amounts in found.items()]
    last = (when.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert months(ledger_rows, when, when)[0].closing == worth(stairs, last)
    assert sum(levels_at(ledger_rows, when).values()) == worth(stairs, last)
