"""The dead man's report of a host, with a real SMTP server that takes its mails."""

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "e2e"))

from smtp_sink import Sink  # noqa: E402

from odoo.addons.linserv_backup.agent import dr_rules, watch_report  # noqa: E402
from odoo.addons.linserv_backup.agent.errors import BackupError  # noqa: E402
from odoo.addons.linserv_backup.agent.watch_report import Watch  # noqa: E402

NOW = 1793494800
HOUR = 3600


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.stop()


class Host:
    """A DR host whose repositories list what the test says."""

    def __init__(self, folder, sink, monkeypatch):
        self.root, self.state, self.newest = folder / "copies", folder / "state", {}
        self.state.mkdir()
        smtp = {"host": "127.0.0.1", "port": sink.port, "security": "none"}
        watch = {"smtp": smtp, "from": "dr@linserv.example", "to": ["drift@linserv.example"], "name": "dr1"}
        self.section = {"root": str(self.root), "restic": "/usr/bin/restic", "watch": watch}
        monkeypatch.setitem(watch_report._LISTINGS, "dr", self.listing)

    def repository(self, name, newest, judged="good"):
        (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / name / "passphrase").write_text("x")
        os.utime(self.root / name / "passphrase", (NOW - 90 * 86400,) * 2)
        self.newest[name] = (newest, judged)

    def asked(self, moment):
        (self.state / "asked").touch()
        os.utime(self.state / "asked", (moment, moment))

    def listing(self, _section, name):
        if isinstance(self.newest[name][0], Exception):
            raise self.newest[name][0]
        slot, judged = self.newest[name]
        points = [{"kind": "dr", "slot": dr_rules.format_slot(slot), "judged": judged}]
        return {"points": points, "damaged": []}

    def look(self, now, daily=False):
        return Watch(self.section, self.state, now).report(daily)


@pytest.fixture
def host(tmp_path, sink, monkeypatch):
    made = Host(tmp_path, sink, monkeypatch)
    made.repository("norrvik", NOW - 10 * HOUR)
    made.asked(NOW - HOUR)
    return made


def subjects(sink):
    return [subject for _id, _to, subject in sink.taken]


def test_the_daily_report_says_that_all_is_well_and_names_the_newest_proved_copy(host, sink):
    report = host.look(NOW, daily=True)
    assert report["ok"] and report["mailed"]["reason"] == "daily"
    assert subjects(sink) == ["[linserv dr] dr1: all is well"]
    text = sink.mails[0][1].get_payload()
    assert "norrvik  DR copy: 20261031T150000Z (10 hours ago)" in text
    assert sink.mails[0][1]["Auto-Submitted"] == "auto-generated"
    assert json.loads((host.root / "report.json").read_text()) == report


def test_a_look_without_news_writes_to_nobody(host, sink):
    assert host.look(NOW)["ok"]
    assert sink.taken == []


def test_a_late_copy_is_told_once_a_day_until_it_is_over(host, sink):
    for hours, expected in ((19, 0), (21, 1), (22, 1), (46, 2)):
        host.asked(NOW + hours * HOUR)
        host.look(NOW + hours * HOUR)
        assert len(sink.taken) == expected, hours
    assert "norrvik, DR copy: the newest proved point is 31 hours old" in sink.mails[0][1].get_payload()
    host.repository("norrvik", NOW + 46 * HOUR)
    host.look(NOW + 47 * HOUR)
    assert subjects(sink)[-1] == "[linserv dr] dr1: all is well"


def test_a_copy_that_is_damaged_or_suspect_is_no_proved_point(host):
    host.repository("norrvik", NOW - HOUR, judged="damaged")
    assert [alarm["key"] for alarm in host.look(NOW)["alarms"]] == ["none:norrvik:dr"]


def test_a_silent_odoo_is_told_although_every_copy_is_fresh(host, sink):
    host.repository("norrvik", NOW + 9 * HOUR)
    host.look(NOW + 10 * HOUR)
    assert "Odoo asked this host last 11 hours ago" in sink.mails[0][1].get_payload()


def test_what_odoo_expects_goes_before_the_default(host):
    watch = Watch(host.section, host.state, NOW)
    assert watch.expect({"norrvik": {"kinds": {"dr": 4 * HOUR}}, "nobody": {"kinds": {}}}) == 1
    assert [alarm["key"] for alarm in host.look(NOW)["alarms"]] == ["late:norrvik:dr"]
    watch.expect({"norrvik": {"kinds": {}}})
    assert host.look(NOW)["ok"], "a customer who has left is not late"


def test_one_repository_that_cannot_be_read_does_not_hide_another(host):
    host.repository("aspen", BackupError("engine_failed", "wrong password"))
    host.repository("norrvik", NOW - 40 * HOUR)
    assert [alarm["key"] for alarm in host.look(NOW)["alarms"]] == ["unreadable:aspen", "late:norrvik:dr"]


def test_a_mail_that_nobody_takes_is_tried_again_at_the_next_look(host, sink):
    port, host.section["watch"]["smtp"]["port"] = sink.port, 1
    host.repository("norrvik", NOW - 40 * HOUR)
    assert "mail_error" in host.look(NOW)
    host.section["watch"]["smtp"]["port"] = port
    assert host.look(NOW + 900)["mailed"]["reason"] == "alarm"
    assert len(sink.taken) == 1


def test_without_a_mail_server_the_report_says_that_nobody_was_told(host):
    del host.section["watch"]["smtp"]
    host.repository("norrvik", NOW - 40 * HOUR)
    assert "nobody was told" in host.look(NOW)["mail_error"]
