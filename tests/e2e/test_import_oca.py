"""Contracts of a real OCA `contract` 14 are taken over: from its own database, from another, and from psql's CSV."""

import base64
import os
import subprocess

import pytest
from support import SUITE, Database

SQL = SUITE / "addons" / "linserv_contract" / "data" / "oca_contract.sql"
BEGIN = "2026-12-01"

CUSTOMERS = """
def customer(name, vat):
    company = env['res.partner'].create({'name': name, 'is_company': True, 'vat': vat, 'lang': 'sv_SE'})
    env['linserv.instance'].create({'name': name, 'technical_name': vat.lower(), 'partner_id': company.id,
                                    'database': vat.lower(), 'kind': 'production'})
    return company

norrvik, adalen = customer('Norrvik Bygg AB', 'SE559988776601'), customer('Ådalens Såg AB', 'SE551122334401')
"""

MAKE_OCA = (
    """
env['ir.module.module'].update_list()
env['ir.module.module'].search([('name', '=', 'contract')]).button_immediate_install()
env.reset()
env = api.Environment(env.cr, SUPERUSER_ID, {})
"""
    + CUSTOMERS
    + """
products = {code: env.ref('linserv_contract.linserv_product_' + code) for code in ('bas', 'backup', 'epost')}

def line(code, **values):
    product = products[code]
    return (0, 0, {'product_id': product.id, 'name': product.name, 'uom_id': product.uom_id.id, 'quantity': 1,
                   'recurring_interval': 1, **values})

def contract(partner, name, *lines, **values):
    return env['contract.contract'].create({
        'name': name, 'partner_id': partner.id, 'line_recurrence': True, 'contract_line_ids': list(lines), **values})

def of(start, rule='monthly', timing='pre-paid', price=900.0, **values):
    return {'date_start': start, 'recurring_rule_type': rule, 'recurring_invoicing_type': timing,
            'price_unit': price, 'specific_price': price, **values}

several = contract(
    norrvik, 'NORR-1',
    (0, 0, {'display_type': 'line_section', 'name': 'Hosting'}),
    line('bas', **of('2026-09-01')),
    line('backup', **of('2026-09-01', price=333.33, discount=0, quantity=3)),
    line('epost', **of('2026-09-01', 'quarterly', price=450.0, quantity=2)))
arrears = contract(norrvik, 'NORR-2', line('bas', **of('2026-10-15', timing='post-paid', price=1200.0)))
yearly = contract(adalen, 'ADAL-1', line('bas', **of('2026-10-01', 'yearly', price=9000.0, discount=10)))
last_day = contract(adalen, 'ADAL-2', line('epost', **of('2026-10-01', 'monthlylastday', 'post-paid', 100.0)))
ending = contract(adalen, 'ADAL-3', line('bas', **of('2026-10-15', price=1000.0, date_end='2027-01-31')))
drifting = contract(adalen, 'ADAL-4', line('epost', **of('2026-10-31', price=310.0)))
supplier = contract(adalen, 'BUY-1', line('epost', **of('2026-10-01')), contract_type='purchase')
gone = contract(adalen, 'GONE-1', line('epost', **of('2026-10-01', is_canceled=True)))
env.cr.commit()
# OCA bills its own autumn, one period at a time as its scheduled action does.
for day in range(1, 92):
    env['contract.contract'].cron_recurring_create_invoice(date_ref=fields.Date.to_date('2026-08-31') + timedelta(day))
env.cr.commit()
answer({'billed': {str(line.id): str(line.last_date_invoiced or '') for line in env['contract.line'].search([])}})
"""
)

CHECK = """
record = env['linserv.contract.import'].create({'source': %(source)r, 'database': %(database)r, 'file': %(file)r,
                                                'date': '2026-12-01'})
record.action_check()
env.cr.commit()
answer({'id': record.id, 'contracts': env['linserv.contract'].search_count([]), 'lines': [
    {'contract': line.contract_ref, 'line': line.line_ref, 'name': line.row and line._values()['text'],
     'state': line.state, 'problem': line.problem, 'theirs': line.amount_theirs, 'ours': line.amount_ours,
     'verdict': line.verdict, 'service': line.service_id.code} for line in record.line_ids]})
"""

