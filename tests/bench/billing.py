"""Billing against its peers: the cost of an invoice of five lines with 25 % VAT, in one database and one run.

    ./dev bench billing [--quick]

Ours bills 200, 1,000 and 3,000 contracts and posts the invoices. The peers are OCA `contract` (drafts), OCA
`subscription_oca` (drafts), Odoo's own `create` and `action_post` one by one, and the raw floor: one `create` with
complete journal items and one `_post` for each chunk, which nobody who writes through Odoo can go below. The slow peers
get fewer invoices; the table says how many. Figures are CPU time of Python and of the PostgreSQL backend together.
Everybody is measured in turn, in several rounds, and the cheapest one counts: a machine that is shared is at times half
as fast as at others. `--quick` bills a tenth, in one round.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "e2e")]

import conftest  # noqa: E402, F401  (the path above makes it importable; it registers the addons)
from support import ODOO, STATE, Database  # noqa: E402

SIZES = (200, 1000, 3000)
ROUNDS, LONG_ROUNDS = 4, 2  # the thousands, which take their time, are billed in the first two
CONTRACTS = 10000  # of five services each: what is due is chosen among 50,000
LINES = 5
PEERS = {"floor": 1000, "standard": 150, "contract": 60, "subscription_oca": 60}
TITLES = {
    "ours": "ours, posted",
    "floor": "raw floor: bulk create, bulk post",
    "standard": "Odoo: create and action_post one by one",
    "contract": "OCA contract 14.0.2.14.1, draft",
    "subscription_oca": "OCA subscription_oca 14.0.1.3.0, draft",
}
GOAL_QUERIES, GOAL_TIMES, GOAL_OVER_FLOOR_MS, GOAL_FLAT = 26, 20, 10.0, 10.0
GOAL_MEMORY_MB, GOAL_LOCK_S, GOAL_DUE_MS, GOAL_PREVIEW_MS = 160, 3.0, 50.0, 50.0
BASE = 1000000  # ids of what is made here begin above it

# One contract is made as a person makes it; the others are copies of its rows.
SETUP = """
import datetime
start = datetime.date(2026, 1, 1)
partner = env["res.partner"].create({{
    "name": "Kund", "is_company": True, "lang": "sv_SE", "country_id": env.ref("base.se").id, "city": "Sundsvall",
}})
instance = env["linserv.instance"].create({{"name": "prod", "partner_id": partner.id, "technical_name": "prod"}})
contract = env["linserv.contract"].create({{"partner_id": partner.id, "date_start": start}})
services = ["bas", "backup", "drift", "epost"]
services = [env.ref("linserv_contract.linserv_service_" + code) for code in services]
services.append(services[0].copy({{"code": "extra", "name": "EXTRA"}}))
subscriptions = env["linserv.subscription"].create([
    {{"contract_id": contract.id, "service_id": service.id, "instance_id": instance.id, "price_unit": 100.0 * number}}
    for number, service in enumerate(services, start=1)
])
contract.action_activate()
env["base"].flush()


def multiply(table, original, ids, **values):
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )
    names = [row[0] for row in env.cr.fetchall()]
    chosen = [dict(values, id=ids).get(name, '"%s"' % name) for name in names]
    env.cr.execute(
        'INSERT INTO "%s" ("%s") SELECT %s FROM "%s", generate_series(1, {contracts}) AS number WHERE id = %d'
        % (table, '", "'.join(names), ", ".join(chosen), table, original)
    )


own = "{base} + number"
multiply("res_partner", partner.id, own, name="'Kund ' || number", display_name="'Kund ' || number",
         commercial_partner_id=own)
multiply("linserv_instance", instance.id, own, name="'prod' || number", technical_name="'prod' || number",
         partner_id=own, commercial_partner_id=own)
multiply("linserv_contract", contract.id, own, name="'B' || number", partner_id=own, commercial_partner_id=own)
for place, subscription in enumerate(subscriptions):
    each = "{base} + number * {lines} + %d" % place
    multiply("linserv_subscription", subscription.id, each, contract_id=own, instance_id=own,
             commercial_partner_id=own)
    multiply("linserv_subscription_price", subscription.price_ids.id, each, subscription_id=each)
for table in ("res_partner", "linserv_instance", "linserv_contract", "linserv_subscription",
              "linserv_subscription_price"):
    env.cr.execute("SELECT setval('%s_id_seq', (SELECT max(id) FROM %s))" % (table, table))
env.cr.commit()
answer(len(subscriptions))
"""

MEASURE = """
import datetime, os, resource, time

env.cr.execute("SELECT pg_backend_pid()")
backend = env.cr.fetchone()[0]
tick = os.sysconf("SC_CLK_TCK")


