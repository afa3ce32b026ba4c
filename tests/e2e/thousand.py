"""Inside `odoo shell`: a thousand contracts, seven ways to break one, and how to put each right."""

from datetime import date

NEW_YEAR = date(2026, 1, 1)


def make_contracts(env, number, fee):
    """That many customers with an instance and a contract of one service, in force."""
    env = env(context=dict(env.context, tracking_disable=True))
    names = ["Customer %04d" % each for each in range(number)]
    partners = env["res.partner"].create([{"name": name, "is_company": True, "lang": "sv_SE"} for name in names])
    instances = env["linserv.instance"].create(
        [{"name": each.name.replace(" ", "").lower(), "partner_id": each.id} for each in partners]
    )
    contracts = env["linserv.contract"].create([{"partner_id": each.id, "date_start": NEW_YEAR} for each in partners])
    service = env.ref("linserv_contract.linserv_service_bas")
    # Without a policy: nobody's backups are planned here.
    values = {"service_id": service.id, "price_unit": fee, "policy": False}
    env["linserv.subscription"].create(
        [
            dict(values, contract_id=contract.id, instance_id=instance.id)
            for contract, instance in zip(contracts, instances)
        ]
    )
    contracts.action_activate()
    return contracts


def break_seven(env, contracts):
    """{what is wrong: the contract}: every 140th of them."""
    broken = dict(zip(BREAKERS, contracts[70::140]))
    for name, contract in broken.items():
        BREAKERS[name][0](env, contract)
    return broken


def put_right(env, broken):
    """What the person with the to-do does."""
    for name, contract in broken.items():
        BREAKERS[name][1](env, contract)


def work_off(env, run):
    """Press the button, and let the scheduled action go on to the end."""
    run.action_bill()
    while run.state == "running":
        env["linserv.billing.run"]._cron_resume()


def told(run, broken):
    """{what is wrong: the state and the reason on the run}."""
    lines = {line.contract_id: line for line in run.line_ids}
    return {name: {"state": lines[each].state, "reason": lines[each].reason} for name, each in broken.items()}


def todos(env):
    """How many to-dos of billing are open."""
    kind = env.ref("linserv_contract.mail_activity_billing")
    return env["mail.activity"].search_count([("activity_type_id", "=", kind.id)])


def without_price(env, contract):
    contract.subscription_ids.price_ids.date_from = date(2026, 6, 1)


def with_price(env, contract):
    contract.subscription_ids.price_ids.date_from = NEW_YEAR


def metered(env, contract):
    old = contract.subscription_ids
    service = env.ref("linserv_contract.linserv_service_maintenance")
    values = {"contract_id": contract.id, "service_id": service.id, "instance_id": old.instance_id.id}
    old.state = "cancelled"
    env["linserv.subscription"].create(dict(values, price_unit=175.0)).state = "active"


def read(env, contract, day=date(2025, 12, 20)):
    instance = contract.subscription_ids.instance_id
    env["linserv.meter.reading"].create({"instance_id": instance.id, "meter": "loc", "date": day, "quantity": 12345})


def read_long_ago(env, contract):
    metered(env, contract)
    read(env, contract, date(2025, 6, 1))


def close_receivable(env, contract):
    account = contract.partner_id.property_account_receivable_id
    contract.partner_id.property_account_receivable_id = account.copy({"code": "151099", "deprecated": True})


def open_receivable(env, contract):
    contract.partner_id.property_account_receivable_id.deprecated = False


def close_income(env, contract):
    product = env.ref("linserv_contract.linserv_service_bas").product_id
    account = product.product_tmpl_id.get_product_accounts()["income"]
    position = env["account.fiscal.position"].create({"name": "Closed"})
    closed = account.copy({"code": "309999", "deprecated": True})
    values = {"position_id": position.id, "account_src_id": account.id, "account_dest_id": closed.id}
    env["account.fiscal.position.account"].create(values)
    contract.partner_id.property_account_position_id = position


def open_income(env, contract):
    contract.partner_id.property_account_position_id.account_ids.account_dest_id.deprecated = False


def include_tax(env, contract):
    product = env.ref("linserv_contract.linserv_service_bas").product_id
    company = contract.company_id
    taxes = product.taxes_id.filtered(lambda tax: tax.company_id == company) or company._linserv_service_tax()
    taxes = taxes or company.account_sale_tax_id
    position = env["account.fiscal.position"].create({"name": "Included"})
    included = taxes[0].copy({"name": "Included", "price_include": True})
    values = {"position_id": position.id, "tax_src_id": taxes[0].id, "tax_dest_id": included.id}
    env["account.fiscal.position.tax"].create(values)
    contract.partner_id.property_account_position_id = position


def exclude_tax(env, contract):
    contract.partner_id.property_account_position_id = False


def lower_below_zero(env, contract):
    include_tax(env, contract)
    values = {"price_include": False, "amount_type": "fixed", "amount": -5000.0}
    contract.partner_id.property_account_position_id.tax_ids.tax_dest_id.write(values)


# {what is wrong: (how it breaks, how a person puts it right)}
BREAKERS = {
    "no price": (without_price, with_price),
    "no reading": (metered, read),
    "old reading": (read_long_ago, read),
    "closed receivable": (close_receivable, open_receivable),
    "closed income": (close_income, open_income),
    "tax included": (include_tax, exclude_tax),
    "below zero": (lower_below_zero, exclude_tax),
}
