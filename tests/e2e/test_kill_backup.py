"""Odoo is killed while a slot is ordered, answered, proved and old points are deleted: each happens whole and once.

One instance for each kill, at steps of Odoo's talk with the database. Afterwards the scheduled actions come again. The
hosts' side is a file on the disk that outlives every Odoo: what it was told stays told.
"""

import json

import pytest
from support import SUITE

KILLS = 13
NAMES = ["instance%02d" % number for number in range(KILLS + 1)]

SCRIPT = """
import datetime, json, os, pathlib, sys
sys.path.insert(0, {tests!r})
from freezegun import freeze_time
import killing
from odoo.addons.linserv_backup.domain import slots
from odoo.addons.linserv_hosting.adapters import calls

freeze_time("2026-11-02 10:00:30").start()
NOW = datetime.datetime(2026, 11, 2, 10, 0, 30)
SLOT = slots.from_text("20261102T100000Z")
memory = pathlib.Path({memory!r})
hosts = env["linserv.host"].create([
    {{"name": name, "address": name + ".invalid", "backup_role": role}}
    for name, role in (("vm1", False), ("b1", "backup"))
])
customer = env["res.partner"].create([{{"name": "Norrvik Bygg AB", "is_company": True}}])
plans = {{}}
for name in {names!r}:
    instance = env["linserv.instance"].create([{{
        "name": name, "technical_name": name, "partner_id": customer.id, "host_id": hosts[0].id, "database": name,
    }}])
    repository = env["linserv.backup.repository"].create([{{
        "instance_id": instance.id, "host_id": hosts[1].id, "dr_host_id": False, "state": "ready",
        "public_key": "ssh-ed25519 AAAA",
    }}])
    plan = env["linserv.backup.plan"].create([{{
        "repository_id": repository.id, "kind": "db", "days": 1, "points": 48, "date_from": "2026-10-01",
        "date_begun": "2026-10-01 00:00:00", "jitter_seconds": 0,
    }}])
    old = [SLOT - 1800 * number for number in range(1, 48 * 5)]
    points = env["linserv.backup.point"].create([{{
        "repository_id": repository.id, "plan_id": plan.id, "kind": "db", "slot": plan._moment(slot), "state": "proved",
        "name": slots.point_name("db", slot), "date_proved": plan._moment(slot), "rows": 100, "dump_bytes": 1000,
    }} for slot in old])
    points[0]._become_last()
    plan.write({{"date_next": False, "date_slots_to": plan._moment(old[0])}})
    plans[name] = plan.id
    (memory / name).write_text(json.dumps({{"points": [slots.point_name("db", slot) for slot in old], "trash": []}}))
odoo = killing.Forks(env)


def remember(name, change):
    state = json.loads((memory / name).read_text())
    change(state)
    draft = memory / (name + ".new")
    draft.write_text(json.dumps(state))
    os.replace(str(draft), str(memory / name))
    return state


def host_answers(verb, args):
    name = args["repository"]
    if verb == "repo.take":
        point = "db-" + args["slot"]
        state = remember(name, lambda state: point in state["points"] or state["points"].append(point))
        assert state["points"].count(point) == 1
        moment = slots.from_text(args["slot"]) + 5.0
        return {{
            "format": 1, "repository": name, "instance": name, "kind": "db", "name": point, "slot": args["slot"],
            "form": "patch", "taken_from": moment, "taken_to": moment, "dump": {{"bytes": 1000, "sha256": "2" * 64}},
            "counts": {{"res_partner": 100}}, "rows": 100, "judged": "good", "reasons": [], "bytes_stored": 10,
        }}
    if verb == "repo.list":
        state = json.loads((memory / name).read_text())
        listed = [{{"name": each, "judged": "good"}} for each in state["points"]]
        return {{"points": listed, "trash": ["trash-" + each for each in state["trash"]],
                 "clock": int((NOW - datetime.datetime(1970, 1, 1)).total_seconds())}}
    assert verb == "repo.delete", verb

    def delete(state):
        gone = [each for each in args["names"] if each in state["points"]]
        state["points"] = [each for each in state["points"] if each not in gone]
        state["trash"] += gone

    remember(name, delete)
    return {{"deleted": args["names"]}}


def answer_all(env):
    while True:
        # As if so much time had passed that the lease of a killed Odoo is over.
        env.cr.execute("UPDATE linserv_run SET lease_until = NULL, next_attempt = %s"
                       " WHERE state IN ('queued', 'sending')", [NOW])
        env.cache.invalidate()
        runs = env["linserv.run"]._claim(1, 30)
        env.cr.commit()
        if not runs:
            return
        result = host_answers(runs.verb, json.loads(runs.args))
        runs._as_requester_sees_it()._settle(runs.claims, calls.Outcome("result", result=result))
        env.cr.commit()


def a_slot(name):
    def work(env):
        plan = env["linserv.backup.plan"].browse(plans[name])
        env["linserv.backup.plan"]._cron_order()
        env.cr.commit()
        answer_all(env)
        plan.repository_id._order_list("the day")
        env.cr.commit()
        answer_all(env)
    return work


def query(sql, *values):
    with odoo.open() as env:
        env.cr.execute(sql, values)
        return env.cr.fetchall() if env.cr.description else None


def look(name):
    point = ("FROM linserv_backup_point p JOIN linserv_backup_repository r ON r.id = p.repository_id "
             "WHERE r.name = %s AND p.slot = '2026-11-02 10:00:00'")
    return {{
        "points": [row[0] for row in query("SELECT p.state " + point, name)],
        "takes": query("SELECT count(*) FROM linserv_run WHERE verb = 'repo.take' AND args LIKE %s",
                       '%"' + name + '"%')[0][0],
        "proofs": query("SELECT p.state, listed, expected FROM linserv_backup_proof p JOIN linserv_backup_repository r"
                        " ON r.id = p.repository_id WHERE r.name = %s", name),
        "deletions": query("SELECT d.state, name_count FROM linserv_backup_deletion d JOIN linserv_backup_repository r"
                           " ON r.id = d.repository_id WHERE r.name = %s", name),
        "trashed": sorted(row[0] for row in query(
            "SELECT p.name FROM linserv_backup_point p JOIN linserv_backup_repository r ON r.id = p.repository_id"
            " WHERE r.name = %s AND p.state = 'trashed'", name)),
        "host": json.loads((memory / name).read_text()),
    }}


def begin(name):
    query("UPDATE linserv_backup_plan SET date_next = '2026-11-02 10:00:00' WHERE id = %s", plans[name])


names = list(plans)
begin(names[0])
steps = odoo.run(a_slot(names[0]))
kills = {{names[0]: "whole"}}
for name, step in zip(names[1:], killing.choose_points(steps)):
    begin(name)
    kills[name] = odoo.run(a_slot(name), kill_at=step, sure=False)
    odoo.run(a_slot(name))
    odoo.run(a_slot(name))
answer({{"steps": len(steps), "kills": kills, "found": {{name: look(name) for name in names}}}})
_os._exit(0)
"""


@pytest.fixture(scope="module")
def killed(database, tmp_path_factory):
    values = {"tests": str(SUITE / "tests" / "e2e"), "names": NAMES, "memory": str(tmp_path_factory.mktemp("hosts"))}
    return database.shell(SCRIPT.format(**values), timeout=600)


def test_the_kills_came_in_mid_work(killed):
    assert sum(how == "killed" for how in killed["kills"].values()) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_the_slot_has_one_point_that_is_proved(killed, name):
    found = killed["found"][name]
    assert found["points"] == ["proved"]
    assert found["takes"] == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_day_has_one_proof_and_it_is_complete(killed, name):
    assert killed["found"][name]["proofs"] == [["complete", 48, 48]]


@pytest.mark.parametrize("name", NAMES)
def test_one_deletion_of_two_days_that_both_sides_know_of(killed, name):
    found = killed["found"][name]
    assert found["deletions"] == [["trashed", len(found["trashed"])]]
    assert sorted(found["host"]["trash"]) == found["trashed"]
    assert len({each[3:11] for each in found["trashed"]}) == 2
    assert json.dumps(found["host"]["points"]).count("20261102T100000Z") == 1
