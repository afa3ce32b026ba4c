"""The dead men's rules: what is late, and who is told how often."""

import pytest

from odoo.addons.linserv_backup.agent import watch_rules
from odoo.addons.linserv_backup.agent.watch_rules import Alarm, Facts

NOW = 1793494800
HOUR = 3600


def keys(facts):
    return [alarm.key for alarm in watch_rules.judge_repository(facts, NOW)]


@pytest.mark.parametrize(
    "newest, since, expected",
    [
        (NOW - 3 * HOUR, 0, []),
        (NOW - 3 * HOUR - 1, 0, ["late:norrvik:db"]),
        (None, NOW - HOUR, []),
        (None, NOW - 4 * HOUR, ["none:norrvik:db"]),
        (NOW + 600, 0, []),
        (NOW + 2 * HOUR, 0, ["clock:norrvik:db"]),
    ],
)
def test_a_repository_is_judged_by_its_newest_proved_point(newest, since, expected):
    assert keys(Facts("norrvik", {"db": newest}, {"db": 3 * HOUR}, since)) == expected


def test_each_kind_has_its_own_patience_and_what_nobody_expects_is_not_late():
    facts = Facts("norrvik", {"db": NOW - HOUR, "fs": NOW - 70 * HOUR}, {"db": 2 * HOUR, "fs": 72 * HOUR}, 0)
    assert keys(facts) == []
    assert keys(facts._replace(allowed={})) == []
    assert keys(facts._replace(newest={"db": None, "fs": None})) == ["none:norrvik:db", "none:norrvik:fs"]


def test_a_damaged_point_and_a_repository_that_cannot_be_read_are_alarms():
    assert keys(Facts("norrvik", {"db": NOW}, {"db": HOUR}, 0, damaged=["db-x"])) == ["damaged:norrvik"]
    assert keys(Facts("norrvik", {}, {"db": HOUR}, 0, error="wrong password")) == ["unreadable:norrvik"]


@pytest.mark.parametrize(
    "asked, free, expected",
    [
        (NOW - 6 * HOUR, 50, []),
        (NOW - 6 * HOUR - 1, 50, ["silent"]),
        (None, 50, ["silent"]),
        (NOW, 9, ["disk"]),
    ],
)
def test_a_silent_odoo_and_a_full_disk_are_alarms(asked, free, expected):
    assert [alarm.key for alarm in watch_rules.judge_host(asked, free, 100, 6, NOW)] == expected


LATE, SILENT = Alarm("late:norrvik:db", "…"), Alarm("silent", "…")


@pytest.mark.parametrize(
    "before, alarms, daily, reason",
    [
        ({}, [], False, None),
        ({}, [], True, "daily"),
        ({}, [LATE], False, "alarm"),
        ({"keys": ["late:norrvik:db"], "time": NOW - HOUR}, [LATE], False, None),
        ({"keys": ["late:norrvik:db"], "time": NOW - HOUR}, [LATE, SILENT], False, "alarm"),
        ({"keys": ["late:norrvik:db", "silent"], "time": NOW - HOUR}, [LATE], False, None),
        ({"keys": ["late:norrvik:db"], "time": NOW - 24 * HOUR}, [LATE], False, "reminder"),
        ({"keys": ["late:norrvik:db"], "time": NOW - HOUR}, [], False, "recovered"),
        ({"keys": [], "time": NOW - HOUR}, [], False, None),
    ],
)
def test_a_person_is_told_of_what_is_new_reminded_daily_and_told_of_the_end(before, alarms, daily, reason):
    assert watch_rules.mail_reason(before, alarms, NOW, daily) == reason
