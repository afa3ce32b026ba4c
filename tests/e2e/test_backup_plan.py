"""A subscription becomes proved points on three real hosts, as Odoo's scheduled actions do it, without a person.

One Odoo orders, one customer's database is saved: connected by keys, taken when its slot has come, copied to the DR
host, listed, proved, deleted by two sides when its days are over, and healed when a disk has spoilt it.
"""

import json
import os

import pytest
from backup_world import BackupWorld
from support import Database

SCRIPT = """
import datetime, json, pathlib, time
from odoo.addons.linserv_backup.domain import slots

told = json.loads({told!r})
LIVE = ("queued", "sending", "running")
now = lambda: datetime.datetime.utcnow().replace(microsecond=0)
seen = {{}}


def work(seconds=150):
    # What the scheduled action of the runs does, until nothing is left to do.
    limit = time.monotonic() + seconds
    while True:
        env.cr.commit()
        env.clear()
        runs = env["linserv.run"].search([("state", "in", LIVE)])
        if not runs:
            return
        assert time.monotonic() < limit, runs.mapped("verb")
        runs._call_now(seconds=10)


def make_host(name, role):
    each = told["hosts"][name]
    secret = env["linserv.secret"].create([{{"name": name, "kind": "ssh_key", "company_id": False}}])
    secret._set_value(each["pem"].encode())
    algorithm, key = each["key"].split()
    host = env["linserv.host"].create([{{
        "name": name, "address": "127.0.0.1", "port": each["port"], "user": each["user"], "ssh_secret_id": secret.id,
        "key_ids": [(0, 0, {{"algorithm": algorithm, "public_key": key}})], "backup_role": role,
    }}])
    host._apply_event("pin")
    return host


def make_point(plan, slot):
    return env["linserv.backup.point"].create([{{
        "repository_id": plan.repository_id.id, "plan_id": plan.id, "kind": plan.kind, "slot": slot, "state": "due",
        "name": slots.point_name(plan.kind, plan._epoch(slot)),
    }}])


def states():
    points = env["linserv.backup.point"].search([], order="slot, kind")
    return [[point.kind, point.state, point.reason or point.reason_detail or ""] for point in points]


def proofs():
    found = env["linserv.backup.proof"].search([], order="id")
    return {{proof.kind: [proof.state, proof.listed, proof.expected] for proof in found}}


vm, backup, dr = make_host("customer", False), make_host("backup", "backup"), make_host("dr", "dr")
customer = env["res.partner"].create([{{"name": "Norrvik Bygg AB", "is_company": True}}])
instance = env["linserv.instance"].create([{{
    "name": "Norrvik", "technical_name": "norrvik", "partner_id": customer.id, "host_id": vm.id,
    "database": told["database"],
}}])
today = datetime.date.today()
contract = env["linserv.contract"].create([{{
    "partner_id": customer.id, "date_start": today - datetime.timedelta(days=40),
}}])
subscription = env["linserv.subscription"].create([{{
    "contract_id": contract.id, "service_id": env.ref("linserv_contract.linserv_service_backup").id,
    "instance_id": instance.id, "date_start": contract.date_start, "policy": "DB 1/1, DR 1/1", "state": "active",
    "price_unit": 100.0,
}}])
plans = {{plan.kind: plan for plan in subscription.backup_plan_ids}}
repository = plans["db"].repository_id
vm.timezone = "UTC"
slot = now().replace(second=0) - datetime.timedelta(minutes=2)
env["linserv.backup.plan"].search([]).write({{
    "jitter_seconds": 0, "times": slot.strftime("%H:%M"), "date_begun": slot - datetime.timedelta(seconds=30),
}})
env["linserv.backup.plan"].search([]).write({{"date_next": False}})

# Connected by one press of a button; every step is a run.
repository.action_connect()
work()
seen["connected"] = [repository.state, repository.connect_error or "", repository.authorized_host_id.name]

# Points of days that are over, as they were taken then.
for days in (4, 3):
    point = make_point(plans["db"], now() - datetime.timedelta(days=days))
    point._start()
    work()
repository._find_last_points()

# The slot that has come is ordered by the scheduled action, once, however often that comes.
for _time in range(2):
    plans["db"]._wait_for_next(plans["db"]._epoch(plans["db"].date_begun))
    env["linserv.backup.plan"]._cron_order()
    work()
seen["taken"] = states()
seen["takes"] = env["linserv.run"].search_count([("verb", "=", "repo.take")])

# The DR host copies it, ordered in the same way.
plans["dr"]._wait_for_next(plans["dr"]._epoch(plans["dr"].date_begun))
env["linserv.backup.plan"]._cron_order()
work()
copy = repository.last_dr_point_id
source = json.loads(copy.manifest or "{{}}").get("source") or {{}}
seen["copy"] = [copy.state, copy.reason_detail or "", source.get("name")]
seen["newest"] = repository.last_db_point_id.name

# The daily list, the proof, and the deletion that follows from it.
for _time in range(2):
    env["linserv.backup.repository"]._cron_prove()
    work()
seen["lists"] = env["linserv.run"].search_count([("verb", "in", ("repo.list", "dr.list"))])
seen["proofs"] = proofs()
seen["frozen"] = repository.freeze_codes or ""
seen["deletions"] = [[each.kind, each.state, each.name_count, each.reason or ""]
                     for each in env["linserv.backup.deletion"].search([])]
repository.action_prove()
work()
seen["after"] = states()
seen["second"] = env["linserv.backup.deletion"].search_count([])


def spoil(*place):
    # A disk that forgets: bits of the largest file below the folder are others than were written.
    files = [each for each in pathlib.Path(told["folder"], *place).rglob("*") if each.is_file()]
    path = max(files, key=lambda each: each.stat().st_size)
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    for part in range(1, 8):
        data[len(data) * part // 8] ^= 1
    path.write_bytes(data)


def heal(button):
    repository.action_scrub()
    work()
    found = env["linserv.backup.heal"].browse(getattr(repository, button)()["res_id"])
    work()
    return {{
        "scrub": (repository.scrub_text or "").split(), "dr_scrub": (repository.dr_scrub_text or "").split(),
        "state": found.state, "error": found.error or "", "healed": (found.healed_names or "").split(),
        "lost": (found.lost_names or "").split(), "frozen": repository.freeze_codes or "",
        "newest": repository.last_db_point_id.state, "copy": repository.last_dr_point_id.state,
    }}


seen["dr_newest"] = repository.last_dr_point_id.name
spoil("backup", "repositories", "norrvik", "borg.1", "data")
seen["heal"] = heal("action_heal")
spoil("dr", "copies", "norrvik", "restic.1", "data")
seen["heal_dr"] = heal("action_heal_dr")
later = make_point(plans["db"], now())
later._start()
work()
seen["later"] = [later.state, later.reason_detail or ""]
answer(seen)
"""