def cpu():
    own = os.times()
    with open("/proc/%d/stat" % backend) as stream:
        fields = stream.read().rsplit(")", 1)[1].split()
    return own.user + own.system, (int(fields[11]) + int(fields[12])) / tick


def measure(work, count):
    before, queries, begun = cpu(), env.cr.sql_log_count, time.monotonic()
    work()
    after = cpu()
    return {
        "invoices": count,
        "queries": round((env.cr.sql_log_count - queries) / count, 2),
        "python": round(1000.0 * (after[0] - before[0]) / count, 2),
        "postgres": round(1000.0 * (after[1] - before[1]) / count, 2),
        "wall": round(1000.0 * (time.monotonic() - begun) / count, 2),
        "memory": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1),
    }


def check(moves, count, state):
    assert len(moves) == count, (len(moves), count)
    assert set(moves.mapped("state")) == {state}
    assert {round(total, 2) for total in moves.mapped("amount_total")} == {1875.0}, set(moves.mapped("amount_total"))
"""

OURS = """
BASE, first, count = {base}, {first}, {count}
longest = [0.0]
bill_batch, post = type(env["linserv.billing.run"])._commit, type(env["account.move"])._linserv_post
since = []


def timed_post(self):
    since.append(time.monotonic())
    return post(self)


def timed_commit(self):
    bill_batch(self)
    if since:
        longest[0] = max(longest[0], time.monotonic() - since.pop())


type(env["account.move"])._linserv_post = timed_post
type(env["linserv.billing.run"])._commit = timed_commit


def bill(first, count):
    ids = list(range(BASE + first, BASE + first + count))
    run = env["linserv.billing.run"].create(
        {{"date": datetime.date(2026, 1, 1), "mode": "post", "contract_ids": [(6, 0, ids)]}}
    )
    env.cr.commit()
    env.clear()

    def work():
        run.action_bill()
        while run.state == "running":
            env["linserv.billing.run"]._cron_resume()
    return run, work


warm_up, work = bill(first, 20)
work()
run, work = bill(first + 20, count)
longest[0] = 0.0
figures = measure(work, count)
figures["lock"] = round(longest[0], 2)
check(run.move_ids, count, "posted")
rows = env["linserv.billed.period"].search_count([("move_id.linserv_billing_run_id", "=", run.id)])
assert rows == {lines} * count, rows
answer(figures)
"""

FLOOR = """
partners = env["res.partner"].browse(range({base} + 1, {base} + 1 + {count}))
contract = env["linserv.contract"].browse({base} + {contracts} - 1)
run = env["linserv.billing.run"].new({{"date": datetime.date(2026, 1, 1), "company_id": env.company.id}})
maker, builder = env["linserv.billing.invoice"], env["linserv.invoice.builder"]
plan = contract._plan(run.date)[contract]
vals = maker._prepare_invoice_vals(contract, plan, run)
vals["linserv_billing_run_id"] = False
complete = builder._complete([vals])[0]


def values(partner):
    lines = [(0, 0, dict(line, partner_id=partner.id)) for _x, _y, line in complete["line_ids"]]
    return dict(complete, line_ids=lines, partner_id=partner.id, partner_shipping_id=partner.id,
                payment_reference="%s" % partner.id, linserv_contract_id=False, linserv_contract_ids=[])


quiet = dict(tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True,
             default_move_type="out_invoice")
made = []


def chunk(partners):
    moves = env["account.move"].with_context(**quiet).create([values(partner) for partner in partners])
    moves.flush()
    env.clear()
    moves._post(soft=False)
    moves.flush()
    made.extend(moves.ids)
    env.cr.commit()
    env.clear()


def work():
    for number in range(0, len(partners), 50):
        chunk(partners[number:number + 50])


chunk(partners[:20])
made.clear()
figures = measure(work, len(partners))
check(env["account.move"].browse(made), len(partners), "posted")
answer(figures)
"""

STANDARD = """
partners = env["res.partner"].browse(range({base} + 1, {base} + 1 + {count}))
contract = env["linserv.contract"].browse({base} + 1)
goods = [(sub.service_id.product_id, sub.price_unit) for sub in contract.subscription_ids]
made = []


def one(partner):
    lines = [
        (0, 0, {{"product_id": product.id, "name": product.name, "quantity": 1.0, "price_unit": price,
                 "tax_ids": [(6, 0, product.taxes_id.ids)]}})
        for product, price in goods
    ]
    move = env["account.move"].create({{
        "move_type": "out_invoice", "partner_id": partner.id, "invoice_date": "2026-01-01", "invoice_line_ids": lines,
    }})
    move.action_post()
    made.append(move.id)
    env.cr.commit()
    env.clear()


