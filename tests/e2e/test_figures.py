"""The page of recurring revenue in a real browser: empty, full, by keyboard and on a phone."""

import re

import pytest
from support import STATE, OdooServer

STORY = """
    from datetime import date
    from odoo import fields
    from odoo.addons.linserv_contract.domain.periods import add_months

    month = fields.Date.today().replace(day=1)
    env["res.lang"]._activate_lang("sv_SE")
    seller = env["res.users"].create({"name": "Sara Säljare", "login": "sara"})
    def agree(name, ago, ended=None, seller=False, **prices):
        partner = env["res.partner"].create({"name": name, "is_company": True, "country_id": env.ref("base.se").id})
        instance = env["linserv.instance"].create({
            "name": name.split()[0].lower(), "technical_name": "i%d" % partner.id, "partner_id": partner.id,
            "database": "x",
        })
        start = add_months(month, -ago)
        contract = env["linserv.contract"].create(
            {"partner_id": partner.id, "date_start": start, "user_id": (seller or env.user).id}
        )
        for code, price in prices.items():
            env["linserv.subscription"].create({
                "contract_id": contract.id, "service_id": env.ref("linserv_contract.linserv_service_" + code).id,
                "instance_id": instance.id, "price_unit": price, "date_start": start,
            })
        contract.action_activate()
        if ended is not None:
            contract.date_end = fields.Date.subtract(add_months(month, -ended), days=1)
            contract.action_end()
        env.cr.commit()
        return contract
    norrvik = agree("Norrvik Bygg AB", 14, bas=2400, epost=300)
    agree("Fjällhus Entreprenad AB", 14, bas=1900, seller=seller)
    agree("Malmens Redovisning AB", 13, bas=1500, epost=250)
    agree("Ostkustens Trävaror AB", 9, ended=2, bas=1700)
    agree("Kullabygdens Musteri AB", 6, bas=1100, epost=300, seller=seller)
    agree("Vättern Logistik AB", 3, bas=3200)
    agree("Bergslagens Verktyg AB", 1, bas=1400, seller=seller)
    norrvik.subscription_ids[0]._set_price({"price_unit": 2700.0}, add_months(month, -4))
    norrvik.subscription_ids[1]._set_price({"price_unit": 200.0}, add_months(month, -1))
    norrvik.subscription_ids[0]._set_price({"price_unit": 2900.0}, add_months(month, 4))
    kvarn = agree("Kvarnbackens El AB", 2, bas=2700)
    kvarn.subscription_ids.billing_interval = "quarterly"
    agree("Sundets Rederi AB", 2, epost=450).subscription_ids.billing_timing = "arrears"
    norrvik._charge_once("bas", month, price_unit=9900.0, instance=norrvik.instance_ids)
    env.cr.commit()
    for ago in (2, 1, 0):
        run = env["linserv.billing.run"].create({"date": add_months(month, -ago), "mode": "post"})
        run.action_bill()
        env.cr.commit()
    rows = env["linserv.revenue.movement"].search([("date", "<=", fields.Date.today())])
    answer({"mrr": sum(rows.mapped("amount")), "moves": env["account.move"].search_count([("state", "=", "posted")])})
"""
DRAWN = """() => [...document.querySelectorAll(".o_linserv_revenue canvas")].map((canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.some((value) => value > 0);
})"""


@pytest.fixture(scope="module")
def server(database):
    running = OdooServer(database)
    yield running
    running.stop()


@pytest.fixture
def page(server, browser):
    """The page as an administrator sees it; an error in the browser's console fails the test."""
    opened, errors = open_page(server, browser, {"width": 1440, "height": 1000})
    yield opened
    opened.context.close()
    assert errors == []


def open_page(server, browser, viewport):
    context = browser.new_context(viewport=viewport, locale="sv-SE", timezone_id="Europe/Stockholm")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url + "/web/login")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "admin")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar", timeout=90000)
    show(page, server)
    return page, errors


def show(page, server):
    page.goto("about:blank")
    page.goto(server.url + "/web#action=linserv_contract.linserv_revenue_dashboard_action")
    page.wait_for_selector(".o_linserv_head, .o_linserv_empty", timeout=60000)


def kronor(text):
    """The number of an amount as Swedes write it: 12 550,00 kr."""
    return float(re.sub(r"[^\d,−-]", "", text).replace(",", ".").replace("−", "-"))