WHAT_OCA_BILLS = """
before = env['account.move.line'].search([], order='id desc', limit=1).id
start = fields.Date.to_date('2026-12-01')
for day in range(90):
    env['contract.contract'].cron_recurring_create_invoice(date_ref=start + timedelta(day))
made = env['account.move.line'].search([('id', '>', before), ('contract_line_id', '!=', False),
                                        ('move_id.move_type', '=', 'out_invoice')])
sums = {}
for line in made:
    key = 'oca-%d' % line.contract_line_id.id
    sums[key] = round(sums.get(key, 0) + line.price_subtotal, 2)
env.cr.rollback()
answer({key: amount for key, amount in sums.items() if amount})
"""

HEAD = "from datetime import timedelta\nfrom odoo import SUPERUSER_ID, api, fields\n"

IMPORT = """
record = env['linserv.contract.import'].browse(%d)
record.action_import()
env.cr.commit()
made = env['linserv.contract'].search([('external_ref', '!=', False)], order='external_ref')
again = env['linserv.contract.import'].create({'source': 'here', 'date': '2026-12-01'})
again.action_check()
run = env['linserv.billing.run'].create({'date': '2026-12-01', 'contract_ids': [(6, 0, made.ids)]})
run.action_bill()
env.cr.commit()
answer({'made': [[c.external_ref, c.state, str(c.date_start)] for c in made],
        'again': sorted(set(again.line_ids.mapped('state'))),
        'billed': sum(run.move_ids.mapped('amount_untaxed'))})
"""


@pytest.fixture(scope="module")
def oca(database):
    """A database with OCA contract installed, its contracts of an autumn, and what it has invoiced."""
    return database.shell(HEAD + MAKE_OCA, timeout=500)


@pytest.fixture(scope="module")
def checked(oca, database):
    """The dry run in OCA's own database."""
    return database.shell(HEAD + CHECK % {"source": "here", "database": "", "file": False})


@pytest.fixture(scope="module")
def elsewhere():
    """A database of the suite with the same customers, without OCA contract."""
    made = Database("e2e_import_elsewhere_%d" % os.getpid(), os.environ["LINSERV_TEMPLATE"])
    made.shell(CUSTOMERS + "env.cr.commit()")
    yield made
    made.drop()


def verdicts(answer):
    return {(line["name"], line["theirs"]): (line["ours"], line["verdict"]) for line in answer["lines"]}


def test_every_line_in_force_is_read_and_nothing_is_made(checked):
    assert [line["problem"] for line in checked["lines"] if line["problem"]] == []
    assert len(checked["lines"]) == 8
    assert checked["contracts"] == 0


def test_what_the_report_says_oca_bills_is_what_oca_bills(checked, database):
    billed = database.shell(HEAD + WHAT_OCA_BILLS, timeout=400)
    told = {line["line"]: line["theirs"] for line in checked["lines"] if line["theirs"]}
    assert told == billed


def test_differences_are_told_and_only_where_oca_errs(checked):
    found = {(line["contract"], line["service"]): line for line in checked["lines"]}
    assert len(found) == 8
    kinds = {line["name"] + " " + str(line["theirs"]): line["verdict"] for line in checked["lines"]}
    different = {name: kind for name, kind in kinds.items() if kind != "equal"}
    # What ends inside a period is charged by the day; the 31st does not drift to the 30th; and the last month in
    # arrears is invoiced the day after it, not on its last day.
    assert sorted(different.values()) == ["periods", "periods", "share"]
    assert {name.rpartition(" ")[0] for name in different} == {"ODOO BAS", "E-POST (mail in a box)"}
    for line in checked["lines"]:
        if line["verdict"] == "equal":
            assert line["ours"] == line["theirs"]


def test_another_database_and_a_csv_file_say_the_same(checked, elsewhere, database):
    words = ["psql", "-X", "--csv", "-d", database.name, "-f", str(SQL)]
    content = base64.b64encode(subprocess.run(words, check=True, capture_output=True).stdout).decode()
    for source in (
        {"source": "database", "database": database.name, "file": False},
        {"source": "csv", "database": "", "file": content},
    ):
        answer = elsewhere.shell(HEAD + CHECK % source)
        assert [line["problem"] for line in answer["lines"] if line["problem"]] == []
        assert verdicts(answer) == verdicts(checked)
        assert answer["contracts"] == 0


def test_the_import_makes_them_once_and_the_next_run_bills_what_oca_would(checked, database):
    done = database.shell(HEAD + IMPORT % checked["id"])
    assert len(done["made"]) == 6
    assert {state for _ref, state, _start in done["made"]} == {"active"}
    assert done["again"] == ["present"]
    assert done["billed"] > 0
