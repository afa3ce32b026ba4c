"""What a host says of itself is checked. The numbers are those of docs/backups.md."""

from datetime import datetime, timedelta

import pytest

from odoo.addons.linserv_backup.domain import host_reports

HOUR = timedelta(hours=1)


def answer(**more):
    report = {"time": 1793707200, "alarms": [{"key": "damaged:norrvik", "text": "norrvik has damaged points"}], **more}
    return {"report": report, "clock": 1793707300}


def test_46_a_report_has_its_time_and_the_host_s_words():
    report = host_reports.parse(answer())
    assert report.time == datetime.fromisoformat("2026-11-03 12:00")
    assert report.alarms == ("norrvik has damaged points",)


def test_46_what_odoo_judges_itself_is_left_out_and_a_mail_that_failed_is_told():
    alarms = [{"key": "late:norrvik:db", "text": "late"}, {"key": "silent", "text": "Odoo is silent"}]
    assert host_reports.parse(answer(alarms=alarms, mail_error="nobody was told")).alarms == ("nobody was told",)


def test_46_a_host_that_has_not_looked_yet_has_no_report():
    assert host_reports.parse({"report": None, "clock": 1}) is None


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"report": []},
        answer(time="now"),
        answer(time=True),
        answer(time=-5),
        answer(time=2**40),
        answer(alarms="x"),
        answer(alarms=[1]),
        answer(alarms=[{"key": 1, "text": "x"}]),
    ],
)
def test_46_anything_else_is_no_report(wrong):
    with pytest.raises(host_reports.MalformedReportError):
        host_reports.parse(wrong)


def test_46_a_flood_of_words_is_cut():
    alarms = [{"key": "disk", "text": "x" * 10000}] * 10000
    report = host_reports.parse(answer(alarms=alarms))
    assert (len(report.alarms), len(report.alarms[0])) == (200, 300)


@pytest.mark.parametrize(("hours", "allowed"), [([0, 0.5, 1], 6.5), ([0, 4, 8, 12, 72], 66), ([0], 30), ([], 30)])
def test_47_a_host_allows_the_longest_pause_and_six_hours(hours, allowed):
    slots = [datetime.fromisoformat("2026-11-02 07:00") + HOUR * each for each in hours]
    assert host_reports.allowed_age(slots, HOUR * 6) == HOUR * allowed
