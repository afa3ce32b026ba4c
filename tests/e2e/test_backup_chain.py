"""The whole way of a test copy: backed up, ordered in Odoo, delivered by the backup host, made harmless, looked at in a
browser, removed when its time is over. Three sshd with real agents, real borg and zstd, two real Odoo.
"""

import json
import os
import time

import pytest
from backup_world import BackupWorld
from restore_world import exists, get_customer_template
from support import STATE, Database, OdooServer
from webclient import take_picture

PICTURES = STATE / "out" / "pictures"
CONNECT = """
import datetime, json
told = json.loads({told!r})
hosts = {{}}
for name, role in (("kund1", False), ("backup1", "backup")):
    each = told[name]
    secret = env["linserv.secret"].create([{{"name": name, "kind": "ssh_key", "company_id": False}}])
    secret._set_value(each["pem"].encode())
    algorithm, key = each["key"].split()
    hosts[name] = env["linserv.host"].create([{{
        "name": name, "address": "127.0.0.1", "port": each["port"], "user": each["user"], "ssh_secret_id": secret.id,
        "backup_role": role, "key_ids": [(0, 0, {{"algorithm": algorithm, "public_key": key}})],
    }}])
    hosts[name]._apply_event("pin")
hosts["kund1"].copy_url = "http://127.0.0.1:8069/web/login?db={{database}}"
customer = env["res.partner"].create([{{"name": "Norrvik Bygg AB", "is_company": True, "email": "kund@example.com",
                                      "lang": "sv_SE"}}])
instance = env["linserv.instance"].create([{{
    "name": "Norrvik produktion", "technical_name": "norrvik", "partner_id": customer.id,
    "host_id": hosts["kund1"].id, "database": told["database"],
}}])
today = datetime.date.today()
contract = env["linserv.contract"].create([{{"partner_id": customer.id, "date_start": today}}])
for code in ("backup", "drift"):
    env["linserv.subscription"].create([{{
        "contract_id": contract.id, "instance_id": instance.id, "date_start": today, "price_unit": 900,
        "service_id": env.ref("linserv_contract.linserv_service_" + code).id,
    }}])
contract.action_activate()
repository = env["linserv.backup.repository"].search([("instance_id", "=", instance.id)]) or \\
    env["linserv.backup.repository"].create([{{"instance_id": instance.id, "host_id": hosts["backup1"].id}}])
repository.host_id = hosts["backup1"]
repository.action_connect()
env["linserv.run"]._work_off(seconds=60)
now = datetime.datetime.utcnow()
slot = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
plan = repository.plan_ids.filtered(lambda each: each.kind == "db")[:1] or env["linserv.backup.plan"].create([{{
    "repository_id": repository.id, "kind": "db", "days": 90, "points": 48, "date_from": today}}])
point = repository.env["linserv.backup.point"].search([("plan_id", "=", plan.id), ("slot", "=", slot)]) or \\
    env["linserv.backup.point"].create([{{"repository_id": repository.id, "plan_id": plan.id, "kind": "db",
                                         "slot": slot, "state": "due"}}])
point._start()
env["linserv.run"]._work_off(seconds=60)
env.clear()
answer({{"repository": repository.state, "error": repository.connect_error, "point": point.state, "why": point.reason}})
"""
ORDER = """
import time
begun = time.time()
restores = env["linserv.restore"]
restore = restores.create([{"instance_id": env["linserv.instance"].search([]).id}])
restore._place_order(restore.instance_id.partner_id)
env["linserv.restore"]._cron_restore()
env.cr.commit()
seconds = {}
while restore.state not in ("published", "failed") and time.time() < begun + 300:
    env["linserv.run"]._work_off()
    env.clear()
for run in env["linserv.run"].search([("res_model", "=", "linserv.restore")], order="id"):
    seconds[run.verb] = (run.date_finished - run.create_date).total_seconds()
answer({"state": restore.state, "error": restore.error, "database": restore.database, "url": restore.url,
        "closed": restore.closed_text, "looked_at": restore.looked_at, "begun": begun, "held": restore.point_id.held,
        "seconds": seconds, "key": restore.key})
"""
EXPIRE = """
from odoo import fields
restore = env["linserv.restore"].search([])
restore.date_expires = fields.Datetime.subtract(fields.Datetime.now(), minutes=1)
env["linserv.restore"]._cron_restore()
env["linserv.run"]._work_off()
env.clear()
answer({"state": restore.state, "error": restore.error})
"""


@pytest.fixture(scope="module")
def customer():
    made = Database("norrvik_%d" % os.getpid(), get_customer_template())
    yield made
    made.drop()


@pytest.fixture(scope="module")
def world(customer, tmp_path_factory):
    with BackupWorld(tmp_path_factory.mktemp("chain"), customer) as made:
        yield made


@pytest.fixture(scope="module")
def connected(database, world):
    told = {"database": world.database.name}
    for name, host in (("kund1", world.customer), ("backup1", world.backup)):
        each = host.endpoint
        told[name] = {"port": each.port, "user": each.user, "pem": each.private_key, "key": each.host_public_key}
    return database.shell(CONNECT.format(told=json.dumps(told)))


@pytest.fixture(scope="module")
def copy(database, connected):
    return database.shell(ORDER, timeout=400)


class Copy:
    """The copy's name, for those who want a database."""

    def __init__(self, name):
        self.name = name


def test_1_what_is_ordered_in_odoo_is_backed_up(connected):
    assert connected == {"repository": "ready", "error": False, "point": "proved", "why": False}


def test_2_an_order_becomes_a_copy_that_people_can_use(copy, browser):
    assert (copy["state"], copy["error"]) == ("published", False)
    assert copy["looked_at"] > 50 and "scheduled_action" in copy["closed"]
    assert not copy["held"]
    server = OdooServer(Copy(copy["database"]))
    try:
        usable = time.time() - copy["begun"]
        took = {"order to login page": round(usable, 1), **copy["seconds"]}
        (STATE / "out" / "copy-seconds.json").write_text(json.dumps(took))
        page = browser.new_context(viewport={"width": 375, "height": 812}).new_page()
        page.goto(server.url + "/web/login")
        assert "TESTKOPIA" in page.inner_text(".o_linserv_copy")
        take_picture(page, PICTURES, "chain-login-phone")
        page.set_viewport_size({"width": 1280, "height": 800})
        page.fill("input[name=login]", "admin")
        page.fill("input[name=password]", "admin")
        page.click("button[type=submit]")
        page.wait_for_selector(".o_main_navbar", timeout=90000)
        page.goto(server.url + "/web#action=contacts.action_contacts")
        page.wait_for_selector(".o_kanban_record:has-text('Fredrik Forsberg')", timeout=90000)
        take_picture(page, PICTURES, "chain-backend")
    finally:
        server.stop()


def test_3_when_its_time_is_over_it_is_removed(database, copy):
    assert database.shell(EXPIRE) == {"state": "expired", "error": False}
    assert not exists(copy["database"])
    assert not (STATE / "data" / "filestore" / copy["database"]).exists()
