"""Test copies in the customer's portal, in a real browser on a telephone: ordered, cancelled, refused, priced."""

import re
import subprocess
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from support import STATE, OdooServer
from webclient import PHONE, clean, log_in, take_picture

TODAY = datetime.now(ZoneInfo("Europe/Stockholm")).date()
PICTURES = STATE / "out" / "pictures"
WIDE = {"width": 1280, "height": 900}
STORY = """
    import json
    from datetime import datetime, timedelta

    env["res.lang"]._activate_lang("sv_SE")
    portal = env.ref("base.group_portal").ids

    def customer(name, login):
        company = env["res.partner"].create({"name": name, "is_company": True, "lang": "sv_SE"})
        person = env["res.partner"].create({
            "name": login.title(), "parent_id": company.id, "lang": "sv_SE", "email": login + "@example.com"})
        env["res.users"].with_context(no_reset_password=True).create({
            "login": login, "password": login + "-word", "partner_id": person.id, "lang": "sv_SE",
            "tz": "Europe/Stockholm", "groups_id": [(6, 0, portal)]})
        return company

    norrvik = customer("Norrvik Bygg AB", "eva")
    customer("Sydvik AB", "olle")
    host = env["linserv.host"].create({"name": "kund1", "address": "kund1.example.com"})
    backup = env["linserv.host"].create({"name": "backup1", "address": "b.example.com", "backup_role": "backup"})
    instance = env["linserv.instance"].create({
        "name": "Norrvik produktion", "technical_name": "norrvik", "partner_id": norrvik.id, "host_id": host.id,
        "database": "norrvik"})
    now = datetime.utcnow().replace(second=0, microsecond=0)
    begin = now.date() - timedelta(days=30)
    repository = env["linserv.backup.repository"].create({
        "instance_id": instance.id, "host_id": backup.id, "name": "norrvik", "state": "ready"})
    plan = env["linserv.backup.plan"].create({
        "repository_id": repository.id, "kind": "db", "days": 90, "points": 48, "date_from": begin})
    newest = now.replace(minute=now.minute // 30 * 30)
    points = env["linserv.backup.point"].create([{
        "repository_id": repository.id, "plan_id": plan.id, "kind": "db", "state": "proved",
        "slot": newest - timedelta(minutes=30 * number), "date_proved": newest - timedelta(minutes=30 * number - 2),
    } for number in range(4)])
    points[0]._become_last()
    contract = env["linserv.contract"].create({"partner_id": norrvik.id, "date_start": begin})
    for code in ("backup", "drift"):
        env["linserv.subscription"].create({
            "contract_id": contract.id, "instance_id": instance.id, "date_start": begin, "price_unit": 900,
            "service_id": env.ref("linserv_contract.linserv_service_" + code).id})
    contract.action_activate()
    contract._open_quotas(now.date())
    env["linserv.hour.price"].create({
        "level_id": env.ref("linserv_contract.linserv_hour_level_agreement").id, "price_unit": 1250,
        "date_from": "2020-01-01"})
    env.cr.commit()
    answer({"instance": instance.id})
"""
# The customer has ordered others before, until twelve are used.
TWELVE = """
    from datetime import timedelta
    from odoo import fields
    copies, instance = env["linserv.restore"], env["linserv.instance"].search([])
    person = env["res.users"].search([("login", "=", "eva")]).partner_id
    vals = {"date_wanted": fields.Date.today() + timedelta(days=20)}
    while copies._portal_offer(instance)["left"]:
        copies._portal_order(instance, person, vals, "earlier %d" % copies.search_count([]), False)
    env.cr.commit()
    answer({"used": copies._portal_offer(instance)["used"]})
"""


@pytest.fixture(scope="module")
def story(database):
    return database.shell(STORY)


@pytest.fixture(scope="module")
def server(database, story):
    running = OdooServer(database)
    yield running
    running.stop()


class Visitor:
    """Somebody who is logged in to the portal."""

    def __init__(self, browser, server, login, viewport):
        self.context = browser.new_context(viewport=viewport, locale="sv-SE", timezone_id="Europe/Stockholm")
        self.page, self.server, self.faults = self.context.new_page(), server, []
        self.page.set_default_timeout(20000)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        log_in(self.page, server.url, login, login + "-word")

    def open(self, address):
        return self.page.goto(self.server.url + address).status

    def press(self, words):
        self.page.locator("#wrap button, #wrap a").filter(has_text=re.compile(r"^\s*%s\s*$" % words)).first.click()
        self.page.wait_for_load_state("load")

    def words(self):
        return clean(self.page.inner_text("#wrap"))

    def picture(self, name):
        """Keep what it looks like; no page is wider than its window."""
        take_picture(self.page, PICTURES, "copies-" + name, full_page=True)
        width = self.page.viewport_size["width"]
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert self.faults == []


@pytest.fixture(scope="module")
def eva(browser, server, story):
    visitor = Visitor(browser, server, "eva", PHONE)
    yield visitor
    visitor.context.close()


@pytest.fixture(scope="module")
def copies(story):
    return "/my/backups/%d/copies" % story["instance"]


