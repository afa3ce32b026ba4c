"""An upgrade of a database with contracts that are billed: columns that are new are filled, and twice is once."""

import subprocess

import pytest
from support import ODOO, STATE

SEEN = ("linserv_contract", "linserv_subscription", "linserv_billed_period", "account_move", "ir_rule", "ir_cron")

BILLED = """
partner = env['res.partner'].create({'name': 'Norrvik Bygg AB', 'is_company': True})
contract = env['linserv.contract'].create({'partner_id': partner.id, 'date_start': '2026-10-01'})
service = env.ref('linserv_contract.linserv_service_epost')
env['linserv.subscription'].create({
    'contract_id': contract.id, 'service_id': service.id, 'date_start': '2026-10-01', 'price_unit': 900.0})
contract.action_activate()
env.cr.commit()
env['linserv.billing.run'].create({'date': '2026-10-01', 'mode': 'post'}).action_bill()
env.cr.commit()
answer(len(contract.move_ids))
"""

BILL_AGAIN = """
runs = env['linserv.billing.run']
for day in ('2026-10-01', '2026-11-01'):
    run = runs.create({'date': day, 'mode': 'post'})
    run.action_bill()
    runs |= run
contract = env['linserv.contract'].search([])
answer({'moves': [len(run.move_ids) for run in runs], 'minimum': contract.hour_minimum})
"""


@pytest.fixture(scope="module")
def older(database):
    """A database as it was before contracts and companies had settings of hours."""
    assert database.shell(BILLED) == 1
    database.query("ALTER TABLE linserv_contract DROP COLUMN hour_minimum, DROP COLUMN hour_step")
    database.query("ALTER TABLE res_company DROP COLUMN linserv_hour_minimum, DROP COLUMN linserv_hour_step")
    return database


def upgrade(database):
    """Upgrade the addon; the number of rows in the tables that count."""
    options = ["-c", STATE / "odoo.conf", "-d", database.name, "--no-http", "--log-level=warn"]
    done = subprocess.run(
        [*ODOO, *options, "-u", "linserv_contract", "--stop-after-init"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [database.query("SELECT count(*) FROM " + table) for table in SEEN]  # noqa: S608  (names of this file)


def test_an_upgrade_works_twice_and_the_next_billing_bills_what_is_next(older):
    first = upgrade(older)
    assert upgrade(older) == first
    assert older.shell(BILL_AGAIN) == {"moves": [0, 1], "minimum": 30}
