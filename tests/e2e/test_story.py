"""The whole story in Chromium and in Swedish: a quotation is signed, becomes a contract, is billed, changed and ended.

Karin sells and bills in the web client, Eva signs and gives notice in the portal, Astrid keeps the books. The tests are
the chapters, in order; each leaves a picture of what the person saw.
"""

import datetime

import pytest
from smtp_sink import Sink
from support import STATE, OdooServer
from webclient import Customer, WebClient

PICTURES = STATE / "out" / "story"
PRICES = {"bas": 1490.0, "backup": 690.0, "drift": 2900.0}
MONTHLY = sum(PRICES.values())

CAST = """
import datetime
company = env.ref("base.main_company")
company.write({{"email": "faktura@linserv.example"}})
env["ir.mail_server"].create({{"name": "sink", "smtp_host": "127.0.0.1", "smtp_port": {port}}})
for code, price in {prices}.items():
    service = env.ref("linserv_contract.linserv_service_" + code)
    service.price_unit = price
    service.product_id.list_price = price
customer = env["res.partner"].create({{
    "name": "Norrvik Bygg AB", "is_company": True, "lang": "sv_SE", "email": "ekonomi@norrvik.example",
    "country_id": env.ref("base.se").id, "vat": "SE556016068001",
}})
instance = env["linserv.instance"].create({{
    "name": "Norrvik produktion", "technical_name": "norrvik", "database": "norrvik", "partner_id": customer.id,
}})
staff = ("linserv_contract.linserv_contract_group_manager", "sales_team.group_sale_manager",
         "account.group_account_invoice", "linserv_contract.linserv_contract_group_approver")
roles = {{"karin": staff, "astrid": ("account.group_account_manager",)}}
for login, groups in roles.items():
    groups = [env.ref("base.group_user").id] + [env.ref(group).id for group in groups]
    env["res.users"].create({{
        "name": login.title(), "login": login, "password": login, "email": login + "@linserv.example", "lang": "sv_SE",
        "tz": "Europe/Stockholm", "groups_id": [(6, 0, groups)],
    }})
env["res.users"].create({{
    "name": "Eva Norberg", "login": "eva", "password": "eva", "email": "eva@norrvik.example", "lang": "sv_SE",
    "tz": "Europe/Stockholm", "parent_id": customer.id, "groups_id": [(6, 0, [env.ref("base.group_portal").id])],
}})
env.cr.commit()
"""


def month(number, day=1):
    """A day ``number`` months from this one."""
    today = datetime.datetime.now(tz=datetime.timezone.utc).date()
    year, index = divmod(today.year * 12 + today.month - 1 + number, 12)
    return datetime.date(year, index + 1, day)


START = month(-2)
SUBSCRIPTIONS = "linserv_contract.linserv_subscription_action"


def share(price, day):
    """What a month at ``price`` costs from ``day`` to its end, rounded as rule 8 says."""
    days = ((day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1)).day
    return round(price - round(price * (day.day - 1) / days, 2), 2)


def balance_of(net, tax):
    """The trial balance of what was invoiced: claims, output VAT and income by the accounts' first digits."""
    return {"15": round(net + tax, 2), "26": round(-tax, 2), "3": round(-net, 2)}


class World:
    """The people, their browsers and the database."""

    def __init__(self, browser, server, database, sink):
        self.database, self.sink = database, sink
        people = {name: (browser, server.url, name, name, PICTURES) for name in ("karin", "astrid", "eva")}
        self.karin, self.astrid = WebClient(*people["karin"]), WebClient(*people["astrid"])
        self.eva = Customer(*people["eva"])
        self.people = (self.karin, self.astrid, self.eva)

    def action(self, xmlid):
        """The id of a window action."""
        module, name = xmlid.split(".")
        sql = "SELECT res_id FROM ir_model_data WHERE module = '%s' AND name = '%s'" % (module, name)
        return self.database.query(sql)[0][0]

    def one(self, sql):
        """The first column of the only row."""
        rows = self.database.query(sql)
        assert len(rows) == 1, rows
        return rows[0][0]


def trial_balance(world):
    """{first digits of the accounts: balance} of what is posted."""
    sql = (
        "SELECT CASE WHEN a.code LIKE '3%%' THEN '3' ELSE left(a.code, 2) END, sum(l.balance) FROM account_move_line l "
        "JOIN account_account a ON a.id = l.account_id WHERE l.parent_state = 'posted' GROUP BY 1"
    )
    return {code: float(balance) for code, balance in world.database.query(sql)}


