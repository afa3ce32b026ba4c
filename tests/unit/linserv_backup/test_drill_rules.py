"""When drills are due, what is made of a host's answer, and what is signed."""

import json
from datetime import datetime, timedelta

import pytest

from odoo.addons.linserv_backup.domain import drill_evidence, drill_schedule, drills
from odoo.addons.linserv_backup.domain.drill_schedule import Place
from odoo.addons.linserv_backup.domain.drills import Finding, Known
from odoo.addons.linserv_backup.tests.drill_builders import SHA, answer

NOW = datetime.fromisoformat("2026-11-23T12:00:00")
WEEK = timedelta(days=7)


def ago(**how):
    return NOW - timedelta(**how)


@pytest.mark.parametrize(
    ("place", "is_due"),
    [
        (Place(1, 1), True),
        (Place(1, 1, is_open=True), False),
        (Place(1, 1, held=ago(days=6, hours=23)), False),
        (Place(1, 1, held=ago(days=7)), True),
        (Place(1, 1, failed=ago(minutes=30), failure_class="transient"), False),
        (Place(1, 1, failed=ago(minutes=61), failure_class="transient"), True),
        (Place(1, 1, failed=ago(hours=11), failure_class="configuration"), False),
        (Place(1, 1, held=ago(days=8), failed=ago(hours=13), failure_class="configuration"), True),
        (Place(1, 1, held=ago(days=8), failed=ago(days=9), failure_class="unknown"), True),
    ],
)
def test_when_a_drill_is_due(place, is_due):
    assert bool(drill_schedule.choose([place], WEEK, NOW, [])) is is_due


def test_each_host_holds_one_drill_and_the_longest_overdue_comes_first():
    places = [
        Place(1, 10, held=ago(days=8)),
        Place(2, 10, held=ago(days=9)),
        Place(3, 11, held=ago(days=8)),
        Place(4, 12),
    ]
    assert [place.key for place in drill_schedule.choose(places, WEEK, NOW, [12])] == [2, 3]


def test_every_other_drill_takes_the_newest_and_the_others_go_through_all_that_is_kept():
    picked = [drill_schedule.pick(90, number) for number in range(1, 1001)]
    assert set(picked[::2]) == {0}
    assert len(set(picked[1::2])) > 80
    assert max(picked) < 90
    assert drill_schedule.pick(1, 2) == 0


def test_every_fourth_drill_compares_hashes_of_the_source():
    assert [number for number in range(1, 13) if drill_schedule.takes_hashed(number)] == [2, 6, 10]


def test_every_fault_has_its_class():
    assert drill_schedule.failure_class("disk_full") == "capacity"
    assert drill_schedule.failure_class("engine_timeout") == "transient"
    assert drill_schedule.failure_class("never heard of") == "unknown"


def test_a_good_answer_is_proved():
    finding = drills.parse(answer())
    assert drills.judge(finding, Known("db-20261101T103000Z", 262144000, SHA, 701234)).state == "proved"


@pytest.mark.parametrize(
    ("known", "code"),
    [
        (Known("db-other"), "other_point"),
        (Known("db-20261101T103000Z", dump_sha256="00" * 32), "other_dump"),
        (Known("db-20261101T103000Z", rows=1), "other_rows"),
    ],
)
def test_what_odoo_knows_decides(known, code):
    verdict = drills.judge(drills.parse(answer()), known)
    assert (verdict.state, verdict.codes) == ("faulty", [code])


def test_a_drill_that_skips_a_phase_proves_nothing():
    told = answer()
    del told["seconds"]["files"]
    assert drills.judge(drills.parse(told), Known("db-20261101T103000Z")).codes == ["not_whole"]


@pytest.mark.parametrize(
    "change",
    [
        {"ok": 1},
        {"ok": False},
        {"faults": "none"},
        {"faults": [{"code": "Not a code"}], "ok": False},
        {"name": "../etc"},
        {"seconds": {"total": "long"}},
        {"seconds": {"total": 10**9}},
        {"rows": True},
        {"rows": 2**60},
        {"dump": {"bytes": 1, "sha256": "AB" * 32}},
        {"files": {"count": 1}},
        {"registry": []},
        {"usable_seconds": float("nan")},
    ],
)
def test_what_has_not_the_form_is_refused(change):
    with pytest.raises(drills.MalformedDrillError):
        drills.parse({**answer(), **change})


@pytest.mark.parametrize("junk", [None, [], "x", 1, {}])
def test_junk_is_refused(junk):
    with pytest.raises(drills.MalformedDrillError):
        drills.parse(junk)


def test_a_settled_drill_stays_settled():
    assert drills.may_become("ordered", "faulty")
    assert not any(
        drills.may_become(state, new) for state in drills.STEPS if state != "ordered" for new in drills.STEPS
    )


def make_statement(finding, sequence=1, previous=None):
    names = ("Linserv AB", "Norrvik Bygg AB", "norrvik", "norrvik", "backup", "backup1", "db")
    subject = drill_evidence.Subject(*names, datetime.fromisoformat("2026-11-01T10:30:00"), "run")
    verdict = drills.judge(finding, Known(finding.name))
    return drill_evidence.statement_text(subject, finding, verdict, sequence, previous)


def test_the_same_drill_is_the_same_text_and_says_what_was_proved():
    text = make_statement(drills.parse(answer()))
    assert text == make_statement(drills.parse(answer()))
    told = json.loads(text)
    assert (told["result"], told["faults"], told["point"]["slot"]) == ("proved", [], "2026-11-01T10:30:00Z")
    assert told["rows"] == {
        "tables": 406, "rows": 701234, "root": "cd" * 32, "tables_compared": 406, "hashes_compared": 0
    }  # fmt: skip
    assert told["seconds"]["restore"] == "21.750"


def test_a_drill_that_got_nowhere_has_a_statement_too():
    told = answer(faults=["dump_differs"], seconds={"rebuild": 1.0, "hash": 1.0, "total": 2.0})
    for key in ("tables", "rows", "rows_root", "files", "registry"):
        del told[key]
    statement = json.loads(make_statement(drills.parse(told)))
    assert (statement["result"], statement["files"], statement["odoo"]) == ("faulty", None, None)


def test_a_finding_has_a_name_and_times_at_least():
    assert {"name", "began", "ended", "faults"} <= set(Finding.__dataclass_fields__)