def describe(world):
    hosts = zip(("customer", "backup", "dr"), world.endpoints)
    known = {
        name: {"port": host.port, "user": host.user, "pem": host.private_key, "key": host.host_public_key}
        for name, host in hosts
    }
    return json.dumps({"hosts": known, "database": world.database.name, "folder": str(world.folder)})


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    customer = Database("e2e_backup_plan_customer_%d" % os.getpid(), os.environ["LINSERV_TEMPLATE"])
    try:
        with BackupWorld(tmp_path_factory.mktemp("plan"), customer) as made:
            yield made
    finally:
        customer.drop()


@pytest.fixture(scope="module")
def seen(world, database):
    return database.shell(SCRIPT.format(told=describe(world)), timeout=500)


def test_one_press_connects_the_three_zones(seen):
    assert seen["connected"] == ["ready", "", "customer"]


def test_a_slot_that_has_come_is_taken_once_and_proved(seen):
    assert seen["taken"] == [["db", "proved", ""]] * 3
    assert seen["takes"] == 3


def test_the_dr_host_copies_the_newest_proved_point(seen):
    assert seen["copy"] == ["proved", "", seen["newest"]]


def test_the_days_proof_counts_what_the_hosts_list_themselves(seen):
    assert seen["proofs"] == {"db": ["complete", 1, 1], "dr": ["complete", 1, 1]}
    assert seen["lists"] == 2, "once a day, however often the scheduled action comes"


def test_two_days_worth_of_points_that_are_over_are_deleted_by_both_sides(seen):
    assert seen["frozen"] == ""
    assert seen["deletions"] == [["db", "trashed", 2, ""]]
    assert [state for _kind, state, _reason in seen["after"]] == ["trashed", "trashed", "proved", "proved"]
    assert seen["second"] == 1, "a second list of the day deletes no more"


def test_a_spoilt_repository_is_found_named_and_healed_from_the_dr_host(seen):
    healed = seen["heal"]
    assert seen["newest"] in healed["scrub"] and healed["dr_scrub"] == []
    assert seen["newest"] in healed["healed"] and healed["error"] == ""
    assert healed["newest"] == "proved"


def test_spoilt_copies_are_made_again_from_the_backup_host(seen):
    healed = seen["heal_dr"]
    assert (healed["dr_scrub"], healed["state"], healed["healed"]) == ([seen["dr_newest"]], "done", [seen["dr_newest"]])
    assert healed["copy"] == "proved"


def test_the_next_point_is_taken_as_if_nothing_had_happened(seen):
    assert seen["later"] == ["proved", ""]
