"""What a failure means and whether the slot is tried again."""

import pytest

from odoo.addons.linserv_backup.domain import failures, point_states
from odoo.addons.linserv_backup.domain.failures import Failure, classify, judge


@pytest.mark.parametrize(
    ("code", "retryable", "kind", "expected"),
    [
        ("unreachable", True, "", "transient"),
        ("disk_full", True, "", "capacity"),
        ("host_key_changed", False, "", "configuration"),
        ("pg_dump_failed", False, "", "data"),
        ("never_heard_of", True, "", "transient"),
        ("never_heard_of", False, "", "unknown"),
        ("never_heard_of", False, "capacity", "capacity"),
        ("busy", True, "nonsense", "transient"),
    ],
)
def test_failures_have_a_class(code, retryable, kind, expected):
    assert classify(code, retryable, kind) == expected


@pytest.mark.parametrize(
    ("kind", "attempts", "worth", "retry_at"),
    [
        ("transient", 1, 1800, 60),
        ("transient", 4, 1800, 600),
        ("transient", 6, 1800, None),  # the next slot would have come
        ("transient", 99, 99999, None),
        ("configuration", 1, 1800, None),
        ("data", 1, 1800, 300),
        ("data", 2, 1800, None),
        ("capacity", 1, 1800, 900),
        ("capacity", 1, 600, None),
        ("unknown", 2, 1800, 900),
    ],
)
def test_a_slot_is_tried_again_while_it_is_worth_it(kind, attempts, worth, retry_at):
    assert judge(kind, attempts, 0, worth) == Failure(kind, retry_at)


def test_every_class_has_its_own_waits():
    assert set(failures.WAITS) == {"transient", "configuration", "data", "capacity", "unknown"}


def test_what_is_removed_stays_removed():
    assert not any(
        point_states.may_become("removed", state) for state in point_states.TRANSITIONS if state != "removed"
    )


def test_only_a_point_that_is_there_is_deleted():
    deletable = {state for state in point_states.TRANSITIONS if point_states.may_become(state, "trashed")}
    assert deletable == {"proved", "suspect", "trashed"}
