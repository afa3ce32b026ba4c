"""Rules 74-79: quota years, billable time, prepaid packs."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_contract.domain import hours, packs, quotas
from odoo.addons.linserv_contract.domain.packs import Draw, Pack
from odoo.addons.linserv_contract.domain.periods import Span

DAY = date(2026, 10, 15)


@pytest.mark.parametrize(
    ("start", "day", "first", "last"),
    [
        ("2026-10-01", "2026-10-01", "2026-10-01", "2027-09-30"),
        ("2026-10-01", "2027-09-30", "2026-10-01", "2027-09-30"),
        ("2026-10-01", "2027-10-01", "2027-10-01", "2028-09-30"),
        ("2026-10-01", "2026-09-01", "2026-10-01", "2027-09-30"),
        ("2024-02-29", "2025-02-27", "2024-02-29", "2025-02-27"),
        ("2024-02-29", "2025-02-28", "2025-02-28", "2026-02-27"),
        ("2024-02-29", "2028-02-29", "2028-02-29", "2029-02-27"),
    ],
)
def test_rule_74_the_quota_year_is_the_contracts(start, day, first, last):
    year = quotas.contract_year(date.fromisoformat(start), date.fromisoformat(day))
    assert year == Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("cancelled", "is_back"), [("2026-11-01", True), ("2026-11-23", True), ("2026-11-24", False), ("2026-12-01", False)]
)
def test_rule_75_cancelled_at_the_latest_seven_days_ahead_is_given_back(cancelled, is_back):
    assert quotas.is_given_back(date(2026, 11, 30), date.fromisoformat(cancelled), 7) is is_back


@pytest.mark.parametrize(
    ("worked", "minimum", "step", "billed"),
    [
        (0, 30, 30, 0),
        (1, 30, 30, 30),
        (30, 30, 30, 30),
        (31, 30, 30, 60),
        (95, 30, 30, 120),
        (5, 30, 15, 30),
        (31, 30, 15, 45),
        (10, 0, 15, 15),
    ],
)
def test_rule_76_minimum_and_started_steps(worked, minimum, step, billed):
    assert hours.billable_minutes(worked, minimum, step) == billed


def test_a_month_and_its_end():
    assert hours.month_of(date(2028, 2, 29)) == Span(date(2028, 2, 1), date(2028, 2, 29))
    assert hours.month_of(date(2026, 12, 31)) == Span(date(2026, 12, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [
        ((0, 0, 0), 60, hours.Change(draw=60)),
        ((60, 0, 0), 60, hours.Change()),
        ((60, 30, 0), 60, hours.Change(uncharge=30)),
        ((60, 30, 0), 30, hours.Change(uncharge=30, give_back=30)),
        ((30, 0, 60), 30, hours.Change(give_back=30, credit=30)),
        ((0, -30, 60), 60, hours.Change(draw=30)),
    ],
)
def test_rule_76_a_correction_changes_only_the_difference(held, wanted, expected):
    assert hours.change(wanted, *held) == expected


minutes = st.integers(0, 2000)


@given(minutes, minutes, minutes, minutes)
def test_after_a_change_exactly_what_is_billable_is_held(wanted, drawn, charged, invoiced):
    done = hours.change(wanted, drawn, charged, invoiced)
    assert drawn + charged + invoiced + done.draw - done.uncharge - done.give_back - done.credit == wanted
    assert min(done.draw, done.uncharge, done.give_back, done.credit) == 0


def test_minutes_are_written_as_hours():
    assert [hours.format_minutes(each) for each in (0, 90, 600, -45)] == ["0:00", "1:30", "10:00", "-0:45"]


OLD = Pack(1, date(2026, 1, 1), date(2026, 12, 31), 90)
NEW = Pack(2, date(2026, 6, 1), None, 1500)


def test_rule_77_the_oldest_pack_is_drawn_first():
    assert packs.draw([NEW, OLD], 60, DAY) == ([Draw(1, 60)], 0)
    assert packs.draw([NEW, OLD], 150, DAY) == ([Draw(1, 90), Draw(2, 60)], 0)


def test_rule_77_what_the_packs_cannot_give_is_left_to_charge():
    assert packs.draw([OLD], 150, DAY) == ([Draw(1, 90)], 60)
    assert packs.draw([], 150, DAY) == ([], 150)


@pytest.mark.parametrize(
    ("day", "draws"),
    [
        (date(2025, 12, 31), []),
        (date(2026, 1, 1), [Draw(1, 30)]),
        (date(2026, 12, 31), [Draw(1, 30)]),
        (date(2027, 1, 1), []),
    ],
)
def test_rule_78_a_pack_gives_from_its_first_day_to_its_last(day, draws):
    assert packs.draw([OLD], 30, day)[0] == draws


@pytest.mark.parametrize(
    ("months", "last"), [(0, None), (12, date(2026, 12, 31)), (1, date(2026, 1, 31)), (13, date(2027, 1, 31))]
)
def test_rule_78_validity(months, last):
    assert packs.last_day(date(2026, 1, 1), months) == last


def test_rule_79_only_what_was_approved_is_overdrawn_and_on_the_newest_pack():
    first = Pack(1, date(2026, 1, 1), None, 0, overdraw=60)
    second = Pack(2, date(2026, 2, 1), None, 30, overdraw=120)
    assert packs.draw([first, second], 100, DAY) == ([Draw(2, 100)], 0)
    assert packs.draw([Pack(2, date(2026, 2, 1), None, -90, overdraw=120)], 100, DAY) == ([Draw(2, 30)], 70)
    assert packs.draw([Pack(2, date(2026, 2, 1), None, 0)], 100, DAY) == ([], 100)


def test_rule_79_a_new_pack_pays_what_the_older_are_overdrawn():
    debts = [Pack(1, date(2026, 1, 1), None, -60), Pack(2, date(2026, 2, 1), None, 10)]
    new = Pack(3, date(2026, 3, 1), None, 1500)
    assert packs.settle(debts, new) == [Draw(3, 60), Draw(1, -60)]


def test_rule_77_hours_go_back_where_they_came_from_last_first():
    earlier = [Draw(1, 90), Draw(2, 60)]
    assert packs.give_back(earlier, 90) == [Draw(2, -60), Draw(1, -30)]
    assert packs.give_back([*earlier, Draw(2, -60), Draw(1, -30)], 90) == [Draw(1, -60)]


@given(st.lists(st.integers(0, 600), max_size=5), st.integers(0, 3000), st.integers(0, 3000))
def test_no_minute_appears_or_disappears(balances, taken, returned):
    owned = [Pack(number, date(2026, 1, 1 + number), None, left) for number, left in enumerate(balances)]
    draws, rest = packs.draw(owned, taken, DAY)
    assert sum(draw.minutes for draw in draws) + rest == taken
    for pack in owned:
        assert sum(draw.minutes for draw in draws if draw.key == pack.key) <= pack.left
    back = packs.give_back(draws, returned)
    assert -sum(draw.minutes for draw in back) == min(returned, taken - rest)


@pytest.mark.parametrize(
    ("left", "value"), [(1500, "25000.00"), (750, "12500.00"), (0, "0.00"), (-60, "0.00"), (1, "16.67")]
)
def test_rule_79_what_unused_hours_are_worth(left, value):
    assert packs.value_left(Decimal(25000), 1500, left, Decimal("0.01")) == Decimal(value)