def untaxed(world):
    """(date, amount excluding VAT) of the posted invoices, in order."""
    sql = (
        "SELECT invoice_date, amount_untaxed FROM account_move WHERE move_type = 'out_invoice' AND state = 'posted' "
        "ORDER BY invoice_date"
    )
    return [(datetime.date.fromisoformat(day), float(amount)) for day, amount in world.database.query(sql)]


def subscription(world, code):
    """The id of the subscription to a service."""
    return world.one(
        "SELECT s.id FROM linserv_subscription s JOIN linserv_service v ON v.id = s.service_id WHERE v.code = '%s'"
        % code
    )


def bill(world, day, name, due=True):
    """Karin makes a billing run, looks at its preview and bills it, posted."""
    karin, action = world.karin, world.action("linserv_contract.linserv_billing_run_action")
    karin.open("action=%s&model=linserv.billing.run&view_type=form" % action)
    karin.fill("date", day.isoformat())
    karin.fill("mode", "Bokför fakturorna")
    karin.save()
    karin.press("Fakturera…")
    karin.page.wait_for_selector(".modal:visible footer button:visible")
    karin.picture(name + "-preview")
    karin.press("Fakturera" if due else "Stäng")
    if due:
        karin.page.wait_for_selector(".o_statusbar_status button[data-value=done].btn-primary")
    karin.picture(name)


@pytest.fixture(scope="module")
def world(browser, database):
    sink = Sink()
    database.shell(CAST.format(prices=PRICES, port=sink.port))
    server = OdooServer(database)
    try:
        yield World(browser, server, database, sink)
    finally:
        server.stop()
        sink.stop()


def test_karin_makes_a_quotation_of_a_package(world):
    karin = world.karin
    karin.open("action=%s&model=sale.order&view_type=form" % world.action("sale.action_quotations_with_onboarding"))
    karin.fill("partner_id", "Norrvik Bygg AB")
    karin.fill("sale_order_template_id", "ODOO BAS + BACKUP + DRIFT OCH PATCH")
    karin.page.click("text=Avtal >> visible=true")
    karin.fill("linserv_date_start", START.isoformat())
    karin.picture("1-quotation")
    karin.save()
    karin.press("Skicka med e-post")
    karin.picture("1-quotation-mail")
    karin.press("Skicka")
    assert world.one("SELECT state FROM sale_order") == "sent"
    assert "ekonomi@norrvik.example" in [recipient for recipient, _mail in world.sink.mails]


def test_eva_reads_and_signs_it_in_the_portal(world):
    order, eva = world.one("SELECT id FROM sale_order"), world.eva
    eva.open("/my/orders/%s" % order)
    assert "DRIFT OCH PATCH" in eva.text()
    assert eva.fits()
    eva.picture("2-quotation-in-the-portal")
    eva.page.locator("a[data-target='#modalaccept']:visible").first.click()
    eva.sign("Eva Norberg")
    eva.picture("3-signing")
    eva.page.locator(".modal.show button[type=submit]").click()
    eva.page.wait_for_url("**/my/orders/%s?*" % order)
    eva.picture("4-signed")
    assert world.one("SELECT state || ' ' || signed_by FROM sale_order") == "sale Eva Norberg"


def test_the_signature_made_the_contract(world):
    rows = world.database.query(
        "SELECT s.state, v.code, p.price_unit::numeric(9, 2) FROM linserv_subscription s "
        "JOIN linserv_service v ON v.id = s.service_id JOIN linserv_subscription_price p ON p.subscription_id = s.id "
        "ORDER BY v.code"
    )
    assert [row[:2] + [float(row[2])] for row in rows] == [["active", code, PRICES[code]] for code in sorted(PRICES)]
    assert world.one("SELECT state || ' ' || date_start FROM linserv_contract") == "active %s" % START
    world.karin.open_record("linserv.contract", 1, world.action("linserv_contract.linserv_contract_action"))
    world.karin.picture("5-contract")


def test_astrid_sees_that_the_books_are_empty(world):
    assert trial_balance(world) == {}


def test_karin_bills_two_months(world):
    for number in (-2, -1):
        bill(world, month(number), "6-billing-run")
    assert untaxed(world) == [(month(-2), MONTHLY), (month(-1), MONTHLY)]


def test_astrid_finds_them_in_the_trial_balance(world):
    assert trial_balance(world) == balance_of(2 * MONTHLY, 0.25 * 2 * MONTHLY)


