"""The usual times of what is sold, and plans that follow a subscription."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.linserv_backup.domain import policies
from odoo.addons.linserv_backup.domain.policies import Version, follow, usual_rhythm

TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("kind", "points", "weekdays", "times"),
    [
        ("db", 48, "1234567", ()),
        ("db", 24, "1234567", ()),
        ("fs", 4, "12345", (420, 660, 900, 1140)),
        ("fs", 1, "12345", (1140,)),
        ("fs", 2, "12345", (420, 1140)),
        ("fs", 24, "1234567", ()),
        ("dr", 1, "1234567", (210,)),
        ("dr", 2, "1234567", ()),
    ],
)
def test_the_usual_rhythm(kind, points, weekdays, times):
    rhythm = usual_rhythm(kind, points)
    assert (rhythm.weekdays, rhythm.times) == (weekdays, times)


def day(number):
    return TODAY + timedelta(days=number)


def version(first, last, days=90, points=48, key=0):
    return Version(day(first), None if last is None else day(last), days, points, key)


def test_a_new_subscription_makes_a_plan_from_today_never_earlier():
    assert follow([], [version(-40, None)], TODAY).create == (version(0, None),)


def test_nothing_changed_is_nothing_to_do():
    assert follow([version(-40, None, key=7)], [version(-60, None)], TODAY) == policies.Changes()


def test_another_policy_ends_the_plan_yesterday_and_opens_one_today():
    changes = follow([version(-40, None, key=7)], [version(-60, None, points=24)], TODAY)
    assert changes.write == (version(-40, -1, key=7),)
    assert changes.create == (version(0, None, points=24),)


def test_a_subscription_that_ends_ends_its_plan_on_its_last_day():
    changes = follow([version(-40, None, key=7)], [version(-60, 20)], TODAY)
    assert changes == policies.Changes(write=(version(-40, 20, key=7),))


def test_a_subscription_that_is_gone_ended_yesterday():
    assert follow([version(-40, None, key=7)], [], TODAY).write == (version(-40, -1, key=7),)


def test_a_pause_closes_the_plan_and_opens_it_again():
    changes = follow([version(-40, None, key=7)], [version(-60, 4), version(10, None)], TODAY)
    assert changes.write == (version(-40, 4, key=7),)
    assert changes.create == (version(10, None),)


def test_a_plan_that_begins_today_is_corrected_in_place():
    changes = follow([version(0, None, key=7)], [version(0, None, points=24)], TODAY)
    assert changes == policies.Changes(write=(version(0, None, points=24, key=7),))


def test_a_plan_that_never_took_effect_is_dropped():
    assert follow([version(5, None, key=7)], [], TODAY).drop == (7,)


def test_history_is_not_touched():
    past = version(-90, -41, days=30, key=3)
    assert follow([past, version(-40, None, key=7)], [version(-200, None)], TODAY) == policies.Changes()


SPANS = st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True).map(
    lambda found: list(zip(sorted(found)[::2], sorted(found)[1::2]))
)


@given(SPANS, st.sampled_from([24, 48]), SPANS, st.sampled_from([24, 48]), st.booleans())
def test_afterwards_every_day_from_today_on_has_what_is_wanted_and_the_past_is_as_it_was(
    known_spans, known_points, wanted_spans, wanted_points, endless
):
    known = [version(first, last, points=known_points, key=n + 1) for n, (first, last) in enumerate(known_spans)]
    wanted = [version(first, last, points=wanted_points) for first, last in wanted_spans]
    if endless and wanted:
        wanted[-1] = Version(wanted[-1].date_from, None, 90, wanted_points)
    changes = follow(known, wanted, TODAY)
    written = {each.key: each for each in changes.write}
    after = [written.get(each.key, each) for each in known if each.key not in changes.drop] + list(changes.create)
    for number in range(-60, 60):
        found = [each.points for each in after if each.covers(day(number))]
        source = wanted if number >= 0 else known
        assert found == [each.points for each in source if each.covers(day(number))]
    assert follow(
        [Version(e.date_from, e.date_to, e.days, e.points, n + 1) for n, e in enumerate(after)], wanted, TODAY
    ) == (policies.Changes())


@pytest.mark.parametrize(
    ("databases", "expected"),
    [
        ([], [(1, 30)]),
        ([(1, 30)], []),
        ([(1, None)], []),
        ([(10, None)], [(1, 9)]),
        ([(10, 12), (20, 25)], [(1, 9), (13, 19), (26, 30)]),
        ([(20, 25), (10, 12), (11, 22)], [(1, 9), (26, 30)]),
    ],
)
def test_copies_are_made_of_points_of_their_own_where_the_database_has_no_backup(databases, expected):
    found = policies.bases([version(1, 30, days=14, points=1)], [version(first, last) for first, last in databases])
    assert found == [version(first, last, days=14, points=1) for first, last in expected]
