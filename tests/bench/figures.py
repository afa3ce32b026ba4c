"""The figures at scale: what recurring revenue and a month's end cost with thousands of services, billed for a year.

    ./dev bench figures [--full]

Two customers are made and billed month by month as people do it; all others are copies of their rows. 2,000 services
and then 5,000; with ``--full`` 50,000 instead, which takes a quarter of an hour. Figures are CPU time of Python
and of the PostgreSQL backend together, and queries.
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

MONTHS = 12
LINES = 5
STEPS = {
    "change": "a new price of one service, customer of 5",
    "change_large": "a new price of one service, customer of 500",
    "hook": "share of a billing run that the figures cost",
    "catch_up": "writing every movement anew",
    "compare": "comparing every ledger with the terms",
    "figures": "the page",
    "reconciliation": "its agreement with the invoices",
    "graph": "graph by month and service",
    "pivot": "pivot by service and month",
    "list": "list by month, one page of it",
    "accrual": "the list of a month's end",
    "entry": "its entry",
}
# {services: {step: (most seconds, most queries)}}
GOALS = {
    2000: {
        "change": (0.05, 20),
        "change_large": (0.1, 20),
        "hook": (3.0, None),
        "catch_up": (8.0, 400),
        "compare": (6.0, 400),
        "figures": (1.0, 60),
        "reconciliation": (2.0, 60),
        "graph": (1.0, None),
        "pivot": (1.0, None),
        "list": (1.0, None),
        "accrual": (6.0, None),
        "entry": (8.0, None),
    },
    5000: {"figures": (2.0, 60), "reconciliation": (4.0, 60), "graph": (2.0, None), "accrual": (15.0, None)},
    50000: {
        "figures": (5.0, 60),
        "reconciliation": (30.0, 60),
        "graph": (8.0, None),
        "pivot": (8.0, None),
        "list": (8.0, None),
        "accrual": (120.0, None),
    },
}

SETUP = """
import datetime
from dateutil.relativedelta import relativedelta

today = datetime.date.today()
begin = today.replace(day=15) - relativedelta(months={months} + 1)


def agree(name):
    partner = env["res.partner"].create({{"name": name, "is_company": True, "country_id": env.ref("base.se").id}})
    instance = env["linserv.instance"].create({{"name": "prod", "partner_id": partner.id, "technical_name": name}})
    contract = env["linserv.contract"].create(
        {{"partner_id": partner.id, "date_start": begin, "billing_alignment": "contract_day"}}
    )
    services = [
        dict(code="bas", price_unit=2400.0),
        dict(code="backup", price_unit=900.0, billing_interval="quarterly"),
        dict(code="drift", price_unit=700.0, billing_timing="arrears"),
        dict(code="epost", price_unit=300.0),
        dict(code="maintenance", price_unit=175.0),
    ]
    subscriptions = env["linserv.subscription"].create([
        dict(vals, contract_id=contract.id, instance_id=instance.id, date_start=begin,
             service_id=env.ref("linserv_contract.linserv_service_" + vals.pop("code")).id)
        for vals in services
    ])
    contract.action_activate()
    for number in range({months} + 1):
        env["linserv.meter.reading"].create({{
            "subscription_id": subscriptions[4].id, "meter": subscriptions[4].service_id.meter,
            "date": begin + relativedelta(months=number), "quantity": 4000 + 250 * number,
        }})
    subscriptions[0]._set_price({{"price_unit": 2600.0}}, begin + relativedelta(months=5))
    env["linserv.subscription.discount"].create({{
        "subscription_id": subscriptions[3].id, "percent": 10, "date_from": begin,
        "date_to": begin + relativedelta(months=7, days=-1),
    }})
    env.cr.commit()
    return contract


staying, leaving = agree("stannar"), agree("slutar")
leaving.date_end = begin + relativedelta(months=8, days=-1)
leaving.action_end()
env.cr.commit()
for number in range({months} + 1):
    run = env["linserv.billing.run"].create(
        {{"date": begin + relativedelta(months=number), "mode": "post",
          "contract_ids": [(6, 0, (staying | leaving).ids)]}}
    )
    run.action_bill()
    env.cr.commit()
answer({{"staying": staying.id, "leaving": leaving.id}})
"""

MULTIPLY = """
MODELS = ["res.partner", "linserv.instance", "linserv.contract", "linserv.subscription", "linserv.subscription.price",
          "linserv.subscription.discount", "linserv.meter.reading", "account.move", "account.move.line",
          "linserv.billed.period"]
NAMED = {{"res_partner": ("name", "display_name"), "linserv_instance": ("technical_name",), "account_move": ("name",),
          "linserv_contract": ("name",)}}


def rows_of(contract):
    subs = contract.subscription_ids
    everything = contract.env["account.move"].search([("linserv_contract_ids", "in", contract.ids)])
    periods = env["linserv.billed.period"].with_context(active_test=False)
    return [contract.partner_id, subs.instance_id, contract, subs, subs.price_ids, subs.discount_ids,
            env["linserv.meter.reading"].search([("subscription_id", "in", subs.ids)]), everything,
            everything.line_ids, periods.search([("subscription_id", "in", subs.ids)])]


