"""The customer's pages of backups and the staff's overview in a browser: empty, full, by keyboard and on a phone."""

import re

import pytest
from support import STATE, OdooServer

PHONE = {"width": 375, "height": 812}
DESK = {"width": 1440, "height": 1000}
PEOPLE = """
    env["res.lang"]._activate_lang("sv_SE")
    admin = env.ref("base.user_admin")
    admin.write({"lang": "sv_SE", "tz": "Europe/Stockholm"})
    portal = env.ref("base.group_portal").ids

    def customer(name, login):
        company = env["res.partner"].create({"name": name, "is_company": True, "lang": "sv_SE"})
        person = env["res.partner"].create({"name": login.title(), "parent_id": company.id, "lang": "sv_SE"})
        env["res.users"].with_context(no_reset_password=True).create({
            "login": login, "password": login + "-word", "partner_id": person.id, "lang": "sv_SE",
            "tz": "Europe/Stockholm", "groups_id": [(6, 0, portal)],
        })
        return company

    norrvik = customer("Norrvik Bygg AB", "eva")
    customer("Sydvik AB", "olle")
    host = env["linserv.host"].create({"name": "kund1", "address": "kund1.example.com"})
    instance = env["linserv.instance"].create({
        "name": "Norrvik produktion", "technical_name": "norrvik", "partner_id": norrvik.id, "host_id": host.id,
        "database": "norrvik",
    })
    env.cr.commit()
    answer({"instance": instance.id})
"""
# 90 days of Norrvik's points as they would lie there: one short stop, one whole day without, one suspect point.
STORY = """
    from datetime import datetime, timedelta
    from random import Random

    backup = env["linserv.host"].create({"name": "backup1", "address": "b.example.com", "backup_role": "backup"})
    dr = env["linserv.host"].create({"name": "dr1", "address": "d.example.com", "backup_role": "dr"})
    norrvik = env["res.partner"].search([("name", "=", "Norrvik Bygg AB")])
    host = env["linserv.host"].search([("name", "=", "kund1")])
    instances = env["linserv.instance"].search([("technical_name", "=", "norrvik")])
    for name in ("Fjällhus", "Malmens", "Vättern", "Kullabygden"):
        partner = env["res.partner"].create({"name": name + " AB", "is_company": True})
        instances |= env["linserv.instance"].create({
            "name": name + " produktion", "technical_name": "i%d" % partner.id, "partner_id": partner.id,
            "host_id": host.id, "database": "x",
        })
    now = datetime.utcnow().replace(second=0, microsecond=0)
    newest = now.replace(minute=now.minute // 30 * 30)
    begin = newest - timedelta(days=90)
    repositories = env["linserv.backup.repository"].create([{
        "instance_id": instance.id, "host_id": backup.id, "dr_host_id": dr.id, "name": instance.technical_name,
    } for instance in instances])
    repositories.write({
        "state": "ready", "recovery_sheet_date": now.date(), "date_listed": now, "free_bytes": 210e9,
        "total_bytes": 2000e9, "repository_bytes": 40e9,
    })
    plans = env["linserv.backup.plan"]
    for repository in repositories:
        for kind, days, points, times, weekdays in (
            ("db", 90, 48, False, "1234567"), ("fs", 90, 4, "07:00, 11:00, 15:00, 19:00", "12345"),
            ("dr", 14, 1, "03:30", "1234567"),
        ):
            plans |= plans.create({
                "repository_id": repository.id, "kind": kind, "days": days, "points": points, "times": times,
                "weekdays": weekdays, "date_from": begin.date(), "date_begun": begin,
            })
    random = Random(14)

    def fate(plan, slot, stop):
        age = (now - slot) / timedelta(days=1)
        if stop and age < stop:
            return None
        if plan.repository_id == repositories[0] and 20 < age < 20.13:
            return ("missed", "unreachable", "transient")
        if plan.repository_id == repositories[0] and 41 < age < 43:
            return ("missed", "odoo_down", "transient")
        if plan.repository_id == repositories[4] and plan.kind == "db" and age < 0.03:
            return ("suspect", "rows_down", None)
        return ("failed", "timeout", "transient") if random.random() < 0.0004 else ("proved", None, None)

    watch = env["linserv.backup.watch"]
    for plan in plans:
        stop = {repositories[2].id: 0.2, repositories[3].id: 0.35}.get(plan.repository_id.id, 0)
        rows = []
        for slot in watch._promised(plan, begin, newest):
            end = fate(plan, slot, stop)
            if end:
                state, reason, kind = end
                rows.append((plan.repository_id.id, plan.instance_id.id, env.company.id,
                             plan.commercial_partner_id.id, plan.id, plan.kind, slot, state, reason, kind,
                             slot + timedelta(minutes=2) if state in ("proved", "suspect") else None,
                             slot + timedelta(minutes=1) if state in ("proved", "suspect") else None))
        env.cr.executemany(
            "INSERT INTO linserv_backup_point (repository_id, instance_id, company_id, commercial_partner_id, plan_id,"
            " kind, slot, state, reason, failure_class, date_proved, date_taken)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", rows)
    env.cache.invalidate()
    for repository in repositories:
        last = {kind: env["linserv.backup.point"].search(
            [("repository_id", "=", repository.id), ("kind", "=", kind), ("state", "=", "proved")], limit=1).id
            for kind in ("db", "fs", "dr")}
        repository.write({"last_%s_point_id" % kind: number for kind, number in last.items()})
    env["linserv.backup.day"]._refresh(begin.date(), now.date())
    for ago in range(30):
        env["linserv.backup.capacity"].create({
            "host_id": backup.id, "date": now.date() - timedelta(days=ago + 1), "total_bytes": 2000e9,
            "free_bytes": 210e9 + 6e9 * (ago + 1) + random.random() * 1e9, "repository_bytes": 200e9})
        env["linserv.backup.capacity"].create({
            "host_id": dr.id, "date": now.date() - timedelta(days=ago), "total_bytes": 1000e9,
            "free_bytes": 700e9 + 1e9 * ago, "repository_bytes": 100e9})
    env["linserv.backup.proof"].create({
        "repository_id": repositories[0].id, "date": now.date(), "kind": "db", "state": "complete", "slots": 4320,
        "gaps": 102, "expected": 4218, "listed": 4218})
    contract = env["linserv.contract"].create({"partner_id": norrvik.id, "date_start": begin.date()})
    for code in ("backup", "drift"):
        env["linserv.subscription"].create({
            "contract_id": contract.id, "instance_id": instances[0].id, "date_start": begin.date(), "price_unit": 900,
            "service_id": env.ref("linserv_contract.linserv_service_" + code).id})
    contract.action_activate()
    contract._open_quotas(now.date())
    env.cr.commit()
    env["linserv.backup.alert"]._cron_watch()
    env.cr.commit()
    answer({"codes": env["linserv.backup.alert"].search([]).mapped("code")})
"""
DRAWN = """() => [...document.querySelectorAll(".o_linserv_backup canvas")].map((canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.some((value) => value > 0);
})"""