for partner in partners[:10]:
    one(partner)
made.clear()
figures = measure(lambda: [one(partner) for partner in partners], len(partners))
check(env["account.move"].browse(made), len(partners), "posted")
answer(figures)
"""

CONTRACT = """
partners = env["res.partner"].browse(range({base} + 1, {base} + 1 + {count}))
contract = env["linserv.contract"].browse({base} + 1)
goods = [(sub.service_id.product_id, sub.price_unit) for sub in contract.subscription_ids]
start = datetime.date(2026, 1, 1)


def agree(partner):
    return {{
        "name": partner.name, "partner_id": partner.id, "invoice_partner_id": partner.id,
        "contract_line_ids": [(0, 0, {{
            "product_id": product.id, "name": product.name, "quantity": 1.0, "price_unit": price,
            "date_start": start, "recurring_next_date": start, "recurring_rule_type": "monthly",
            "recurring_interval": 1, "recurring_invoicing_type": "pre-paid",
        }}) for product, price in goods],
    }}


agreements = env["contract.contract"].create([agree(partner) for partner in partners])
env["base"].flush()
env.cr.commit()
env.clear()
made = []


def work(agreements):
    moves = agreements._recurring_create_invoice(start)
    moves.flush()
    made.extend(moves.ids)
    env.cr.commit()


work(agreements[:10])
made.clear()
rest = agreements[10:]
figures = measure(lambda: work(rest), len(rest))
check(env["account.move"].browse(made), len(rest), "draft")
answer(figures)
"""

SUBSCRIPTION_OCA = """
partners = env["res.partner"].browse(range({base} + 1, {base} + 1 + {count}))
contract = env["linserv.contract"].browse({base} + 1)
goods = [(sub.service_id.product_id, sub.price_unit) for sub in contract.subscription_ids]
template = env["sale.subscription.template"].create(
    {{"name": "Monthly", "recurring_rule_type": "months", "invoicing_mode": "draft"}}
)
pricelist = env["product.pricelist"].search([], limit=1)
agreements = env["sale.subscription"]
for partner in partners:
    agreements |= env["sale.subscription"].create({{
        "partner_id": partner.id, "template_id": template.id, "pricelist_id": pricelist.id,
        "date_start": "2026-01-01", "recurring_next_date": "2026-01-01",
        "sale_subscription_line_ids": [
            (0, 0, {{"product_id": product.id, "product_uom_qty": 1.0, "price_unit": price,
                     "tax_ids": [(6, 0, product.taxes_id.ids)]}})
            for product, price in goods
        ],
    }})
for line in agreements.sale_subscription_line_ids:
    line.price_unit = dict(goods)[line.product_id] if line.product_id in dict(goods) else line.price_unit
env["base"].flush()
env.cr.commit()
env.clear()


def work(agreements):
    for agreement in agreements:
        agreement.generate_invoice()
        agreement.flush()
        env.cr.commit()


work(agreements[:10])
rest = agreements[10:]
figures = measure(lambda: work(rest), len(rest))
moves = rest.mapped("invoice_ids")
assert len(moves) == len(rest)
answer(figures)
"""

ASK = """
def mean_cpu(work, times):
    # The clock of PostgreSQL's process ticks every 10 ms: many times, and divided.
    work()
    rounds = []
    for _round in range(3):
        before = cpu()
        for _time in range(times):
            env.clear()
            work()
        rounds.append(1000.0 * (sum(cpu()) - sum(before)) / times)
    return round(min(rounds), 2)


env.cr.execute("ANALYZE")
env.cr.commit()
due_day = datetime.date(2026, 2, 1)
contracts = env["linserv.contract"]
env.cr.execute("UPDATE linserv_subscription SET date_next_due = %s", [datetime.date(2026, 2, 2)])
env.cr.execute("UPDATE linserv_subscription SET date_next_due = %s WHERE contract_id %% 100 = 7", [due_day])
env.cr.commit()
env.cr.execute("ANALYZE linserv_subscription")
found = contracts._search_due(env.company, due_day)
assert len(found) == {contracts} / 100, len(found)
due = mean_cpu(lambda: contracts._search_due(env.company, due_day), 40)
one = contracts.browse(found[-1])
run = env["linserv.billing.run"].create({{"date": due_day, "contract_ids": [(6, 0, one.ids)]}})


def preview():
    run.action_preview()
    run.flush()


