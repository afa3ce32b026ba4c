"""Who is told what, and when it is over. The numbers are those of docs/backups.md."""

from datetime import datetime, timedelta

import pytest

from odoo.addons.linserv_backup.domain import alert_changes, alerts
from odoo.addons.linserv_backup.domain.alerts import CRITICAL, WARNING, Limits

LIMITS = Limits()
NOON = datetime.fromisoformat("2026-11-03 12:00")
SUNDAY = datetime.fromisoformat("2026-11-08 12:00")
HALF_HOUR = timedelta(minutes=30)


def at(text):
    """That time of the day of NOON."""
    return datetime.fromisoformat("2026-11-03 " + text)


def half_hours(number, last=NOON):
    """The latest half-hour slots, the last one at ``last``."""
    return [last - HALF_HOUR * back for back in reversed(range(number))]


def found(code="late", subject="plan,1", severity=WARNING, cause="", since=NOON):
    return alerts.Finding(code, subject, since, severity, cause)


@pytest.mark.parametrize(
    ("proved", "now", "missed"),
    [
        ("12:00", "12:44", []),
        ("11:30", "12:44", []),  # 12:00 may still come
        ("11:30", "12:45", ["12:00"]),
        ("11:00", "12:45", ["11:30", "12:00"]),
        (None, "12:15", ["10:30", "11:00", "11:30"]),
    ],
)
def test_30_a_slot_is_overdue_45_minutes_after_it(proved, now, missed):
    slots = half_hours(4)
    last = proved and at(proved)
    assert alerts.overdue(slots, last, at(now), LIMITS) == [at(text) for text in missed]


@pytest.mark.parametrize(
    ("missed", "hours_after_first", "severity"),
    [
        (0, 0, None),
        (1, 1, None),
        (1, 4, WARNING),
        (2, 1.25, WARNING),
        (9, 5, WARNING),
        (12, 6, CRITICAL),
        (1, 6, CRITICAL),
    ],
)
def test_31_two_overdue_slots_or_one_for_four_hours_are_late(missed, hours_after_first, severity):
    slots = [NOON + HALF_HOUR * number for number in range(missed)]
    now = NOON + timedelta(hours=hours_after_first)
    assert alerts.late_severity(slots, now, LIMITS) == severity


def test_31_lateness_is_told_with_its_first_slot():
    now = NOON + timedelta(minutes=75)
    finding = alerts.late("plan,1", half_hours(3, NOON + HALF_HOUR * 2), now, LIMITS, cause="linserv.host,3")
    assert (finding.since, finding.facts["missed"], finding.cause) == (NOON, 3, "linserv.host,3")


def test_31_a_late_disaster_copy_is_critical_after_two_days_only():
    early = alerts.late("plan,2", [NOON], NOON + timedelta(hours=7), LIMITS, code="dr_late")
    later = alerts.late("plan,2", [NOON], NOON + timedelta(days=2), LIMITS, code="dr_late")
    assert (early.severity, later.severity) == (WARNING, CRITICAL)


def test_31_a_friday_evening_is_not_late_on_a_sunday():
    friday = [SUNDAY - timedelta(hours=hours) for hours in (54, 50, 46, 42)]
    missed = alerts.overdue(friday, friday[-1], SUNDAY, LIMITS)
    assert alerts.late("plan,3", missed, SUNDAY, LIMITS) is None


@pytest.mark.parametrize("code", sorted(alerts.RULES))
def test_32_every_kind_has_a_first_severity_and_never_gets_better_with_age(code):
    young = alerts.find(code, "x", NOON, NOON)
    old = alerts.find(code, "x", NOON, NOON + timedelta(days=400))
    assert young.severity in alerts.SEVERITIES
    assert (young.severity, old.severity) != (CRITICAL, WARNING)


def test_32_an_accepted_age_is_the_rule_s():
    assert alerts.find("suspect", "point,1", NOON, NOON + timedelta(hours=23)).severity == WARNING
    assert alerts.find("suspect", "point,1", NOON, NOON + timedelta(hours=24)).severity == CRITICAL


@pytest.mark.parametrize(
    ("last", "missing_from"),
    [(timedelta(days=7), None), (timedelta(days=8), timedelta(0)), (timedelta(days=9), timedelta(days=-1))],
)
def test_33_what_should_come_every_eight_days_is_missing_from_then_on(last, missing_from):
    since = alerts.older_than(NOON - last, NOON - timedelta(days=99), NOON, LIMITS.drill_after)
    assert since == (None if missing_from is None else NOON + missing_from)


