"""One cycle of the fleet: the facts of 300 hosts over SSH, 30 of them dead and 5 that show another than the pinned key.

The hosts are ports of real sshd processes on the loopback whose login key can do nothing but speak to the real agent.
The product's own scheduled work makes the calls, in a real Odoo. Bare paramiko calls the same ports in the same run:
what nobody can go below.
"""

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from contextlib import ExitStack, contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "e2e")]

import conftest  # noqa: E402, F401  (the path above makes it importable; it registers the addons)
from support import PYTHON, Database, build_agent, start_endpoint  # noqa: E402

GOOD, REFUSING, SILENT, CHANGED = 265, 15, 15, 5
HOSTS = GOOD + REFUSING + SILENT + CHANGED
PORTS_OF_ONE_SSHD = 16  # as many as sshd listens on
AGENT_CALLS = 10
GOAL_CPU_MS = 10.0
GOAL_MEMORY_MB = 64.0

CYCLE = """
import os, resource, time
from odoo.addons.linserv_hosting.models import run_worker

fleet = _json.load(open({file!r}))
secrets = {{}}
for pem in sorted({{host["pem"] for host in fleet}}):
    secrets[pem] = env["linserv.secret"].create([{{"name": "Login key", "kind": "ssh_key", "company_id": False}}])
    secrets[pem]._set_value(pem.encode())
vals = [
    {{
        "name": "vm%03d" % number,
        "address": "127.0.0.1",
        "port": host["port"],
        "user": host["user"],
        "ssh_secret_id": secrets[host["pem"]].id,
        "key_ids": [(0, 0, dict(zip(("algorithm", "public_key"), host["key"].split())))],
    }}
    for number, host in enumerate(fleet)
]
hosts = env["linserv.host"].create(vals)
hosts._apply_event("pin")
runs = env["linserv.run"]
for host in hosts:
    runs |= host._queue_facts("2026-11-23")
env["linserv.host"]._get_agent_version()
env.cr.commit()

ledger = {{"coordinator": 0.0}}
work = run_worker.RunWorker.run

def measured(self):
    begun = time.thread_time()
    work(self)
    ledger["coordinator"] += time.thread_time() - begun

run_worker.RunWorker.run = measured

def cpu():
    own = os.times()
    return own.user + own.system

def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0

before, cpu_before, begun, slices = memory(), cpu(), time.monotonic(), 0
while runs.search([("id", "in", runs.ids), ("state", "=", "queued"), ("date_started", "=", False)], limit=1):
    assert slices < 10, "the cycle has no end"
    runs._work_off()
    slices += 1
wall, used = time.monotonic() - begun, cpu() - cpu_before
env.cr.execute(
    "SELECT state || ' ' || coalesce(error_code, ''), count(*) FROM linserv_run WHERE id IN %s GROUP BY 1",
    [tuple(runs.ids)],
)
answer({{
    "outcomes": {{key.strip(): count for key, count in env.cr.fetchall()}},
    "facts": len(hosts.filtered(lambda host: host.state == "ready" and host.cpu_count and host.disk_ids)),
    "wall": wall, "slices": slices, "cpu": used, "coordinator": ledger["coordinator"],
    "memory_before": before, "memory_peak": memory(),
}})
"""

FLOOR = """
import base64, io, json, os, resource, socket, sys, time, uuid
from concurrent.futures import ThreadPoolExecutor
import paramiko

fleet = json.load(open(sys.argv[1]))

def call(host):
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", host["port"]), 5))
    try:
        transport.start_client(timeout=30)
        assert transport.get_remote_server_key().get_base64() == host["key"].split()[1]
        transport.auth_publickey(host["user"], paramiko.Ed25519Key.from_private_key(io.StringIO(host["pem"])))
        channel = transport.open_session()
        channel.exec_command("linserv-agent")
        request = {"protocol": 1, "run": str(uuid.uuid4()), "verb": "host.facts", "instance": None, "args": {}}
        channel.sendall(json.dumps(request).encode())
        channel.shutdown_write()
        answer = b""
        while b"\\n" not in answer:
            chunk = channel.recv(32768)
            assert chunk
            answer += chunk
        document = json.loads(answer)
        assert "result" in document, document
        return document
    finally:
        transport.close()

before, begun = os.times(), time.monotonic()
with ThreadPoolExecutor(20) as pool:
    results = list(pool.map(call, fleet))
after = os.times()
cpu = after.user + after.system - before.user - before.system
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
print(json.dumps({"hosts": len(results), "cpu": cpu, "wall": time.monotonic() - begun, "memory": memory}))
"""


@contextmanager
def dead_ports():
    """Ports that refuse, and ports that accept and never say a word."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _number in range(REFUSING + SILENT)]
        for line in sockets:
            line.bind(("127.0.0.1", 0))
        for line in sockets[REFUSING:]:
            line.listen(8)
        yield [line.getsockname()[1] for line in sockets]


def start_sshds(stack, folder):
    """As many sshd as the living hosts need."""
    archive, ports = build_agent(), free_ports(GOOD + CHANGED)
    shares = [ports[first : first + PORTS_OF_ONE_SSHD] for first in range(0, len(ports), PORTS_OF_ONE_SSHD)]
    return [
        stack.enter_context(start_endpoint(folder / ("sshd%02d" % number), agent=archive, ports=share))
        for number, share in enumerate(shares)
    ]


def free_ports(count):
    """Different ports of the loopback that nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _number in range(count)]
        for line in sockets:
            line.bind(("127.0.0.1", 0))
        return [line.getsockname()[1] for line in sockets]


