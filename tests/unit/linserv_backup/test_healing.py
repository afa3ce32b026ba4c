"""The steps of healing, as a table."""

import pytest

from odoo.addons.linserv_backup.domain import healing
from odoo.addons.linserv_backup.domain.values import AnswerRefusedError

A, B, COPY = "db-20261101T003000Z", "db-20261101T010000Z", "dr-20261101T010000Z"


@pytest.mark.parametrize(
    "side, step, damaged, todo, expected",
    [
        ("backup", "", [], [], "check"),
        ("backup", "check", [], [], None),
        ("backup", "check", [A], [], "offer"),
        ("backup", "offer", [A], [A], "renew"),
        ("backup", "renew", [A], [A], "authorise"),
        ("backup", "renew", [A], [], "verify"),
        ("backup", "authorise", [A], [A], "push"),
        ("backup", "push", [A], [A], "verify"),
        ("backup", "verify", [A], [A], "revoke"),
        ("backup", "verify", [A], [], None),
        ("backup", "revoke", [A], [A], None),
        ("dr", "", [], [], "dr_check"),
        ("dr", "dr_check", [], [], None),
        ("dr", "dr_check", [COPY], [COPY], "dr_renew"),
        ("dr", "dr_renew", [COPY], [COPY], "refill"),
        ("dr", "refill", [COPY], [COPY], "refill"),
        ("dr", "refill", [COPY], [], "dr_verify"),
        ("dr", "dr_verify", [COPY], [], None),
    ],
)
def test_each_step_is_followed_by_the_next(side, step, damaged, todo, expected):
    assert healing.next_step(side, step, damaged, todo) == expected


@pytest.mark.parametrize(
    "step, expected",
    [("check", None), ("authorise", "revoke"), ("push", "revoke"), ("verify", "revoke"), ("revoke", None)],
)
def test_a_failure_leaves_no_door_open(step, expected):
    assert healing.step_after_failure(step) == expected


def test_what_nobody_has_a_copy_of_is_named_as_lost():
    plan = healing.plan([B, A], {COPY: A, "dr-20261102T010000Z": "db-20261102T003000Z"})
    assert (plan.copies, plan.lost) == ({A: COPY}, (B,))


def test_answers_are_read_and_not_believed():
    assert healing.read_damaged({"ok": True, "damaged": []}) == ()
    assert healing.read_damaged({"ok": False, "damaged": [{"name": A, "what": "…"}]}) == (A,)
    assert healing.read_healed({"healed": [{"name": A}, {"name": B}]}, [A]) == (A,)
    assert healing.read_sources({"sources": {COPY: A}}) == {COPY: A}


@pytest.mark.parametrize(
    "answer", [None, [], {"ok": False, "damaged": []}, {"ok": False, "damaged": [{"name": "../x"}]}, {"damaged": "no"}]
)
def test_a_check_that_makes_no_sense_is_refused(answer):
    with pytest.raises(AnswerRefusedError):
        healing.read_damaged(answer)
