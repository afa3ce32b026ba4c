"""What a DR host may forget: a table that a person can check."""

import pytest

from odoo.addons.linserv_backup.agent import dr_rules
from odoo.addons.linserv_backup.agent.dr_rules import DAY, Copy
from odoo.addons.linserv_backup.agent.errors import BackupError

NOW = 1793494800  # 2026-11-01T01:00:00Z


def copies(count, newest=NOW - 3600):
    """One proved copy a day, the newest first."""
    return [Copy("dr-%d" % age, newest - age * DAY, "proved") for age in range(count)]


def test_slots_are_utc_and_days_are_utc_days():
    assert dr_rules.parse_slot("20261101T010000Z") == NOW
    assert dr_rules.format_slot(NOW) == "20261101T010000Z"
    assert dr_rules.day_of(dr_rules.parse_slot("20261101T235959Z")) == "20261101"


@pytest.mark.parametrize(
    "text", ["", "2026-11-01", "20261101T010000", "20261301T010000Z", "20261101T010000Z\n", "x" * 99]
)
def test_what_is_no_slot_is_refused(text):
    with pytest.raises(BackupError):
        dr_rules.parse_slot(text)


def test_a_day_has_one_copy_in_both_hours_that_a_clock_shows_twice():
    first = dr_rules.parse_slot("20261025T003000Z")  # 02:30 in Stockholm, summer time
    second = dr_rules.parse_slot("20261025T013000Z")  # 02:30 again, winter time
    assert dr_rules.find_of_day([Copy("dr-a", first, "proved")], second).name == "dr-a"


@pytest.mark.parametrize("state", ["pending", "damaged", "trash"])
def test_only_a_proved_copy_is_the_copy_of_its_day(state):
    assert dr_rules.find_of_day([Copy("dr-a", NOW, state)], NOW) is None


@pytest.mark.parametrize(
    "names, held, now, code",
    [
        (["dr-15"], {}, NOW, None),
        (["dr-15", "dr-16"], {}, NOW, None),
        ([], {}, NOW, None),
        (["dr-13"], {}, NOW, "not_expired"),
        (["dr-14"], {}, NOW, None),
        (["dr-nobody"], {}, NOW, "not_expired"),
        (["dr-15", "dr-16", "dr-14"], {}, NOW, "too_many"),
        (["dr-15"], {"dr-15": "a dispute"}, NOW, "held"),
        (["dr-0"], {}, NOW, "last_proved"),
        (["dr-15"], {}, NOW + 100 * DAY, "frozen"),
        (["dr-0"], {}, NOW + 100 * DAY, "last_proved"),
    ],
)
def test_a_deletion_is_agreed_to_or_refused_as_a_whole(names, held, now, code):
    if code is None:
        dr_rules.check_deletion(names, copies(17), held, now, 14)
        return
    with pytest.raises(BackupError) as error:
        dr_rules.check_deletion(names, copies(17), held, now, 14)
    assert (error.value.code, error.value.kind) == (code, "configuration")


def test_the_last_copy_that_is_whole_stays_even_when_it_is_old_and_newer_ones_are_damaged():
    known = [Copy("dr-new", NOW, "damaged"), Copy("dr-old", NOW - 20 * DAY, "proved")]
    with pytest.raises(BackupError) as error:
        dr_rules.check_deletion(["dr-old"], known, {}, NOW, 14)
    assert error.value.code == "last_proved"


@pytest.mark.parametrize("ahead", [301, -301, 100 * DAY, -100 * DAY])
def test_clocks_that_differ_decide_nothing(ahead):
    with pytest.raises(BackupError) as error:
        dr_rules.check_clocks(NOW + ahead, NOW)
    assert error.value.code == "clocks_differ"


def test_clocks_may_differ_by_five_minutes():
    dr_rules.check_clocks(NOW + 300, NOW)
    dr_rules.check_clocks(NOW - 300, NOW)


def test_the_trash_is_emptied_after_a_week():
    known = [
        Copy("a", NOW, "trash", NOW - 7 * DAY),
        Copy("b", NOW, "trash", NOW - 7 * DAY + 1),
        Copy("c", NOW, "proved"),
    ]
    assert dr_rules.purgeable(known, NOW) == ["a"]
