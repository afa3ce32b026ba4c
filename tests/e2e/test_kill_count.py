"""Odoo and the agent are killed while code is counted: every count ends whole and once; only whole ones are billed.

One host has an instance for each kill. Odoo is killed at steps of its talk with the database, from the press of the
button to the count's approval; the agent, or the child that counts for it, at moments of the count on the host.
"""

import json

import pytest
from customer import Customer
from support import SUITE, start_endpoint

ODOO_KILLS, AGENT_KILLS = 13, 10
SPARE = 12  # a busy host may have finished before the kill: then the next instance takes its place
NAMES = ["odoo%02d" % number for number in range(ODOO_KILLS + 1)] + [
    "agent%02d" % number for number in range(AGENT_KILLS + SPARE)
]

SCRIPT = """
import datetime, json, os, pathlib, signal, sys, time
sys.path.insert(0, {tests!r})
import killing
from odoo.addons.linserv_hosting.models import run_worker

told = json.loads({told!r})
secret = env["linserv.secret"].create([{{"name": "Login key", "kind": "ssh_key", "company_id": False}}])
secret._set_value(told["pem"].encode())
algorithm, key = told["key"].split()
host = env["linserv.host"].create([{{
    "name": "vm1", "address": told["address"], "port": told["port"], "user": told["user"], "ssh_secret_id": secret.id,
    "key_ids": [(0, 0, {{"algorithm": algorithm, "public_key": key}})],
}}])
host._apply_event("pin")
customer = env["res.partner"].create([{{"name": "Norrvik Bygg AB", "is_company": True, "lang": "sv_SE"}}])
today = datetime.date.today()
service = env.ref("linserv_contract.linserv_service_maintenance")
instances = {{}}
for name in told["names"]:
    instance = env["linserv.instance"].create([{{
        "name": name, "technical_name": name, "partner_id": customer.id, "host_id": host.id, "database": name,
        "code_agreed_lines": told["lines"],
    }}])
    contract = env["linserv.contract"].create([{{"partner_id": customer.id, "date_start": today.replace(day=1)}}])
    env["linserv.subscription"].create([{{
        "contract_id": contract.id, "service_id": service.id, "instance_id": instance.id, "price_unit": 175.0,
    }}])
    contract.action_activate()
    instances[name] = instance.id
billing = env["linserv.billing.run"].create([{{"date": today, "mode": "post"}}, {{"date": today, "mode": "post"}}]).ids
env["linserv.host"]._get_agent_version()
odoo = killing.Forks(env)


def press(env, name):
    env["linserv.instance"].browse(instances[name]).action_count_code()
    env.cr.commit()


def press_and_work(name):
    def work(env):
        press(env, name)
        env["linserv.run"].search([("instance_id", "=", instances[name])]).action_run_now()
    return work


def press_and_begin(env, name):
    press(env, name)
    run = env["linserv.run"].search([("instance_id", "=", instances[name])])
    run_worker.work_off(env, limit=1, run_ids=run.ids)


def query(sql, *values):
    with odoo.open() as env:
        env.cr.execute(sql, values)
        return env.cr.fetchall() if env.cr.description else None


def run_folder(name):
    sql = "SELECT r.name FROM linserv_run r JOIN linserv_instance i ON i.id = r.instance_id WHERE i.technical_name = %s"
    return pathlib.Path(told["runs"]) / query(sql, name)[0][0]


def status(folder):
    try:
        return json.loads((folder / "status.json").read_text())
    except (OSError, ValueError):
        return {{}}


def children(pid):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def start_and_kill(name, after, child):
    # The victim is the detached agent, or what it started; "late" when the count was over before.
    odoo.run(lambda env: press_and_begin(env, name))
    folder = run_folder(name)
    limit = time.monotonic() + 20
    while "pid" not in status(folder) or time.time() < status(folder)["started"] + after:
        assert time.monotonic() < limit, "the agent did not start"
        time.sleep(0.01)
    known = status(folder)
    if known["state"] != "running":
        return "late"
    own = children(known["pid"])
    victim = own[0] if child and own else known["pid"]
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return "late"
    return "agent" if victim == known["pid"] else "child"


def look():
    joined = "linserv_code_snapshot s JOIN linserv_instance i ON i.id = s.instance_id"
    return dict(query("SELECT i.technical_name, s.state FROM " + joined))


def bill(run_id):
    odoo.run(lambda env: env["linserv.billing.run"].browse(run_id).action_bill())


def finish():
    limit = time.monotonic() + 120
    live = "SELECT count(*) FROM linserv_run WHERE state IN ('queued', 'sending', 'running')"
    while query(live)[0][0]:
        assert time.monotonic() < limit, query("SELECT verb, state, error_code FROM linserv_run WHERE state <> 'done'")
        past = "now() at time zone 'UTC' - interval '1 second'"
        query("UPDATE linserv_run SET lease_until = " + past + ", next_attempt = " + past +
              " WHERE state IN ('queued', 'sending', 'running')")
        odoo.run(lambda env: env["linserv.run"]._work_off(seconds=12))  # the scheduled action's method, in short slices


names = list(instances)
whole, odoo_names, agent_names = names[0], names[1:{odoo_kills} + 1], names[{odoo_kills} + 1:]
steps = odoo.run(press_and_work(whole))
known = status(run_folder(whole))
seconds = known["finished"] - known["started"]
kills, share = {{}}, 1.0
for name, point in zip(odoo_names, killing.choose_points(steps)):
    kills[name] = odoo.run(press_and_work(name), kill_at=int(point * share), sure=False)
    if kills[name] != "killed":
        share *= 0.7  # the first one asked the host more often than the others need to
hits = 0
for name in agent_names:
    kills[name] = start_and_kill(name, seconds * (0.04 + 0.08 * hits), hits % 2)
    if kills[name] == "late":
        seconds *= 0.7  # the host is quicker than it was
    else:
        hits += 1
    if hits == {agent_kills}:
        break
interrupted = look()
bill(billing[0])
held = query("SELECT state, reason FROM linserv_billing_run_line WHERE run_id = %s", billing[0])
for name in names:
    odoo.run(lambda env: press(env, name))
finish()
bill(billing[1])
answer({{"steps": len(steps), "seconds": seconds, "kills": kills, "interrupted": interrupted, "held": held}})
_os._exit(0)
"""


