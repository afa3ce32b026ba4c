from datetime import datetime, timedelta, timezone

import pytest

from odoo.addons.linserv_hosting.domain import run_states
from odoo.addons.linserv_hosting.domain.run_states import Decision, after_error, next_state

NOW = datetime(2026, 10, 31, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "events, state",
    [
        (["claim", "finish"], "done"),
        (["claim", "fail"], "failed"),
        (["claim", "postpone", "claim", "finish"], "done"),
        (["claim", "started", "claim", "started", "claim", "finish"], "done"),
        (["claim", "started", "claim", "postpone", "claim", "finish"], "done"),
        (["claim", "started", "claim", "lost", "claim", "started"], "running"),
        (["claim", "claim", "finish"], "done"),
        (["cancel", "retry", "claim"], "sending"),
        (["claim", "fail", "retry"], "queued"),
    ],
)
def test_a_run_goes_the_ways_of_the_table(events, state):
    now = "queued"
    for event in events:
        now = next_state(now, event)
    assert now == state


@pytest.mark.parametrize("state", run_states.FINAL)
@pytest.mark.parametrize("event", ["claim", "finish", "fail", "started", "cancel", "postpone"])
def test_nothing_happens_to_a_finished_run_but_a_retry(state, event):
    with pytest.raises(run_states.ForbiddenTransitionError):
        next_state(state, event)


def test_a_run_that_is_done_is_not_done_again():
    with pytest.raises(run_states.ForbiddenTransitionError):
        next_state("done", "retry")


@pytest.mark.parametrize("attempts, minutes", [(0, 1), (1, 1), (2, 5), (3, 15), (4, 60), (5, 60), (100, 60)])
def test_the_wait_between_attempts_grows_to_an_hour(attempts, minutes):
    assert run_states.back_off(attempts) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "state, retryable, attempts, overdue, decision",
    [
        ("sending", False, 1, False, Decision("fail")),
        ("sending", True, 1, False, Decision("postpone", timedelta(minutes=1))),
        ("sending", True, 4, False, Decision("postpone", timedelta(minutes=60))),
        ("sending", True, 5, False, Decision("fail")),
        ("running", True, 1, False, Decision("postpone", timedelta(minutes=1))),
        ("running", True, 99, False, Decision("postpone", timedelta(minutes=60))),
        ("running", True, 1, True, Decision("fail")),
        ("running", False, 1, False, Decision("fail")),
    ],
)
def test_an_error_is_tried_again_or_is_the_end(state, retryable, attempts, overdue, decision):
    assert after_error(state, retryable, attempts, 5, overdue) == decision


def test_detached_work_is_given_an_hour_to_be_collected_after_its_deadline():
    started = NOW - timedelta(seconds=600)
    assert not run_states.is_overdue(NOW, started, 600)
    assert not run_states.is_overdue(NOW + timedelta(hours=1), started, 600)
    assert run_states.is_overdue(NOW + timedelta(hours=1, seconds=1), started, 600)
    assert not run_states.is_overdue(NOW, None, 600)


def test_a_lease_outlives_the_slice_it_was_taken_in():
    assert run_states.lease_until(NOW, 45) == NOW + timedelta(seconds=75)