@pytest.fixture(scope="module")
def people(database):
    return database.shell(PEOPLE)


@pytest.fixture(scope="module")
def server(database, people):
    running = OdooServer(database)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def story(database, server):
    return database.shell(STORY)


def visit(server, browser, login, viewport):
    """A page of somebody who has logged in, and the errors of its console."""
    context = browser.new_context(viewport=viewport, locale="sv-SE", timezone_id="Europe/Stockholm")
    page, errors = context.new_page(), []
    page.set_default_timeout(20000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url + "/web/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", login if login == "admin" else login + "-word")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar, .o_portal_my_home")
    return page, errors


def overview(page, server):
    page.goto("about:blank")
    page.goto(server.url + "/web#action=linserv_backup.linserv_backup_dashboard_action")
    page.wait_for_selector(".o_linserv_head, .o_linserv_empty")


def picture(page, name, whole=True):
    page.screenshot(path=str(STATE / "out" / ("backup-%s.png" % name)), full_page=whole)


def words(page, selector="#wrap"):
    return re.sub(r"\s+", " ", page.inner_text(selector))


def too_wide(page, selector):
    found = "[...document.querySelectorAll('%s')].filter((p) => p.getBoundingClientRect().right > innerWidth + 1)"
    return page.evaluate(found % selector + ".map((part) => part.className)")


def test_1_empty_pages_say_what_to_do(server, browser, people):
    page, errors = visit(server, browser, "eva", PHONE)
    page.goto("%s/my/backups/%d" % (server.url, people["instance"]))
    assert "Den här instansen säkerhetskopieras inte" in words(page)
    assert page.get_attribute("#wrap a[href='/my/contracts']", "href")
    picture(page, "portal-empty")
    page.context.close()
    page, more = visit(server, browser, "admin", DESK)
    overview(page, server)
    assert page.inner_text(".o_linserv_empty h1") == "Inga säkerhetskopior än"
    picture(page, "overview-empty")
    page.click(".o_linserv_empty button")
    page.wait_for_selector(".o_kanban_view, .o_view_nocontent")
    assert errors + more == []
    page.context.close()