preview_ms = mean_cpu(preview, 40)
assert run.line_ids.state == "planned" and run.amount_total == 3000.0, (run.line_ids.state, run.amount_total)
env.cr.rollback()
answer({{"due": due, "preview": preview_ms}})
"""

SCRIPTS = {"floor": FLOOR, "standard": STANDARD, "contract": CONTRACT, "subscription_oca": SUBSCRIPTION_OCA}


def shell(database, script, timeout=3600, **values):
    """What a script answered that measures."""
    values = {"base": BASE, "lines": LINES, "contracts": CONTRACTS, **values}
    return database.shell(MEASURE + script.format(**values), timeout=timeout)


def install_peers(name):
    """Install the OCA peers in the database."""
    words = ["-c", STATE / "odoo.conf", "-d", name, "-i", "contract,subscription_oca", "--stop-after-init"]
    done = subprocess.run(
        [str(word) for word in [*ODOO, *words, "--no-http", "--log-level=error"]], check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]


def measure(options):
    """Make the database, run everybody; {name: figures}."""
    share = 10 if options.quick else 1
    database = Database("bench_billing_%d" % os.getpid(), os.environ["LINSERV_TEMPLATE"])
    try:
        install_peers(database.name)
        shell(database, SETUP)
        database.query("VACUUM ANALYZE")
        figures, first = {}, 1
        for number in range(1 if options.quick else ROUNDS):
            for size in SIZES if number < LONG_ROUNDS else SIZES[:1]:
                ours = tell(shell(database, OURS, first=first, count=size // share))
                keep_cheaper(figures, "ours %d" % size, ours)
                first += size // share + 20
            for name, script in SCRIPTS.items():
                keep_cheaper(figures, name, tell(shell(database, script, count=PEERS[name] // share + 10)))
        figures["ask"] = shell(database, ASK)
        return figures
    finally:
        database.drop()


def keep_cheaper(figures, name, found):
    """Keep what was found under the name, unless an earlier round was cheaper."""
    if name not in figures or total(found) < total(figures[name]):
        figures[name] = found


def tell(figures):
    """Say what was measured as it comes: the whole takes minutes."""
    print(json.dumps(figures), flush=True)
    return figures


def total(figures):
    """CPU milliseconds an invoice, Python and PostgreSQL."""
    return figures["python"] + figures["postgres"]


def judge(figures):
    """The goals, each with its figure."""
    ours = [figures["ours %d" % size] for size in SIZES]
    costs = [total(each) for each in ours]
    over = max(costs) - total(figures["floor"])
    flat = 100.0 * (max(costs) / min(costs) - 1)
    goals = [
        ("queries an invoice, posted", max(each["queries"] for each in ours), GOAL_QUERIES),
        ("CPU ms an invoice above the raw floor", round(over, 2), GOAL_OVER_FLOOR_MS),
        ("% between the dearest and the cheapest size", round(flat, 1), GOAL_FLAT),
        ("peak memory, MB", max(each["memory"] for each in ours), GOAL_MEMORY_MB),
        ("longest transaction that holds the journal, s", max(each["lock"] for each in ours), GOAL_LOCK_S),
        ("choosing what is due among 50,000 subscriptions, CPU ms", figures["ask"]["due"], GOAL_DUE_MS),
        ("preview of one contract, CPU ms", figures["ask"]["preview"], GOAL_PREVIEW_MS),
    ]
    judged = [{"goal": name, "figure": figure, "limit": limit, "ok": figure <= limit} for name, figure, limit in goals]
    times = round(total(figures["contract"]) / max(costs), 1)
    name = "times less CPU than a draft of OCA contract"
    judged.insert(1, {"goal": name, "figure": times, "limit": GOAL_TIMES, "ok": times >= GOAL_TIMES})
    return judged


def print_table(figures, goals):
    """What a person reads."""
    head = ("", "invoices", "queries", "Python ms", "PostgreSQL ms", "CPU ms", "wall ms", "peak MB")
    print("%-42s %8s %8s %10s %13s %8s %8s %8s" % head)
    for name, each in figures.items():
        if "queries" not in each:
            continue
        numbers = (each["invoices"], each["queries"], each["python"], each["postgres"], total(each), each["wall"])
        line = "%-42s %8d %8.1f %10.2f %13.2f %8.2f %8.2f" % (TITLES[name.split()[0]], *numbers)
        print(line + " %8.0f" % each["memory"])
    for goal in goals:
        words = (goal["goal"], goal["figure"], goal["limit"], "ok" if goal["ok"] else "MISSED")
        print("%-55s %s (goal %s) %s" % words)


def main():
    """Measure, tell, and answer with 0 when every goal is met."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a tenth of the invoices")
    figures = measure(parser.parse_args())
    goals = judge(figures)
    print_table(figures, goals)
    good = all(goal["ok"] for goal in goals)
    print(json.dumps({"bench": "billing", "ok": good, "goals": goals, "figures": figures}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
