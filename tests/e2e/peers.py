"""Inside `odoo shell`: the same story told to OCA `contract` and to the suite; what each of them made of it.

Every story is a function of the environment that returns plain values, and is taken back when it has been told.
"""

import threading
from datetime import date

from odoo.tools import mute_logger

PRICE = 900.0


def day(text):
    """The date of "01-31" in 2026."""
    return date.fromisoformat("2026-" + text)


def tell(env, stories):
    """{name: what the story returned, or "refused: ErrorClass"}; nothing of it stays."""
    threading.current_thread().testing = True  # a billing run does not commit, no mail leaves
    told = {}
    for name, story in stories.items():
        env.cr.execute("SAVEPOINT story")
        try:
            with mute_logger("odoo.sql_db", "odoo.addons.linserv_contract.models.linserv_billing_run_line"):
                told[name] = story(env)
                env["base"].flush()
        except Exception as error:  # noqa: BLE001  (whatever the peer does is the answer)
            told[name] = "refused: %s: %s" % (type(error).__name__, str(error).splitlines()[0])
        env.cr.execute("ROLLBACK TO SAVEPOINT story")
        env.clear()
    return told


def customer(env):
    """A customer with an instance."""
    partner = env["res.partner"].create({"name": "Norrvik Bygg AB", "is_company": True, "lang": "sv_SE"})
    env["linserv.instance"].create({"name": "norrvik-prod", "partner_id": partner.id, "database": "norrvik"})
    return partner


def product(env):
    """What both bill: the product of ODOO BAS, with its account and tax."""
    return env.ref("linserv_contract.linserv_service_bas").product_id


def billed(env):
    """The invoices, drafts included."""
    env["base"].flush()
    return env["account.move"].search([("move_type", "=", "out_invoice"), ("state", "!=", "cancel")])


def amounts(env):
    """The untaxed amounts of the invoices, smallest first."""
    return sorted(billed(env).mapped("amount_untaxed"))


def break_account(env, thing):
    """Let the income of a product go to an account that Odoo refuses to book on."""
    account = thing.product_tmpl_id.get_product_accounts()["income"]
    thing.property_account_income_id = account.copy({"code": "399999", "deprecated": True})


# OCA contract


def oca(env, start="01-01", lines=1, line_values=None, item=None, **values):
    """A contract of OCA `contract` with monthly lines, paid in advance."""
    item = item or product(env)
    line = {
        "product_id": item.id,
        "name": "Service #START# - #END#",
        "quantity": 1.0,
        "uom_id": item.uom_id.id,
        "price_unit": PRICE,
        "date_start": day(start),
        **(line_values or {}),
    }
    return env["contract.contract"].create(
        {
            "name": "Agreement",
            "partner_id": customer(env).id,
            "date_start": day(start),
            "contract_line_ids": [(0, 0, dict(line)) for _number in range(lines)],
            **values,
        }
    )


def oca_run(env, *days):
    """The scheduled action of OCA `contract` on each of these days."""
    for text in days:
        env["contract.contract"].cron_recurring_create_invoice(day(text))


def oca_periods(contract):
    """The first days of the periods on the invoices, by the markers in their lines."""
    names = contract.contract_line_ids.env["account.move.line"].search(
        [("contract_line_id", "in", contract.contract_line_ids.ids)], order="id"
    )
    return [line.name.split(" ")[1] for line in names]


def oca_drift(env):
    contract = oca(env, "01-31")
    oca_run(env, "01-31", "02-28", "03-31", "04-30", "05-31")
    return [text[3:5] if "/" in text else text[-2:] for text in oca_periods(contract)]


def oca_missed(env):
    oca(env)
    oca_run(env, "03-15")
    return amounts(env)


def oca_twice(env):
    contract = oca(env)
    contract.recurring_create_invoice()
    contract.recurring_create_invoice()
    return amounts(env)


def oca_deleted(env):
    oca(env)
    oca_run(env, "01-01")
    billed(env).unlink()
    oca_run(env, "01-01")
    return amounts(env)


def oca_credited(env):
    oca(env)
    oca_run(env, "01-01")
    billed(env).action_post()
    billed(env)._reverse_moves(cancel=True)
    oca_run(env, "01-02")
    return len(billed(env)) - 1


def oca_cancelled(env):
    oca(env)
    oca_run(env, "01-01")
    billed(env).button_cancel()
    oca_run(env, "01-02")
    return amounts(env)


def oca_broken(env):
    oca(env)
    broken = product(env).copy()
    break_account(env, broken)
    oca(env, item=broken)
    oca(env)
    try:
        with env.cr.savepoint():
            oca_run(env, "01-01")
    except Exception:  # noqa: BLE001  (what stops it is told by what is left)
        env.clear()
    return amounts(env)


def oca_leak(env):
    first, second = oca(env, "01-01"), oca(env, "03-01")
    moves = (first | second)._recurring_create_invoice()
    return len(moves)


def oca_stop_inside(env):
    contract = oca(env, line_recurrence=True, line_values={"recurring_next_date": day("01-01")})
    oca_run(env, "01-01")
    contract.contract_line_ids.stop(day("01-15"))
    oca_run(env, "02-01")
    return amounts(env)


def oca_stop_one(env):
    contract = oca(env, lines=2)
    oca_run(env, "01-01")
    contract.contract_line_ids[0].stop(day("01-31"))
    oca_run(env, "02-01")
    return amounts(env)


