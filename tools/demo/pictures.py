"""Screenshots of the running demo, as staff and as a customer, wide and on a phone.

pictures.py FOLDER URL
"""

import subprocess
import sys
import xmlrpc.client
from pathlib import Path

from playwright.sync_api import sync_playwright

DATABASE = "linserv_demo"
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=sv",
]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 812}


class Staff:
    """Odoo's external interface, to find the records that are pictured."""

    def __init__(self, url):
        self.user = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/common").authenticate(DATABASE, "admin", "admin", {})
        self.models = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/object")

    def find(self, model, domain, order="id desc"):
        """The id of the first record."""
        words = [DATABASE, self.user, "admin", model, "search", [domain], {"limit": 1, "order": order}]
        return self.models.execute_kw(*words)[0]

    def action(self, xmlid):
        """The id of a window action."""
        module, name = xmlid.split(".")
        domain = [["module", "=", module], ["name", "=", name]]
        words = [DATABASE, self.user, "admin", "ir.model.data", "search_read", [domain, ["res_id"]]]
        return self.models.execute_kw(*words)[0]["res_id"]


def log_in(browser, url, login, password, viewport):
    """A page of somebody who is logged in."""
    context = browser.new_context(viewport=viewport, locale="sv-SE", timezone_id="Europe/Stockholm")
    page = context.new_page()
    # An answer that is still on its way would bring the old session back.
    page.goto(url + "/web/login", wait_until="networkidle")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar, .o_portal_my_home", timeout=60000)
    return page


def staff_pages(staff):
    """(name of the picture, address, what must be on the page) of the web client."""
    norrvik = [["partner_id.name", "=", "Norrvik Bygg AB"]]
    host = staff.find("linserv.host", [["state", "=", "ready"]])
    run = staff.find("linserv.run", [["verb", "=", "code.count"], ["state", "=", "done"]])
    snapshot = staff.find("linserv.code.snapshot", [["state", "=", "approved"]])
    contract = staff.find("linserv.contract", norrvik)
    billing = staff.find("linserv.billing.run", [])
    move = staff.find("account.move", [*norrvik, ["move_type", "=", "out_invoice"]])
    form, action = "#id=%d&model=%s&view_type=form&action=%d", staff.action
    yield "hosts", "#action=%d" % action("linserv_hosting.linserv_host_action"), ".o_view_controller"
    yield "host", form % (host, "linserv.host", action("linserv_hosting.linserv_host_action")), ".o_form_view"
    yield "run", form % (run, "linserv.run", action("linserv_hosting.linserv_run_action")), ".o_form_view"
    count = action("linserv_maintenance.linserv_code_snapshot_action")
    yield "snapshot", form % (snapshot, "linserv.code.snapshot", count), ".o_form_view"
    yield "lines-graph", "#action=%d&view_type=graph&model=linserv.code.snapshot" % count, ".o_graph_renderer, canvas"
    work = action("linserv_contract.linserv_contract_action")
    yield "contract", form % (contract, "linserv.contract", work), ".o_form_view"
    figures = action("linserv_contract.linserv_revenue_dashboard_action")
    yield "figures", "#action=%d" % figures, ".o_linserv_revenue canvas"
    bill = action("linserv_contract.linserv_billing_run_action")
    yield "billing-run", form % (billing, "linserv.billing.run", bill), ".o_form_view"
    yield "backups", "#action=%d" % action("linserv_backup.linserv_backup_dashboard_action"), ".o_linserv_backup canvas"
    yield "invoice", form % (move, "account.move", action("account.action_move_out_invoice_type")), ".o_form_view"


def portal_pages(staff):
    """(name, address) of the customer's pages."""
    contract = staff.find("linserv.contract", [["partner_id.name", "=", "Norrvik Bygg AB"]])
    instance = staff.find("linserv.instance", [["partner_id.name", "=", "Norrvik Bygg AB"]])
    yield "portal-home", "/my"
    yield "portal-contracts", "/my/contracts"
    yield "portal-contract", "/my/contracts/%d" % contract
    yield "portal-coverage", "/my/contracts/%d/coverage" % contract
    yield "portal-quotation", "/my/orders/%d" % staff.find("sale.order", [["partner_id.name", "=", "Norrvik Bygg AB"]])
    yield "portal-instances", "/my/instances"
    yield "portal-code", "/my/instances/%d/code" % instance
    yield "portal-backups", "/my/backups"
    yield "portal-backup", "/my/backups/%d" % instance


def picture_staff(browser, url, staff, folder):
    """The web client."""
    page = log_in(browser, url, "admin", "admin", {"width": 1440, "height": 950})
    for name, address, awaited in staff_pages(staff):
        page.goto("about:blank")
        page.goto(url + "/web" + address)
        page.wait_for_selector(awaited, timeout=30000)
        page.wait_for_timeout(1500)
        page.screenshot(path=str(folder / (name + ".png")))
        print(name, flush=True)


def picture_portal(browser, url, staff, folder):
    """The customer's portal, wide and on a phone."""
    for suffix, viewport in (("", WIDE), ("-phone", PHONE)):
        page = log_in(browser, url, "eva@norrvik.example", "eva", viewport)
        for name, address in portal_pages(staff):
            page.goto(url + address)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=str(folder / (name + suffix + ".png")), full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            print("%s%s%s" % (name, suffix, " WIDER THAN THE SCREEN: %d" % wide if wide > viewport["width"] else ""))


def picture_papers(folder):
    """The PDFs of the last month, page by page."""
    papers = sorted((folder.parent / "demo").glob("*.pdf"))
    for paper in papers:
        target = folder / ("annex" if not paper.name.startswith(("october", "november")) else "paper-" + paper.stem)
        subprocess.run(["pdftoppm", "-png", "-r", "80", paper, target], check=True)
        print(target.name)


def main():
    """Take every picture."""
    folder, url = Path(sys.argv[1]), sys.argv[2]
    folder.mkdir(parents=True, exist_ok=True)
    staff = Staff(url)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=OPTIONS)
        picture_portal(browser, url, staff, folder)
        picture_staff(browser, url, staff, folder)
        browser.close()
    picture_papers(folder)


if __name__ == "__main__":
    main()