def describe_fleet(sshds, dead):
    """Address, login and pinned key of every host, the dead and the changed spread among the good."""
    alive = [(sshd, port) for sshd in sshds for port in sshd.ports][: GOOD + CHANGED]
    fleet = [describe(sshd, port, sshd.host_public_key) for sshd, port in alive]
    for number, host in enumerate(fleet[:CHANGED]):
        host["key"] = sshds[-1].host_public_key
        fleet.insert(number * 50, fleet.pop(fleet.index(host)))
    for number, port in enumerate(dead):
        fleet.insert(number * 10, describe(sshds[0], port, sshds[0].host_public_key))
    assert len(fleet) == HOSTS
    return fleet


def describe(sshd, port, key):
    """What Odoo knows of one host."""
    return {"port": port, "user": sshd.user, "pem": sshd.private_key, "key": key}


def cpu_of_agent(sshd):
    """CPU seconds of one call on the host's side, sshd left out: the agent started alone."""
    request = {"protocol": 1, "run": str(uuid.uuid4()), "verb": "host.facts", "instance": None, "args": {}}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _number in range(AGENT_CALLS):
        subprocess.run(sshd.agent_command.split(), input=json.dumps(request).encode(), check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / AGENT_CALLS


def measure():
    """Run the cycle and the floor; what was measured."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-"))
    database = Database("bench_fleet_%d" % os.getpid(), os.environ["LINSERV_TEMPLATE"])
    try:
        with ExitStack() as stack:
            sshds = start_sshds(stack, folder)
            fleet = describe_fleet(sshds, stack.enter_context(dead_ports()))
            cycle = database.shell(CYCLE.format(file=write(folder / "fleet.json", fleet)))
            cycle["agent_cpu"] = cpu_of_agent(sshds[0])
            good = [describe(sshd, port, sshd.host_public_key) for sshd in sshds for port in sshd.ports][:GOOD]
            words = [PYTHON, "-c", FLOOR, write(folder / "good.json", good)]
            done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, timeout=300)
            return cycle, json.loads(done.stdout)
    finally:
        database.drop()
        shutil.rmtree(str(folder), ignore_errors=True)


def write(path, value):
    """Write a value as JSON for this user alone; its path as text."""
    with open(os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(value, stream)
    return str(path)


def judge(cycle):
    """The goals: (name, figure, goal, whether it is met)."""
    outcomes = cycle["outcomes"]
    calls_cpu = 1000.0 * (cycle["cpu"] - cycle["coordinator"]) / HOSTS
    growth = cycle["memory_peak"] - cycle["memory_before"]
    dead = {key: count for key, count in outcomes.items() if key in ("queued unreachable", "queued timeout")}
    goals = [
        ("hosts done, their facts written", min(outcomes.get("done", 0), cycle["facts"]), GOOD),
        ("hosts unreachable or silent, to be tried again", sum(dead.values()), REFUSING + SILENT),
        ("hosts with a changed key, nothing sent", outcomes.get("failed host_key_changed", 0), CHANGED),
    ]
    judged = [{"goal": name, "figure": figure, "limit": limit, "ok": figure == limit} for name, figure, limit in goals]
    for name, figure, limit in (
        ("CPU of paramiko and thread pool, ms a host", round(calls_cpu, 2), GOAL_CPU_MS),
        ("memory that the cycle added, MB", round(growth, 1), GOAL_MEMORY_MB),
    ):
        judged.append({"goal": name, "figure": figure, "limit": limit, "ok": figure <= limit})
    return judged


def print_table(cycle, floor, goals):
    """What a person reads."""
    per_host = lambda seconds, hosts: "%.2f ms a host" % (1000.0 * seconds / hosts)  # noqa: E731
    rows = [
        ("hosts", "%d (%d good, %d dead, %d changed)" % (HOSTS, GOOD, REFUSING + SILENT, CHANGED)),
        ("wall time of the cycle", "%.1f s in %d slice(s)" % (cycle["wall"], cycle["slices"])),
        ("CPU of Odoo, all of it", per_host(cycle["cpu"], HOSTS)),
        ("  of it paramiko and thread pool", per_host(cycle["cpu"] - cycle["coordinator"], HOSTS)),
        ("  of it claims, records, facts", per_host(cycle["coordinator"], HOSTS)),
        ("peer: bare paramiko, same pool size", per_host(floor["cpu"], floor["hosts"])),
        ("peer: wall time, good hosts only", "%.1f s" % floor["wall"]),
        ("on the host: CPU of the agent", per_host(cycle["agent_cpu"], 1)),
        ("memory of Odoo", "%.0f MB before, %.0f MB at most" % (cycle["memory_before"], cycle["memory_peak"])),
    ]
    rows += [
        (goal["goal"], "%s (goal %s) %s" % (goal["figure"], goal["limit"], "ok" if goal["ok"] else "MISSED"))
        for goal in goals
    ]
    for name, text in rows:
        print("%-50s %s" % (name, text))


def main():
    """Measure, tell, and answer with 0 when every goal is met."""
    cycle, floor = measure()
    goals = judge(cycle)
    print_table(cycle, floor, goals)
    good = all(goal["ok"] for goal in goals)
    print(json.dumps({"bench": "fleet", "ok": good, "goals": goals, "cycle": cycle, "paramiko": floor}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
