"""The rules of restores and test copies."""

from datetime import date

import pytest

from odoo.addons.linserv_backup.domain import restores

DAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("today", "in_time", "days"),
    [
        (date(2026, 11, 22), True, 8),
        (date(2026, 11, 23), True, 7),
        (date(2026, 11, 24), False, 6),
        (date(2026, 11, 30), False, 0),
    ],
)
def test_a_copy_is_cancelled_in_time_at_the_latest_seven_days_ahead(today, in_time, days):
    told = restores.cancellation("ordered", DAY, today, 7)
    assert (told.possible, told.in_time, told.days_ahead, told.latest) == (True, in_time, days, date(2026, 11, 23))


@pytest.mark.parametrize("state", ["preparing", "delivering", "published", "expired", "cancelled", "failed"])
def test_what_has_begun_or_ended_is_not_cancelled(state):
    assert not restores.cancellation(state, DAY, date(2026, 11, 1), 7).possible


def test_the_way_of_a_copy_and_of_a_restore():
    for kind, last in (("test_copy", "published"), ("same", "ready")):
        state = restores.next_state(restores.next_state("draft", "order"), "start")
        step = restores.next_step(kind, False, None)
        while step:
            event = restores.EVENTS.get(step)
            assert restores.STATE_OF_STEP[step] == state
            state = restores.next_state(state, event) if event else state
            step = restores.next_step(kind, False, step)
        assert state == last


def test_where_a_failed_restore_is_taken_up():
    for stopped, step in (
        ("deliver", "deliver"),
        ("check", "neutralise"),
        ("publish", "neutralise"),
        (None, "prepare"),
    ):
        assert restores.retry_step("test_copy", True, stopped) == step


def test_the_customers_own_host_needs_no_key():
    assert restores.next_step("test_copy", True, None) == "prepare"
    assert restores.next_step("other", False, None) == "authorise"
    assert restores.next_step("same", True, "load") is None


@pytest.mark.parametrize(("state", "event"), [("published", "cancel"), ("cancelled", "start")])
def test_what_is_over_stays_over(state, event):
    with pytest.raises(restores.ForbiddenTransitionError):
        restores.next_state(state, event)


@pytest.mark.parametrize(
    ("database", "name"),
    [
        ("norrvik", "norrvik-copy-20261130-42"),
        ("Norrvik Prod!", "norrvik-prod-copy-20261130-42"),
        ("å", "odoo-copy-20261130-42"),
        ("x" * 63, "x" * 33 + "-copy-20261130-42"),
    ],
)
def test_the_name_of_a_copy(database, name):
    assert restores.copy_name(database, DAY, 42) == name
    assert len(name) <= restores.NAME_LENGTH