def order(eva, copies, ahead):
    """Order a copy so many days ahead, from the list to the confirmation; the address of the copy."""
    eva.open(copies)
    eva.press("Beställ en testkopia")
    eva.page.fill("input[name=date]", str(TODAY + timedelta(days=ahead)))
    eva.page.fill("textarea[name=note]", "Pröva månadsbokslutet")
    eva.press("Fortsätt")
    return eva.words()


def used(database):
    return int(database.query("SELECT count(*) FROM linserv_restore WHERE is_counted")[0][0])


def test_1_from_the_page_of_backups_to_an_order(eva, copies, story):
    eva.open("/my/backups/%d" % story["instance"])
    eva.page.click("#wrap a[href$='/copies']")
    assert "12 av 12 kvar" in eva.words()
    eva.picture("none")
    eva.press("Beställ en testkopia")
    eva.picture("form")
    told = order(eva, copies, 8)
    assert "Ingår i DRIFT OCH PATCH: 0 av 12" in told
    assert "Kostnadsfri avbokning till och med %s" % (TODAY + timedelta(days=1)) in told
    eva.picture("confirm")
    eva.press("Beställ")
    assert "Tack för din beställning" in eva.words()
    eva.picture("ordered")


def test_2_at_eight_days_it_is_cancelled_and_the_written_notice_is_kept(eva, copies, database):
    eva.press("Avboka")
    eva.picture("cancel")
    eva.page.fill("input[name=reason]", "Behövs inte längre")
    eva.press("Ja, avboka den")
    assert "räknas inte" in eva.words()
    eva.picture("cancelled")
    with eva.page.expect_download() as download:
        eva.page.click("#wrap a[href$='/notice']")
    notice = subprocess.run(
        ["pdftotext", "-layout", download.value.path(), "-"], check=True, capture_output=True, text=True
    ).stdout
    for part in ("Norrvik produktion", "Eva", str(TODAY + timedelta(days=8))):
        assert part in notice, notice
    assert used(database) == 0


def test_3_at_six_days_it_says_no_and_why(eva, copies, database):
    order(eva, copies, 6)
    eva.press("Beställ")
    eva.press("Avboka")
    latest = TODAY - timedelta(days=1)
    text = eva.words()
    assert "Nej, det är för sent" in text
    for part in ("7 dagar", str(latest), "6 dagar"):
        assert part in text, text
    eva.picture("too-late")
    eva.press("Behåll den")
    assert "Beställd" in eva.words()
    assert used(database) == 1


def test_4_the_thirteenth_says_its_price_before_it_is_ordered(eva, copies, database):
    assert database.shell(TWELVE)["used"] == 12
    eva.open(copies)
    assert "0 av 12 kvar" in eva.words()
    assert "1 250" in eva.words()
    eva.picture("twelve-used")
    told = order(eva, copies, 10)
    assert "1 250" in told
    eva.picture("price")
    eva.press("Beställ med betalningsskyldighet")
    assert "1 250" in eva.words()
    assert database.query("SELECT count(*) FROM linserv_restore WHERE is_charged") == [["0"]]
    eva.page.check("input[name=accept]", force=True)
    eva.press("Beställ med betalningsskyldighet")
    assert "Tack för din beställning" in eva.words() and "1 250" in eva.words()
    eva.picture("thirteenth")
    assert database.query("SELECT count(*) FROM linserv_restore WHERE is_charged") == [["1"]]
    eva.open(copies)
    eva.picture("list")


def test_5_a_button_pressed_twice_orders_once(eva, copies, database):
    order(eva, copies, 11)
    eva.page.check("input[name=accept]", force=True)
    count = "SELECT count(*) FROM linserv_restore"
    before = int(database.query(count)[0][0])
    form = "const form = document.querySelector('#wrap form'); const data = new URLSearchParams(new FormData(form));"
    both = "() => {%s return Promise.all([1, 2].map(() => fetch(form.action, {method: 'POST', body: data})))" % form
    assert eva.page.evaluate(both + ".then((answers) => answers.map((each) => each.status))}") == [200, 200]
    assert int(database.query(count)[0][0]) == before + 1


def test_6_another_customer_sees_none_of_it(browser, server, copies, database):
    olle = Visitor(browser, server, "olle", WIDE)
    number = int(database.query("SELECT min(id) FROM linserv_restore")[0][0])
    pages = ("", "/order", "/%d" % number, "/%d/cancel" % number, "/%d/notice" % number)
    assert [olle.open(copies + each) for each in pages] == [404] * len(pages)
    olle.open("/my/backups")
    token = olle.page.evaluate("odoo.csrf_token")
    for place in ("/order", "/%d/cancel" % number):
        form = {"csrf_token": token, "step": "confirm", "accept": "1", "date": str(TODAY)}
        assert olle.page.request.post(server.url + copies + place, form=form).status == 404
    assert "Norrvik" not in olle.page.content()
    olle.context.close()


def test_7_on_a_wide_screen(browser, server, copies, database):
    eva = Visitor(browser, server, "eva", WIDE)
    eva.open(copies)
    eva.picture("wide-list")
    cancelled = database.query("SELECT id FROM linserv_restore WHERE state = 'cancelled'")[0][0]
    eva.open("%s/%s" % (copies, cancelled))
    eva.picture("wide-cancelled")
    eva.open(copies + "/order")
    eva.picture("wide-form")
    eva.context.close()