def picture(page, name):
    page.screenshot(path=str(STATE / "out" / ("figures-%s.png" % name)))


def test_1_an_empty_page_says_what_to_do_and_leads_there(page):
    assert page.inner_text(".o_linserv_empty h1") == "Inga återkommande intäkter än"
    aligned = page.evaluate("getComputedStyle(document.querySelector('.o_linserv_empty')).textAlign")
    assert aligned == "center", "an error in one style sheet leaves the whole web client bare"
    picture(page, "empty")
    page.click(".o_linserv_empty button")
    page.wait_for_selector(".o_list_view, .o_view_nocontent")
    assert "model=linserv.contract&" in page.url


def test_2_cards_graphs_and_the_agreement_with_the_invoices(database, server, browser):
    told = database.shell(STORY)
    page, errors = open_page(server, browser, {"width": 1440, "height": 1000})
    page.wait_for_selector(".o_linserv_bridge tr")
    assert kronor(page.inner_text('[data-key="mrr"] strong')) == told["mrr"] == 13900.0
    assert page.evaluate(DRAWN) == [True, True]
    lines = [
        (row.get_attribute("class"), kronor(row.query_selector("td").inner_text()))
        for row in page.query_selector_all(".o_linserv_bridge tbody tr")
    ]
    totals = [amount for kind, amount in lines if kind == "o_linserv_total"]
    assert totals[0] == 13900.0
    walked = totals[0]
    for kind, amount in lines[1:]:
        walked = walked + amount if kind == "o_linserv_part" else walked
        assert kind == "o_linserv_part" or round(walked, 2) == amount
    assert len(lines) > len(totals), "the story has differences to explain"
    picture(page, "wide")
    page.set_viewport_size({"width": 1440, "height": 1900})
    page.wait_for_timeout(500)
    picture(page, "whole")
    assert errors == []
    page.context.close()


def test_3_every_number_leads_to_its_list_and_back(page):
    page.wait_for_selector(".o_linserv_bridge tr")
    links = (
        '[data-key="mrr"]',
        ".o_linserv_thirds tbody tr:first-child a",
        ".o_linserv_bridge tr:first-child a",
        ".o_linserv_bridge tr:last-child a",
    )
    for link in links:
        page.click(link)
        page.wait_for_selector(".o_list_view .o_data_row", timeout=30000)
        page.click(".o_control_panel .breadcrumb a")
        page.wait_for_selector(".o_linserv_bridge tr")
        assert page.evaluate(DRAWN) == [True, True]


def test_4_the_months_before_by_keyboard(page):
    before = page.inner_text(".o_linserv_head h1")
    page.focus('[data-way="previous"]')
    page.keyboard.press("Enter")
    page.wait_for_function("before => document.querySelector('.o_linserv_head h1').innerText !== before", arg=before)
    assert page.evaluate("document.activeElement.dataset.way") == "previous"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("before => document.querySelector('.o_linserv_head h1').innerText === before", arg=before)
    page.focus('[data-key="customers"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(".o_list_view .o_data_row")


def test_5_on_a_phone_nothing_is_wider_than_the_screen(server, browser):
    page, errors = open_page(server, browser, {"width": 375, "height": 812})
    page.wait_for_selector(".o_linserv_bridge tr")
    wide = page.evaluate(
        "[...document.querySelectorAll('.o_linserv_revenue, .o_linserv_revenue > *, .o_linserv_panel')]"
        ".filter((part) => part.getBoundingClientRect().right > 376).map((part) => part.className)"
    )
    assert wide == []
    picture(page, "phone")
    page.evaluate("document.querySelector('.o_linserv_bridge').scrollIntoView()")
    picture(page, "phone-bridge")
    assert errors == []
    page.context.close()


def test_6_graph_and_pivot_of_the_months_and_of_the_movements(page, server):
    for action in ("linserv_revenue_report_action", "linserv_revenue_movement_action"):
        for view, awaited in (("graph", ".o_graph_controller canvas"), ("pivot", ".o_pivot table tbody tr")):
            page.goto("about:blank")
            page.goto("%s/web#action=linserv_contract.%s&view_type=%s" % (server.url, action, view))
            page.wait_for_selector(awaited, timeout=30000)
            page.wait_for_timeout(400)
            picture(page, "%s-%s" % (action[8:], view))