@pytest.fixture(scope="module")
def customer(tmp_path_factory):
    made = Customer("e2e_customer", tmp_path_factory.mktemp("customer"), modules=6, files=30, lines=333)
    yield made
    made.database.drop()


@pytest.fixture(scope="module")
def host(tmp_path_factory, customer):
    instances = {name: customer.instance() for name in NAMES}
    with start_endpoint(tmp_path_factory.mktemp("host"), instances=instances) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def killed(database, customer, host):
    told = {"address": host.address, "port": host.port, "user": host.user, "key": host.host_public_key}
    told.update(pem=host.private_key, names=NAMES, lines=customer.lines, runs=str(host.state_directory / "runs"))
    values = {"tests": str(SUITE / "tests" / "e2e"), "told": json.dumps(told), "odoo_kills": ODOO_KILLS}
    values["agent_kills"] = AGENT_KILLS
    return database.shell(SCRIPT.format(**values))


def test_the_kills_came_at_ten_points_each(killed):
    of_odoo = [how for name, how in killed["kills"].items() if name.startswith("odoo")]
    of_agent = [how for name, how in killed["kills"].items() if name.startswith("agent")]
    assert sum(how == "killed" for how in of_odoo) >= 10
    assert sum(how != "late" for how in of_agent) == AGENT_KILLS
    assert {"agent", "child"} <= set(of_agent)


def test_nothing_was_billed_on_a_count_that_was_not_whole(killed, database):
    approved = sum(state == "approved" for state in killed["interrupted"].values())
    assert 1 <= approved < len(NAMES)
    billed = [reason for state, reason in killed["held"] if state == "billed"]
    held = [reason for state, reason in killed["held"] if state == "held"]
    assert (len(billed), len(billed) + len(held)) == (approved, len(NAMES))
    assert all(held)


def test_every_run_is_done(killed, database):
    assert database.query("SELECT verb, error_code, error_detail FROM linserv_run WHERE state <> 'done'") == []


def test_every_instance_has_one_count_of_the_day_and_it_is_whole(killed, database, customer):
    counts = "SELECT state, code_lines, error_count, count(*), count(DISTINCT instance_id) FROM linserv_code_snapshot"
    number = str(len(NAMES))
    assert database.query(counts + " GROUP BY 1, 2, 3") == [["approved", str(customer.lines), "0", number, number]]
    readings = "SELECT quantity::int, count(*), count(DISTINCT instance_id) FROM linserv_meter_reading GROUP BY 1"
    assert database.query(readings) == [[str(customer.lines), number, number]]


def test_every_contract_is_billed_once_for_the_whole_count(killed, database, customer):
    fee = -(-customer.lines // 100) * 175
    invoices = "SELECT state, amount_untaxed::int, count(*), count(DISTINCT linserv_contract_id) FROM account_move"
    assert database.query(invoices + " GROUP BY 1, 2") == [["posted", str(fee), str(len(NAMES)), str(len(NAMES))]]
