"""Which step connects a repository next, and what makes a step come again."""

from dataclasses import replace

import pytest

from odoo.addons.linserv_backup.domain import agreement, connecting
from odoo.addons.linserv_backup.domain.agreement import Known, compare
from odoo.addons.linserv_backup.domain.connecting import STEPS, Circumstances, marks, next_step
from odoo.addons.linserv_backup.domain.sizes import human_bytes

NOW = Circumstances(
    source={"address": "a", "instance": "norrvik", "agent": "1"},
    public_key="key",
    backup_host={"address": "b"},
    dr_public_key="dr key",
    days={"db": 90, "dr": 14},
    hosts=(1, 2, 3),
)


def test_the_steps_come_in_order_and_end():
    done = {}
    taken = []
    while next_step(done, NOW):
        step = next_step(done, NOW)
        taken.append(step)
        done[step] = marks(NOW)[step]
    assert taken == list(STEPS)


def test_without_a_dr_host_there_are_two_steps():
    assert set(marks(replace(NOW, days={"db": 90}))) == {connecting.ENROLL, connecting.AUTHORIZE}


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"source": {"address": "other"}}, "enroll"),
        ({"days": {"db": 30, "dr": 14}}, "enroll"),
        ({"hosts": (1, 7, 3)}, "enroll"),
        ({"hosts": (7, 2, 3)}, "authorize"),
        ({"public_key": "other"}, "authorize"),
        ({"backup_host": {"address": "c"}}, "dr_enroll"),
        ({"days": {"db": 90, "dr": 30}}, "dr_enroll"),
        ({"hosts": (1, 2, 7)}, "dr_enroll"),
        ({"dr_public_key": "other"}, "dr_authorize"),
    ],
)
def test_other_circumstances_bring_a_step_back(change, step):
    assert next_step(marks(NOW), replace(NOW, **change)) == step


POINT = "db-20261101T103000Z"


@pytest.mark.parametrize(
    ("state", "listed", "trash", "damaged", "fresh", "difference"),
    [
        ("proved", True, (), (), False, ""),
        ("proved", False, (), (), False, "vanished"),
        ("proved", False, (), (), True, ""),
        ("suspect", False, (), (), False, "vanished"),
        ("proved", True, (), (POINT,), False, "damaged"),
        ("proved", False, (), (POINT,), False, "damaged"),
        ("failed", True, (), (POINT,), False, ""),
        ("failed", True, (), (), False, "found"),
        ("missed", True, (), (), False, "found"),
        ("failed", False, (), (), False, ""),
        ("running", True, (), (), False, ""),
        ("due", False, (), (), False, ""),
        ("trashed", True, (), (), False, "restored"),
        ("trashed", True, (), (), True, ""),
        ("trashed", False, ("trash-20261102T000000Z-" + POINT,), (), False, ""),
        ("trashed", False, (), (), False, "removed"),
        ("trashed", False, (), (), True, ""),
    ],
)
def test_what_a_list_means_for_a_point(state, listed, trash, damaged, fresh, difference):
    found = compare([Known(7, POINT, state, fresh)], {POINT: False} if listed else {}, trash, damaged)
    told = {name: getattr(found, name) for name in ("found", "vanished", "damaged", "removed", "restored")}
    assert told == {name: (7,) if name == difference else () for name in told}
    assert found.any is bool(difference)


def test_what_nobody_knows_is_unknown_unless_it_is_damaged():
    assert compare([], {POINT: False}, (), ()).unknown == (POINT,)
    assert compare([], {POINT: False}, (), (POINT,)) == agreement.Differences()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (460_000, "460 kB"),
        (10_940_000_000, "10.9 GB"),
        (1.5e21, "1500000 PB"),
    ],
)
def test_sizes(number, text):
    assert human_bytes(number) == text