def oca_yearly(env):
    contract = oca(env, recurring_rule_type="yearly", line_recurrence=True)
    oca_run(env, "01-01", "02-01", "03-01")
    return [len(billed(env)), contract.recurring_rule_type]


def oca_half(env):
    oca(env, line_values={"date_end": day("01-15")}, line_recurrence=True)
    oca_run(env, "01-01")
    return amounts(env)


def oca_price(env):
    contract = oca(env)
    contract.contract_line_ids.price_unit = 1000.0  # agreed from 1 March; January and February are not billed yet
    oca_run(env, "01-01", "02-01", "03-01")
    return amounts(env)


def oca_back(env):
    contract = oca(env)
    oca_run(env, "01-01")
    contract.contract_line_ids.last_date_invoiced = False  # an import, a script, a second worker with an old value
    oca_run(env, "01-01")
    return amounts(env)


# The suite


def ours(env, start="01-01", services=("bas",), **values):
    """A contract of the suite in force."""
    partner = customer(env)
    instance = env["linserv.instance"].search([("partner_id", "=", partner.id)])
    contract = env["linserv.contract"].create({"partner_id": partner.id, "date_start": day(start), **values})
    for code in services:
        env["linserv.subscription"].create(
            {
                "contract_id": contract.id,
                "service_id": env.ref("linserv_contract.linserv_service_" + code).id,
                "instance_id": instance.id,
                "price_unit": PRICE,
            }
        )
    contract.action_activate()
    return contract


def ours_run(env, *days, mode="draft"):
    """A billing run of everything on each of these days; the last run."""
    for text in days:
        run = env["linserv.billing.run"].create({"date": day(text), "mode": mode})
        run.action_bill()
    return run


def ours_drift(env):
    contract = ours(env, "01-31")
    ours_run(env, "01-31", "02-28", "03-31", "04-30", "05-31")
    rows = env["linserv.billed.period"].search([("contract_id", "=", contract.id)], order="date_from")
    return [str(row.date_from)[-2:] for row in rows]


def ours_missed(env):
    ours(env)
    ours_run(env, "03-15")
    return amounts(env)


def ours_twice(env):
    ours(env)
    ours_run(env, "01-01").action_bill()
    ours_run(env, "01-01")
    return amounts(env)


def ours_deleted(env):
    ours(env)
    ours_run(env, "01-01")
    billed(env).unlink()
    ours_run(env, "01-01")
    return amounts(env)


def ours_credited(env):
    ours(env)
    ours_run(env, "01-01", mode="post")
    billed(env)._reverse_moves(cancel=True)
    ours_run(env, "01-02")
    return len(billed(env)) - 1


def ours_cancelled(env):
    ours(env)
    ours_run(env, "01-01")
    billed(env).button_cancel()
    ours_run(env, "01-02")
    return amounts(env)


def ours_broken(env):
    ours(env)
    ours(env, services=["backup"])
    break_account(env, env.ref("linserv_contract.linserv_service_backup").product_id)
    ours(env)
    run = ours_run(env, "01-01")
    assert run.failed_count == 1 and run.line_ids.filtered(lambda line: line.state == "failed").reason
    return amounts(env)


def ours_leak(env):
    ours(env, "01-01")
    ours(env, "03-01")
    ours_run(env, "03-01")
    return len(billed(env))


def ours_stop_inside(env):
    contract = ours(env)
    ours_run(env, "01-01", mode="post")
    contract.subscription_ids.date_end = day("01-15")
    contract.subscription_ids.action_end()
    ours_run(env, "02-01")
    moves = env["account.move"].search([("move_type", "in", ("out_invoice", "out_refund"))])
    return sorted(-move.amount_untaxed if move.move_type == "out_refund" else move.amount_untaxed for move in moves)


def ours_stop_one(env):
    contract = ours(env, services=["bas", "epost"])
    ours_run(env, "01-01")
    contract.subscription_ids[0].date_end = day("01-31")
    contract.subscription_ids[0].action_end()
    ours_run(env, "02-01")
    return amounts(env)


def ours_yearly(env):
    contract = ours(env)
    contract.subscription_ids.billing_interval = "yearly"
    ours_run(env, "01-01", "02-01", "03-01")
    return [len(billed(env)), contract.subscription_ids.billing_interval]


def ours_half(env):
    contract = ours(env)
    contract.subscription_ids.date_end = day("01-15")
    ours_run(env, "01-01")
    return amounts(env)


def ours_price(env):
    contract = ours(env)
    contract.subscription_ids.price_ids = [(0, 0, {"date_from": day("03-01"), "price_unit": 1000.0})]
    ours_run(env, "01-01", "02-01", "03-01")
    return amounts(env)


def ours_back(env):
    contract = ours(env)
    ours_run(env, "01-01")
    row = env["linserv.billed.period"].search([("contract_id", "=", contract.id)])
    values = {"subscription_id": row.subscription_id.id, "date_from": row.date_from, "date_to": row.date_to}
    env["linserv.billed.period"].create(values).flush()
    return amounts(env)


NO_STORIES = ("oca_run", "oca_periods", "ours_run")


def stories(prefix):
    """{name of the fault: function} of one of the two."""
    found = {name: each for name, each in globals().items() if name not in NO_STORIES}
    return {name[len(prefix) :]: each for name, each in found.items() if name.startswith(prefix)}


def tell_both(env):
    """{"oca": {...}, "ours": {...}}."""
    return {whom: tell(env, stories(whom + "_")) for whom in ("oca", "ours")}