def multiply(contract, base, first, last):
    groups = [records.sorted("id") for records in rows_of(contract)]
    wide = max(map(len, groups)) + 1
    places = {{records._name: {{key: place for place, key in enumerate(records.ids)}} for records in groups}}
    new = lambda model, key: "%d + number * %d + %d" % (base, wide, places[model][key])
    for records in groups:
        table = records._table
        fields = {{name: field for name, field in records._fields.items() if field.store and field.column_type}}
        for record in records:
            env.cr.execute('SELECT * FROM "%s" WHERE id = %d' % (table, record.id))
            (found,) = env.cr.dictfetchall()
            chosen = {{name: '"%s"' % name for name in found}}
            chosen["id"] = new(records._name, record.id)
            for name in NAMED.get(table, ()):
                chosen[name] = '"%s" || number' % name
            for name, field in fields.items():
                if field.type == "many2one" and found.get(name) in places.get(field.comodel_name, ()):
                    chosen[name] = new(field.comodel_name, found[name])
            env.cr.execute('INSERT INTO "%s" (%s) SELECT %s FROM "%s", generate_series(%d, %d) AS number WHERE id = %d'
                           % (table, ", ".join('"%s"' % name for name in chosen), ", ".join(chosen.values()), table,
                              first, last, record.id))
    field = env["account.move"]._fields["linserv_contract_ids"]
    for move in groups[7]:
        env.cr.execute("INSERT INTO %s (%s, %s) SELECT %s, %s FROM generate_series(%d, %d) AS number" % (
            field.relation, field.column1, field.column2, new("account.move", move.id),
            new("linserv.contract", contract.id), first, last))
    return groups


for contract, base, part in (({staying}, 100000000, 9), ({leaving}, 1000000, 1)):
    multiply(env["linserv.contract"].browse(contract), base, {first} * part, {last} * part - 1)
env.cr.commit()
for model in MODELS:
    table = env[model]._table
    env.cr.execute("SELECT setval('%s_id_seq', greatest(1000000000, (SELECT max(id) FROM %s)))" % (table, table))
env.cr.execute("UPDATE linserv_subscription SET revenue_date_checked = NULL WHERE id > 1000000")
env.cr.commit()
env.cr.execute("SELECT count(*) FROM linserv_subscription")
answer(env.cr.fetchone()[0])
"""

TIMER = """
import datetime, os, time

today = datetime.date.today()
figures = {{}}
env.cr.execute("SET max_parallel_workers_per_gather = 0")
env.cr.execute("SELECT pg_backend_pid()")
backend = env.cr.fetchone()[0]


def cpu():
    with open("/proc/%d/stat" % backend) as stream:
        fields = stream.read().rsplit(")", 1)[1].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(name, work):
    env["base"].flush()
    env.clear()
    begun, queries = cpu(), env.cr.sql_log_count
    result = work()
    env["base"].flush()
    figures[name] = [cpu() - begun, env.cr.sql_log_count - queries]
    return result
"""

CHANGE = """
def change(subscription, number):
    # What is measured is the transaction's end, when the movements are written.
    subscription._set_price({{"price_unit": 1000.0 + number}}, today.replace(day=1) + datetime.timedelta(days=31))
    env["base"].flush()
    begun, queries = cpu(), env.cr.sql_log_count
    env.cr.precommit.run()
    return cpu() - begun, env.cr.sql_log_count - queries


def changes(name, subscriptions):
    costs = [change(subscription, number) for number, subscription in enumerate(subscriptions)]
    figures[name] = [sum(cost) / len(costs) for cost in zip(*costs[2:])]
    env.cr.rollback()
    env.clear()


small = env["linserv.contract"].search([("state", "=", "active")], limit=12)
changes("change", [contract.subscription_ids[0] for contract in small])
one = small[0]
env.cr.execute("UPDATE linserv_subscription SET contract_id = %s, commercial_partner_id = %s WHERE id IN %s",
               [one.id, one.commercial_partner_id.id, tuple(small.search([]).subscription_ids.ids[:500])])
env.cr.execute('''UPDATE linserv_revenue_movement movement SET commercial_partner_id = sub.commercial_partner_id
                    FROM linserv_subscription sub WHERE sub.id = movement.subscription_id''')
env.clear()
changes("change_large", one.subscription_ids[:12])
answer(figures)
"""

HOOK = """
spent, depth = [0.0], [0]


def timed(name):
    method = getattr(type(env["linserv.subscription"]), name)

    def work(self, *args, **kwargs):
        begun, depth[0] = time.process_time(), depth[0] + 1
        try:
            return method(self, *args, **kwargs)
        finally:
            depth[0] -= 1
            spent[0] += 0.0 if depth[0] else time.process_time() - begun

    setattr(type(env["linserv.subscription"]), name, work)


