"""Hosts of every bad kind and two good ones in one cycle of a real Odoo: each has its own clear end, the good ones are
counted and billed, the others are held back with the reason, and a gigabyte of answer leaves the memory as it was."""

import json
import socket

import pytest
from customer import Customer
from support import build_agent, start_endpoint

MEMORY_MB = 100

# name: state of the run, its error, state of the count, its error, state of the host
EXPECTED = {
    "good1": ["done", None, "approved", None, "ready"],
    "good2": ["done", None, "approved", None, "ready"],
    "dead": ["failed", "unreachable", "failed", "unreachable", "unreachable"],
    "silent": ["failed", "timeout", "failed", "timeout", "unreachable"],
    "changed": ["failed", "host_key_changed", "failed", "host_key_changed", "blocked"],
    "refusing": ["failed", "auth_refused", "failed", "auth_refused", "pinned"],
    "garbage": ["failed", "bad_answer", "failed", "bad_answer", "pinned"],
    "endless": ["failed", "answer_too_large", "failed", "answer_too_large", "pinned"],
    "outdated": ["failed", "agent_outdated", "failed", "agent_outdated", "agent_outdated"],
}

SCRIPT = """
import datetime, json, resource, time

told = json.loads({told!r})
today = datetime.date.today()
customer = env["res.partner"].create([{{"name": "Norrvik Bygg AB", "is_company": True, "lang": "sv_SE"}}])
service = env.ref("linserv_contract.linserv_service_maintenance")
instances = env["linserv.instance"]
for name, each in told["hosts"].items():
    secret = env["linserv.secret"].create([{{"name": name, "kind": "ssh_key", "company_id": False}}])
    secret._set_value(each["pem"].encode())
    algorithm, key = each["key"].split()
    host = env["linserv.host"].create([{{
        "name": name, "address": "127.0.0.1", "port": each["port"], "user": each["user"], "ssh_secret_id": secret.id,
        "key_ids": [(0, 0, {{"algorithm": algorithm, "public_key": key}})],
    }}])
    host._apply_event("pin")
    instances |= env["linserv.instance"].create([{{
        "name": name, "technical_name": name, "partner_id": customer.id, "host_id": host.id, "database": name,
        "code_agreed_lines": told["lines"],
    }}])
    contract = env["linserv.contract"].create([{{"partner_id": customer.id, "date_start": today.replace(day=1)}}])
    env["linserv.subscription"].create([{{
        "contract_id": contract.id, "service_id": service.id, "instance_id": instances[-1:].id, "price_unit": 175.0,
    }}])
    contract.action_activate()
instances.action_count_code()
snapshots = instances.mapped("code_snapshot_ids")
snapshots.mapped("run_id").write({{"max_attempts": 1}})  # the end of the retries, at once
env["linserv.host"]._get_agent_version()
env.cr.commit()
memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
before, begun = memory(), time.monotonic()
env["linserv.run"]._work_off()
seconds, growth = time.monotonic() - begun, memory() - before
env.clear()
ends, texts = {{}}, {{}}
for snapshot in snapshots:
    run, host = snapshot.run_id, snapshot.instance_id.host_id
    ends[host.name] = [run.state, run.error_code or None, snapshot.state, snapshot.error_code or None, host.state]
    texts[host.name] = [run.error or "", snapshot.error or ""]
billing = env["linserv.billing.run"].create([{{"date": today, "mode": "post"}}])
billing.action_bill()
lines = {{
    line.contract_id.subscription_ids.instance_id.name: [line.state, line.reason or "", line.amount]
    for line in billing.line_ids
}}
answer({{"ends": ends, "texts": texts, "lines": lines, "growth": growth, "seconds": seconds}})
"""


@pytest.fixture(scope="module")
def customer(tmp_path_factory):
    made = Customer("e2e_bad_customer", tmp_path_factory.mktemp("customer"), modules=2, files=3, lines=41)
    yield made
    made.database.drop()


@pytest.fixture(scope="module")
def hosts(tmp_path_factory, customer):
    """What Odoo knows of each host; whatever must run for it runs."""
    options = {
        **dict.fromkeys(("good1", "good2", "changed", "refusing"), {}),
        "garbage": {"forced_command": "echo Last login: yesterday; echo {}"},
        "endless": {"forced_command": "head -c 1073741824 /dev/zero"},
        "outdated": {"agent": build_agent() + b"x"},
    }
    running = {}
    try:
        for name, changes in options.items():
            instances = {name: customer.instance()}
            running[name] = start_endpoint(tmp_path_factory.mktemp(name), instances=instances, **changes)
            running[name].start()
        with socket.socket() as dead, socket.socket() as silent:
            for line in (dead, silent):
                line.bind(("127.0.0.1", 0))
            silent.listen(8)
            yield describe(running, dead.getsockname()[1], silent.getsockname()[1])
    finally:
        for endpoint in running.values():
            endpoint.stop()


def describe(running, dead, silent):
    told = {
        name: {"port": host.port, "user": host.user, "pem": host.private_key, "key": host.host_public_key}
        for name, host in running.items()
    }
    told["changed"]["key"] = told["good1"]["key"]
    told["refusing"]["pem"] = told["good1"]["pem"]
    return {**told, "dead": dict(told["good1"], port=dead), "silent": dict(told["good1"], port=silent)}


@pytest.fixture(scope="module")
def cycle(database, customer, hosts):
    told = json.dumps({"hosts": hosts, "lines": customer.lines})
    return database.shell(SCRIPT.format(told=told))


def test_each_host_has_its_own_clear_end(cycle):
    assert cycle["ends"] == EXPECTED


def test_every_failure_says_what_happened_and_no_two_say_the_same(cycle):
    bad = [texts for name, texts in cycle["texts"].items() if not name.startswith("good")]
    assert all(run and snapshot for run, snapshot in bad)
    assert len({run for run, _snapshot in bad}) == len({snapshot for _run, snapshot in bad}) == len(bad)


def test_the_cycle_waited_for_the_silent_host_alone(cycle):
    assert cycle["seconds"] < 30


def test_a_gigabyte_of_answer_does_not_reach_the_memory(cycle):
    assert cycle["growth"] < MEMORY_MB


def test_only_what_was_counted_is_billed_and_the_rest_is_held_back_with_the_reason(cycle, database, customer):
    fee = -(-customer.lines // 100) * 175.0
    for name, (state, reason, amount) in cycle["lines"].items():
        if name.startswith("good"):
            assert (state, reason, amount) == ("billed", "", fee)
        else:
            assert (state, amount) == ("held", 0.0)
            assert name in reason
    assert len(cycle["lines"]) == len(EXPECTED)
    assert database.query("SELECT amount_untaxed::int, count(*) FROM account_move GROUP BY 1") == [[str(int(fee)), "2"]]
