"""What the planning of backups costs in Odoo with 300 instances that each have 4,320 points, and files and DR copies.

    ./dev bench backup_plan [--instances 300]

One instance is made as people do it; the others and the points of 90 days are rows made from it. Queries and
milliseconds by the clock on the wall (Python, PostgreSQL, and whatever else the machine does) of the product's methods.
"""

import argparse
import json
import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "e2e")]

import conftest  # noqa: E402, F401  (the path above makes it importable; it registers the addons)
from support import Database  # noqa: E402

#: step -> (what it is, most milliseconds, most queries)
GOALS = {
    "order": ("a slot: settled, ordered at its host (each of all instances)", 40.0, 14.0),
    "idle": ("the minute in which nothing is due (all instances)", 100.0, 12.0),
    "take": ("an answer taken over (each)", 60.0, 12.0),
    "prove": ("the list of 4,320 points compared and proved", 1500.0, 40.0),
    "newest": ("a page of 80 points of one instance", 200.0, 20.0),
    "restore": ("the last point before a moment", 40.0, 3.0),
    "proofs": ("the list of repositories with their proofs", 300.0, 30.0),
}

MAKE = """
import datetime
now = datetime.datetime.utcnow().replace(microsecond=0)
count = {instances}
hosts = env["linserv.host"].create([
    {{"name": name, "address": name + ".invalid", "backup_role": role, "backup_parallel": count}}
    for name, role in (("vm1", False), ("backup1", "backup"), ("dr1", "dr"))
])
customer = env["res.partner"].create([{{"name": "Norrvik Bygg AB", "is_company": True}}])
instances = env["linserv.instance"].create([
    {{"name": "Instance %d" % n, "technical_name": "i%d" % n, "database": "i%d" % n, "partner_id": customer.id,
      "host_id": hosts[0].id}} for n in range(count)
])
repositories = env["linserv.backup.repository"].create([
    {{"instance_id": each.id, "host_id": hosts[1].id, "dr_host_id": hosts[2].id, "state": "ready",
      "public_key": "ssh-ed25519 AAAA"}} for each in instances
])
begun = now - datetime.timedelta(days=120)
for kind, days, points, times, weekdays in (
    ("db", 90, 48, False, "1234567"), ("fs", 90, 4, "07:00, 11:00, 15:00, 19:00", "12345"),
    ("dr", 14, 1, "03:30", "1234567"),
):
    env["linserv.backup.plan"].create([
        {{"repository_id": each.id, "kind": kind, "days": days, "points": points, "times": times, "weekdays": weekdays,
          "date_from": begun.date(), "date_begun": begun, "jitter_seconds": 0}} for each in repositories
    ])
env["base"].flush()
last = now - datetime.timedelta(seconds=(now - datetime.datetime(1970, 1, 1)).total_seconds() % 1800)
env.cr.execute('''
    INSERT INTO linserv_backup_point (repository_id, instance_id, company_id, commercial_partner_id, plan_id, kind,
        slot, name, state, date_proved, form, bytes_stored, dump_bytes, rows, files, manifest, attempts)
    SELECT r.id, r.instance_id, r.company_id, r.commercial_partner_id, p.id, 'db', s,
           'db-' || to_char(s, 'YYYYMMDD"T"HH24MISS"Z"'), 'proved', s, 'patch', 460000, 250000000, 700000, 9000,
           repeat('x', 1000), 1
      FROM linserv_backup_repository r
      JOIN linserv_backup_plan p ON p.repository_id = r.id AND p.kind = 'db',
           generate_series(%s::timestamp - interval '2160 hours', %s::timestamp, interval '30 minutes') s
''', [last, last - datetime.timedelta(minutes=30)])
rows = env.cr.rowcount
env.cr.execute('''
    UPDATE linserv_backup_repository r SET last_db_point_id = (
        SELECT id FROM linserv_backup_point p WHERE p.repository_id = r.id AND kind = 'db' ORDER BY slot DESC LIMIT 1)
''')
env.cr.execute("UPDATE linserv_backup_plan SET date_slots_to = %s, date_next = %s WHERE kind = 'db'",
               [last - datetime.timedelta(minutes=30), last])
env.cr.execute("UPDATE linserv_backup_plan SET date_slots_to = %s, date_next = %s WHERE kind <> 'db'",
               [last, last + datetime.timedelta(hours=3)])
env.cr.commit()
env.cr._cnx.autocommit = True
env.cr.execute("ANALYZE linserv_backup_point")
env.cr._cnx.autocommit = False
answer(rows)
"""