def test_2_the_list_and_the_page_of_an_instance(server, browser, people, story):
    page, errors = visit(server, browser, "eva", DESK)
    page.goto(server.url + "/my")
    page.wait_for_function("/\\b1\\b/.test(document.querySelector('a[href*=\"/my/backups\"]').innerText)")
    page.goto(server.url + "/my/backups")
    assert "DB 90/48, FS 90/4, DR 14/1" in words(page)
    picture(page, "portal-list")
    page.click("text=Norrvik produktion")
    text = words(page)
    for part in ("Senaste bekräftade punkt", "Var 30:e minut", "Måndag till fredag", "4 218 av 4 218", "12 av 12"):
        assert part in text.replace("\u00a0", " "), part
    for secret in ("kund1", "backup1", "dr1", "example.com", "odoo_down", "rows_down"):
        assert secret not in page.content(), secret
    picture(page, "portal-instance")
    assert errors == []
    page.context.close()


def test_3_the_calendar_by_keyboard_and_for_a_screen_reader(server, browser, people, story):
    page, errors = visit(server, browser, "eva", PHONE)
    page.goto("%s/my/backups/%d" % (server.url, people["instance"]))
    calendar = page.locator(".o_linserv_calendar").first
    days = calendar.locator(".o_linserv_day")
    assert days.count() == 90
    assert all(re.search(r"\w+ \d+ \w+: \S", text) for text in calendar.locator(".sr-only").all_inner_texts()[2:])
    gap = calendar.locator("a.o_linserv_none").first
    gap.focus()
    page.keyboard.press("Enter")
    anchor = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    assert "ett fel hos oss" in page.inner_text("[id='%s']" % anchor)
    assert too_wide(page, "#wrap, #wrap *") == []
    picture(page, "portal-phone")
    assert errors == []
    page.context.close()


def test_4_another_customer_finds_no_such_page(server, browser, people, story):
    page, _errors = visit(server, browser, "olle", PHONE)
    answers = [page.goto("%s/my/backups/%d" % (server.url, number)) for number in (people["instance"], 987654)]
    assert [answer.status for answer in answers] == [404, 404]
    page.goto(server.url + "/my/backups")
    assert "Norrvik" not in words(page)
    picture(page, "portal-other")
    page.context.close()


def test_5_the_overview_shows_what_needs_a_person(server, browser, story):
    assert {"late", "suspect", "capacity"} <= set(story["codes"])
    page, errors = visit(server, browser, "admin", DESK)
    overview(page, server)
    assert page.evaluate(DRAWN) == [True] * 4
    assert page.locator(".o_linserv_alert").count() >= 3
    picture(page, "overview", whole=False)
    page.set_viewport_size({"width": 1440, "height": 2600})
    page.wait_for_timeout(500)
    picture(page, "overview-whole", whole=False)
    first = page.locator(".o_linserv_alert").first
    first.locator("[data-take]").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("/tar hand om det/.test(document.querySelector('.o_linserv_needs').innerText)")
    assert errors == []
    page.context.close()


def test_6_every_number_leads_to_its_list_and_an_alert_to_its_runbook(server, browser, story):
    page, errors = visit(server, browser, "admin", DESK)
    overview(page, server)
    for key in ("ready", "proved", "late", "suspect", "full"):
        page.click('[data-key="%s"]' % key)
        page.wait_for_selector(".o_list_view .o_data_row")
        page.click(".o_control_panel .breadcrumb a")
        page.wait_for_selector(".o_linserv_head")
    page.locator(".o_linserv_alert a[data-alert]").first.click()
    page.wait_for_selector(".o_linserv_runbook h2")
    page.wait_for_timeout(300)
    picture(page, "alert", whole=False)
    assert errors == []
    page.context.close()


def test_7_the_overview_on_a_phone(server, browser, story):
    page, errors = visit(server, browser, "admin", PHONE)
    overview(page, server)
    assert too_wide(page, ".o_linserv_backup, .o_linserv_backup > *, .o_linserv_panel, .o_linserv_alert") == []
    picture(page, "overview-phone", whole=False)
    page.evaluate("document.querySelector('.o_linserv_needs').scrollIntoView()")
    picture(page, "overview-phone-needs", whole=False)
    assert errors == []
    page.context.close()


def test_8_who_opens_odoo_is_told_that_nobody_watches(database, server, browser, story):
    database.query("UPDATE linserv_backup_pulse SET date = date - interval '3 hours'")
    page, errors = visit(server, browser, "admin", DESK)
    page.wait_for_selector(".o_notification:has-text('Ingen övervakar säkerhetskopiorna')")
    overview(page, server)
    assert "Ingen övervakar" in page.inner_text(".o_linserv_backup [role=alert]")
    picture(page, "overview-silent", whole=False)
    assert errors == []
    page.context.close()
