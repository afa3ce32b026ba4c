"""A billing run in a real browser: preview, compare, approve, bill with a progress bar that moves by itself."""

import pytest
from support import STATE, OdooServer

CONTRACTS = 130

SCRIPT = """
import datetime
service = env.ref("linserv_contract.linserv_service_bas")
partners = env["res.partner"].create([{"name": "Kund %03d AB" % n, "is_company": True} for n in range(NUMBER)])
instances = env["linserv.instance"].create([{"name": "prod%03d" % p.id, "partner_id": p.id} for p in partners])
contracts = env["linserv.contract"].create([{"partner_id": p.id, "date_start": "2026-01-01"} for p in partners])
env["linserv.subscription"].create([
    {"contract_id": c.id, "service_id": service.id, "instance_id": i.id, "price_unit": 900.0}
    for c, i in zip(contracts, instances)
])
contracts.action_activate()
env["linserv.billing.run"].create({"date": "2026-01-01", "mode": "post"}).action_bill()
for sub in contracts[:5].subscription_ids:
    sub.price_ids = [(0, 0, {"date_from": "2026-02-01", "price_unit": 1000.0})]
contracts[5].subscription_ids.date_end = datetime.date(2026, 1, 31)
env.company.linserv_billing_approval = "always"
run = env["linserv.billing.run"].create({"date": "2026-02-01", "mode": "post"})
admin = env.ref("base.user_admin")
admin.write({"lang": "sv_SE", "password": "admin"})
env.cr.commit()
action = env.ref("linserv_contract.linserv_billing_run_action").id
answer({"run": run.id, "action": action})
_os._exit(0)
"""


@pytest.fixture(scope="module")
def made(database):
    return database.shell(SCRIPT.replace("NUMBER", str(CONTRACTS)), timeout=400)


@pytest.fixture(scope="module")
def server(database, made):
    running = OdooServer(database)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def page(server, made, browser):
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="sv-SE")
    page = context.new_page()
    page.goto(server.url + "/web/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar", timeout=90000)
    address = "/web#id=%(run)d&model=linserv.billing.run&view_type=form&action=%(action)d" % made
    page.goto("about:blank")
    page.goto(server.url + address)
    page.wait_for_selector(".o_form_view", timeout=60000)
    yield page
    context.close()


def shoot(page, name):
    """A picture beside the reports of the tests, for whoever wants to look."""
    folder = STATE / "out" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / (name + ".png")), full_page=True)


def press(page, name):
    page.click("button[name=%s]:visible" % name)


def test_preview_compare_approve_and_bill(page, database):
    press(page, "action_preview")
    page.wait_for_selector("button[name=action_approve]:visible", timeout=120000)
    shoot(page, "run-preview")
    page.click(".o_notebook .nav-link >> nth=1")
    page.wait_for_selector(".o_field_widget[name=difference_ids] .o_data_row")
    shoot(page, "run-comparison")
    assert page.locator(".o_field_widget[name=difference_ids] .o_data_row").count() == 6
    press(page, "action_approve")
    page.wait_for_selector("button[name=action_approve]", state="hidden", timeout=60000)
    press(page, "action_confirm")
    page.wait_for_selector(".modal button[name=action_bill]", timeout=60000)
    shoot(page, "run-confirm")
    page.click(".modal button[name=action_bill]")
    page.wait_for_selector(".modal", state="detached", timeout=120000)
    shoot(page, "run-billing")
    done = ".o_statusbar_status .o_arrow_button[data-value=done].btn-primary"
    page.wait_for_selector(done, timeout=180000, state="attached")
    shoot(page, "run-done")
    states = database.query(
        "SELECT state, count(*) FROM linserv_billing_run_line WHERE run_id = 2 GROUP BY 1 ORDER BY 1"
    )
    assert dict(states)["billed"] == str(CONTRACTS - 1)