MEASURE = """
import json, time
from odoo import fields
from odoo.addons.linserv_backup.domain import slots

figures = {{}}

def measure(name, work, shares=1):
    env["base"].flush()
    env.cache.invalidate()
    before, begun = env.cr.sql_log_count, time.monotonic()
    value = work()
    env["base"].flush()
    figures[name] = [1000.0 * (time.monotonic() - begun) / shares, (env.cr.sql_log_count - before) / shares]
    return value

plans, points = env["linserv.backup.plan"], env["linserv.backup.point"]
repositories = env["linserv.backup.repository"].search([])
env["linserv.host"]._get_agent_version()
measure("order", plans._cron_order, len(repositories))
running = points.search([("state", "=", "running")])
assert len(running) == len(repositories), len(running)
measure("idle", plans._cron_order)

def manifest(point):
    slot = plans._epoch(point.slot)
    text = slots.to_text(slot)
    counts = {{"table_%d" % n: 1750 for n in range(400)}}
    return {{
        "format": 1, "repository": point.repository_id.name, "instance": "x", "kind": "db", "name": "db-" + text,
        "slot": text, "generation": 1, "form": "patch", "taken_from": slot + 5.0, "taken_to": slot + 9.0,
        "dump": {{"bytes": 250000000, "sha256": "2" * 64}}, "counts": counts, "rows": 700000,
        "files": {{"count": 9000}},
        "judged": "good", "reasons": [], "bytes_stored": 460000,
    }}

answers = [(point, point.run_id, manifest(point)) for point in running[:50]]

def take():
    for point, run, result in answers:
        point._on_run_done(run, result)
        env["base"].flush()
        env.cache.invalidate()

measure("take", take, len(answers))
assert set(running[:50].mapped("state")) == {{"proved"}}

first = repositories[0]
env.cr.execute("SELECT name FROM linserv_backup_point WHERE repository_id = %s AND state = 'proved'", [first.id])
listing = {{
    "points": [{{"name": row[0], "form": "patch", "bytes": 460000, "judged": "good"}} for row in env.cr.fetchall()],
    "clock": plans._epoch(fields.Datetime.now()), "free_bytes": 1, "total_bytes": 2, "repository_bytes": 1,
}}
run = first._order_run(first.host_id, "repo.list", {{}}, "bench")
measure("prove", lambda: first._on_run_done(run, listing))
proof = env["linserv.backup.proof"].search([("repository_id", "=", first.id), ("kind", "=", "db")])
names = ["slot", "instance_id", "kind", "form", "stored_text", "date_drilled", "reason_text", "state"]
measure("newest", lambda: points.search_read([("instance_id", "=", first.instance_id.id)], names, limit=80))
moment = fields.Datetime.subtract(fields.Datetime.now(), days=30)
measure("restore", lambda: points.search(
    [("repository_id", "=", first.id), ("kind", "=", "db"), ("state", "=", "proved"), ("slot", "<=", moment)],
    limit=1, order="slot desc").mapped("name"))
fields_shown = ["instance_id", "host_id", "proof_text", "size_text", "last_db_point_id", "state"]
measure("proofs", lambda: repositories[:80].read(fields_shown))
env.cr.execute("SELECT pg_total_relation_size('linserv_backup_point'), count(*) FROM linserv_backup_point")
size, rows = env.cr.fetchone()
answer({{"figures": figures, "proof": proof.expected_text, "bytes_a_point": size / rows, "points": rows}})
"""


def report(answer):
    """Print the table and the JSON line; return whether every goal is met."""
    goals = {}
    print("%-62s %10s %10s" % ("", "ms", "queries"))
    for step, (label, most_ms, most_queries) in GOALS.items():
        ms, queries = answer["figures"][step]
        goals[step] = {
            "ms": round(ms, 2),
            "queries": round(queries, 2),
            "ok": ms <= most_ms and queries <= most_queries,
        }
        print("%-62s %10.2f %10.2f" % (label, ms, queries))
    size = (answer["points"], answer["bytes_a_point"], answer["proof"])
    print("%d points, %.0f bytes each with their indexes, proof: %s" % size)
    print(json.dumps({"bench": "backup_plan", "goals": goals, "ok": all(each["ok"] for each in goals.values())}))
    return all(each["ok"] for each in goals.values())


def main():
    """Make the rows, measure, drop the database."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--instances", type=int, default=300)
    instances = parser.parse_args().instances
    database = Database("bench_backup_plan_%d" % os.getpid(), os.environ["LINSERV_TEMPLATE"])
    try:
        print("%d points made" % database.shell(MAKE.format(instances=instances), timeout=3600), flush=True)
        answer = database.shell(MEASURE.format(), timeout=3600)
    finally:
        database.drop()
    return 0 if report(answer) else 1


if __name__ == "__main__":
    sys.exit(main())