def test_karin_raises_the_prices_with_letters(world):
    karin = world.karin
    karin.open(
        "action=%s&model=linserv.price.run&view_type=form" % world.action("linserv_contract.linserv_price_run_action")
    )
    karin.fill("date_effective", month(2).isoformat())
    karin.fill("percent", "5")
    karin.fill("min_months", "0")
    karin.save()
    karin.press("Räkna fram priser")
    karin.picture("7-price-run")
    karin.press("Skicka brev")
    karin.press("Ok")
    karin.press("Inför nya priser")
    karin.picture("8-new-prices")
    raised = world.database.query(
        "SELECT v.code, p.price_unit::float FROM linserv_subscription_price p JOIN linserv_subscription s "
        "ON s.id = p.subscription_id JOIN linserv_service v ON v.id = s.service_id WHERE p.date_from = '%s' ORDER BY 1"
        % month(2)
    )
    assert [(code, float(price)) for code, price in raised] == [
        (code, round(PRICES[code] * 1.05, 2)) for code in sorted(PRICES)
    ]


def test_karin_sells_more_in_the_middle_of_a_month_that_is_billed(world):
    karin = world.karin
    karin.open_record("linserv.subscription", subscription(world, "bas"), world.action(SUBSCRIPTIONS))
    karin.press("Ändra…")
    karin.fill("when", "Från en viss dag")
    karin.fill("date", month(-1, 15).isoformat())
    karin.fill("quantity", "2")
    karin.picture("9-upsell")
    karin.press("Ändra tjänsten")
    bill(world, month(0), "10-billing-run-with-upsell")
    half = month(-1, 15)
    more = share(2 * PRICES["bas"], half) - share(PRICES["bas"], half)  # rule 8: the difference of what was and is
    assert untaxed(world)[-1] == (month(0), round(MONTHLY + PRICES["bas"] + more, 2))


def test_karin_ends_a_service_in_a_paid_month_and_astrid_posts_the_credit_note(world):
    karin, astrid = world.karin, world.astrid
    karin.open_record("linserv.subscription", subscription(world, "drift"), world.action(SUBSCRIPTIONS))
    karin.press("Avsluta")
    karin.fill("date", month(0, 20).isoformat())
    karin.picture("11-end-with-credit")
    karin.press("Och gör kreditfakturan nu")
    note = world.one("SELECT id FROM account_move WHERE move_type = 'out_refund'")
    astrid.open_record("account.move", note, world.action("account.action_move_out_refund_type"))
    astrid.press("Bekräfta")
    astrid.picture("12-credit-note")
    amount = world.one("SELECT amount_untaxed FROM account_move WHERE id = %s AND state = 'posted'" % note)
    assert float(amount) == share(PRICES["drift"], month(0, 21))


def test_eva_gives_notice_on_her_telephone(world):
    eva, last = world.eva, month(10) - datetime.timedelta(days=1)
    eva.open("/my/contracts/1")
    eva.picture("13-contract-in-the-portal")
    eva.press("Säg upp avtalet")
    assert last.isoformat() in eva.text()
    eva.press("Fortsätt")
    eva.picture("14-notice")
    eva.press("Ja, säg upp avtalet")
    eva.picture("15-notice-given")
    assert eva.fits()
    assert world.one("SELECT date_end FROM linserv_contract") == last.isoformat()


def test_the_last_invoice_ends_with_the_last_day(world):
    bill(world, month(9), "16-last-invoice")
    bas = [2 * PRICES["bas"]] + [2 * round(PRICES["bas"] * 1.05, 2)] * 8
    backup = [PRICES["backup"]] + [round(PRICES["backup"] * 1.05, 2)] * 8
    assert untaxed(world)[-1] == (month(9), pytest.approx(sum(bas + backup)))
    days = world.one("SELECT max(date_to) FROM linserv_billed_period WHERE active")
    assert days == (month(10) - datetime.timedelta(days=1)).isoformat()
    before = untaxed(world)
    bill(world, month(12), "17-nothing-left", due=False)
    assert untaxed(world) == before


def test_astrid_finds_every_krona_in_the_trial_balance(world):
    invoiced = sum(amount for _day, amount in untaxed(world))
    credited = float(world.one("SELECT sum(amount_untaxed) FROM account_move WHERE move_type = 'out_refund'"))
    net = invoiced - credited
    tax = -trial_balance(world)["26"]
    assert tax == pytest.approx(0.25 * net, abs=0.05), "VAT is rounded line by line, to the öre"
    assert trial_balance(world) == pytest.approx(balance_of(net, tax))
    world.astrid.open("action=%s" % world.action("account.action_move_out_invoice_type"))
    world.astrid.picture("18-invoices")


def test_nobody_saw_an_error_of_the_browser(world):
    assert world.karin.faults + world.astrid.faults == []