timed("_queue_revenue")
timed("_record_pending_revenue")
day = today + datetime.timedelta(days=40)
contracts = env["linserv.contract"].search([("state", "=", "active")], limit=200)
run = env["linserv.billing.run"].create({{"date": day, "mode": "post", "contract_ids": [(6, 0, contracts.ids)]}})
env.cr.commit()
movements = env["linserv.revenue.movement"].search_count([])
begun = time.process_time()
run.with_context(linserv_slice_seconds=900).action_bill()
whole = time.process_time() - begun
assert run.state == "done" and run.billed_count == len(contracts), (run.state, run.billed_count)
assert env["linserv.revenue.movement"].search_count([]) == movements
answer({{"hook": [100.0 * spent[0] / whole, 0], "ms_a_contract": 1000.0 * whole / len(contracts)}})
"""

CATCH_UP = """
subscriptions = env["linserv.subscription"]


def catch_up():
    subscriptions._cron_record_revenue(seconds=900)


measure("catch_up", catch_up)
env.cr.commit()
env.cr.execute("UPDATE linserv_subscription SET revenue_date_checked = NULL")
measure("compare", catch_up)
env.cr.commit()
answer(figures)
"""

PAGES = """
dashboard, report = env["linserv.revenue.dashboard"], env["linserv.revenue.report"]
page = measure("figures", dashboard.get_figures)
assert not page["empty"] and len(page["cards"]) == 8, page
bridge = measure("reconciliation", dashboard.get_reconciliation)
assert len(bridge["lines"]) > 4, bridge
measure("graph", lambda: report.read_group([], ["amount"], ["month:month", "service_id"], lazy=False))
measure("pivot", lambda: report.read_group([], ["amount"], ["service_id", "month:month"], lazy=False))
measure("list", lambda: report.search([], limit=80).read(["month", "amount", "contract_id"]))
answer(figures)
"""

MONTH_END = """
accruals = env["linserv.accrual"]
accrual = measure("accrual", lambda: accruals.create({{}}))
assert accrual.line_ids and accrual.amount_prepaid > 0, accrual
figures["lines"] = len(accrual.line_ids)
measure("entry", accrual.action_propose)
assert accrual.move_id, accrual
env.cr.rollback()
answer(figures)
"""


def shell(database, *scripts, timeout=3600, **values):
    """What the last script answered."""
    return database.shell("\n".join(script.format(months=MONTHS, **values) for script in scripts), timeout=timeout)


def grow(database, contracts, before, services):
    """Copy the two customers until there are so many services; the number of copies."""
    upto = services // (LINES * 10)
    if upto > before:
        counted = shell(database, MULTIPLY, first=before or 1, last=upto + 1, **contracts)
        database.query("VACUUM ANALYZE")
        tell({"services": counted})
    return upto + 1


def tell(figures):
    """Say what was measured as it comes."""
    print(json.dumps(figures), flush=True)
    return figures


def measure(sizes):
    """Make the database and let it grow; {services: {step: [seconds, queries]}}."""
    database = Database("bench_figures_%d" % os.getpid(), os.environ["LINSERV_TEMPLATE"])
    try:
        contracts, copies, figures = shell(database, SETUP), 0, {}
        for size in sizes:
            copies = grow(database, contracts, copies, size)
            found = figures[size] = {}
            parts = [CATCH_UP, PAGES, MONTH_END, *([CHANGE, HOOK] if size == sizes[0] else [])]
            for part in parts:
                found.update(tell(shell(database, TIMER, part)))
        return figures
    finally:
        database.drop()


def judge(figures):
    """The goals, each with its figure."""
    judged = []
    for size, found in figures.items():
        for step, (seconds, queries) in GOALS[size].items():
            for number, limit, unit in ((0, seconds, "CPU s"), (1, queries, "queries")):
                if limit is not None:
                    figure = round(found[step][number], 3)
                    name = "%d services: %s, %s" % (size, STEPS[step], "%" if step == "hook" else unit)
                    judged.append({"goal": name, "figure": figure, "limit": limit, "ok": figure <= limit})
    return judged


def print_table(figures, goals):
    """What a person reads."""
    for size, found in figures.items():
        print("%-50s %10s %10s" % ("%d services" % size, "CPU s", "queries"))
        for step, title in STEPS.items():
            if step in found:
                print("  %-48s %10.3f %10.0f" % (title, *found[step]))
    for goal in goals:
        print("%-75s %s (goal %s) %s" % (*list(goal.values())[:3], "ok" if goal["ok"] else "MISSED"))


def main():
    """Measure, tell, and answer with 0 when every goal is met."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="50,000 services")
    figures = measure((2000, 50000) if parser.parse_args().full else (2000, 5000))
    goals = judge(figures)
    print_table(figures, goals)
    good = all(goal["ok"] for goal in goals)
    print(json.dumps({"bench": "figures", "ok": good, "goals": goals, "figures": figures}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