def test_33_before_the_first_one_the_time_counts_from_the_beginning():
    assert alerts.older_than(None, NOON - timedelta(days=2), NOON, LIMITS.drill_after) is None
    assert alerts.older_than(None, NOON - timedelta(days=10), NOON, LIMITS.drill_after) == NOON - timedelta(days=2)


@pytest.mark.parametrize(
    ("days", "severity"), [(None, None), (31, None), (30, WARNING), (8, WARNING), (7, CRITICAL), (0, CRITICAL)]
)
def test_34_a_disk_that_fills_within_a_month_is_told_and_within_a_week_critical(days, severity):
    assert alerts.capacity_severity(days, LIMITS) == severity


def test_35_five_late_instances_of_one_host_are_told_once():
    late = [found(subject="plan,%d" % number, cause="linserv.host,3") for number in range(5)]
    other = found(subject="plan,9", cause="linserv.host,4")
    told = alerts.with_several([*late, other], NOON, LIMITS)
    several = [each for each in told if each.code == alerts.SEVERAL]
    assert [(each.subject, each.facts["count"], each.severity) for each in several] == [("linserv.host,3", 5, CRITICAL)]
    assert alerts.quiet_keys(told) == {each.key for each in late}


def test_35_four_are_told_one_by_one():
    late = [found(subject="plan,%d" % number, cause="linserv.host,3") for number in range(4)]
    assert alerts.with_several(late, NOON, LIMITS) == late
    assert alerts.quiet_keys(late) == frozenset()


def test_36_one_thing_is_one_finding_with_its_worst_and_its_earliest():
    first = found("damaged", "repository,1", WARNING, since=NOON - timedelta(hours=3))
    second = found("damaged", "repository,1", CRITICAL)
    (one,) = alerts.worst([first, second])
    assert (one.severity, one.since) == (CRITICAL, NOON - timedelta(hours=3))


def known(number, key, severity=WARNING, closed=None):
    return alert_changes.Known(number, key, severity, closed)


def compare(alerts_known, findings, judged=tuple(alerts.RULES), now=NOON):
    changes = alert_changes.compare(alerts_known, findings, now, judged)
    return {name: value for name, value in vars(changes).items() if value}


def test_37_what_is_found_is_opened_once():
    finding = found()
    assert compare([], [finding]) == {"opened": [finding]}
    assert compare([known(1, finding.key)], [finding]) == {"kept": [(1, finding)]}


def test_38_what_becomes_critical_is_escalated_once_and_never_eased():
    critical = found(severity=CRITICAL)
    assert compare([known(1, critical.key)], [critical]) == {"escalated": [(1, critical)]}
    assert compare([known(1, critical.key, CRITICAL)], [critical]) == {"kept": [(1, critical)]}
    assert compare([known(1, critical.key, CRITICAL)], [found()]) == {"kept": [(1, found())]}


def test_39_what_is_mended_closes_by_itself():
    assert compare([known(1, ("late", "plan,1"))], []) == {"closed": [1]}


def test_39_what_nobody_could_look_at_stays_open():
    assert compare([known(1, ("late", "plan,1"))], [], judged=["capacity"]) == {}


@pytest.mark.parametrize(("hours", "what"), [(1, "reopened"), (24, "reopened"), (25, "opened")])
def test_40_what_comes_back_within_a_day_is_the_same_alert(hours, what):
    finding = found()
    closed = known(1, finding.key, closed=NOON - timedelta(hours=hours))
    older = known(7, finding.key, closed=NOON - timedelta(days=3))
    assert compare([older, closed], [finding]) == {what: [finding] if what == "opened" else [(1, finding)]}


@pytest.mark.parametrize(
    ("severity", "hours", "taken", "told"),
    [(CRITICAL, 4, False, True), (CRITICAL, 3, False, False), (CRITICAL, 9, True, False), (WARNING, 99, False, False)],
)
def test_41_a_critical_alert_that_nobody_takes_goes_to_a_second_person(severity, hours, taken, told):
    assert alert_changes.is_unanswered(severity, NOON - timedelta(hours=hours), taken, NOON) is told
