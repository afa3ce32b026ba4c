"""Who and what the demo's story is about; making it twice makes nothing twice."""

import base64
import datetime
import io
import json
import os
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

STATE = Path(os.environ["LINSERV_STATE"])
START = datetime.date(2026, 10, 1)
STAFF = (
    ("karin", "Karin Lind", "karin@linserv.example", "manager"),
    ("johan", "Johan Ek", "johan@linserv.example", "user"),
    ("astrid", "Astrid Bok", "astrid@linserv.example", "accountant"),
)
CUSTOMERS = (
    # key, company, street, zip, city, organisation's VAT number, contact person, portal login
    (
        "norrvik",
        "Norrvik Bygg AB",
        "Hamngatan 12",
        "871 30",
        "Härnösand",
        "SE556016068001",
        "Eva Norberg",
        "eva@norrvik.example",
    ),
    (
        "adalen",
        "Ådalens Möbler AB",
        "Industrivägen 4",
        "872 33",
        "Kramfors",
        "SE556036079301",
        "Göran Åslund",
        "goran@adalen.example",
    ),
    (
        "kusten",
        "Kustens Redovisning HB",
        "Storgatan 31",
        "891 33",
        "Örnsköldsvik",
        "SE556012579001",
        "Maria Högberg",
        "maria@kusten.example",
    ),
)
# The sheet names no price but that of maintenance: these are the demo's.
PRICES = {"bas": 1490.0, "backup": 690.0, "drift": 2900.0, "epost": 850.0, "maintenance": 175.0, "pack_25": 28750.0}
# Started hundreds of lines that the quotations name; what is counted is what is invoiced.
QUOTED = {("norrvik", "maintenance"): 193, ("adalen", "maintenance"): 120}
HOUR_PRICES = {"linserv_hour_level_agreement": 1150.0, "linserv_hour_level_standard": 1450.0}
HOSTS = {
    # folder of the endpoint: xml-id, name, what it does for other hosts
    "demo-host": ("host", "norrvik-1", False),
    "demo-backup-host": ("host_backup", "backup-1", "backup"),
    "demo-dr-host": ("host_dr", "dr-1", "dr"),
}
GROUPS = {
    "manager": (
        "linserv_maintenance.linserv_code_snapshot_group_manager linserv_contract.linserv_contract_group_manager "
        "linserv_hosting.linserv_host_group_manager linserv_backup.linserv_backup_group_manager "
        "account.group_account_invoice sales_team.group_sale_manager "
        "linserv_contract.linserv_contract_group_approver"
    ),
    "user": (
        "linserv_maintenance.linserv_code_snapshot_group_user linserv_contract.linserv_contract_group_user "
        "linserv_hosting.linserv_host_group_user linserv_backup.linserv_backup_group_user"
    ),
    "accountant": "account.group_account_manager",
}


def ensure(env, model, key, vals):
    """The record with the xml-id `linserv_story.<key>`, made with ``vals`` the first time."""
    record = env.ref("linserv_story." + key, raise_if_not_found=False)
    if record:
        return record
    return ensure_name(env, env[model].create(vals), key)


def ensure_name(env, record, key):
    """The record, with the xml-id `linserv_story.<key>` from now on."""
    if not env.ref("linserv_story." + key, raise_if_not_found=False):
        vals = {"module": "linserv_story", "name": key, "model": record._name}
        env["ir.model.data"].create([dict(vals, res_id=record.id, noupdate=True)])
    return record


def make_company(env, port):
    """Linserv AB, where reports find their style sheets, and nothing that a demo would send."""
    env["ir.config_parameter"].set_param("web.base.url", "http://localhost:%d" % port)
    env["ir.config_parameter"].set_param("report.url", "http://127.0.0.1:%d" % port)
    company = env.ref("base.main_company")
    company.write({"email": "faktura@linserv.example", "phone": "060-12 34 56", "website": "https://linserv.example"})
    company.partner_id.write({"lang": "sv_SE"})
    company.write({"company_registry": "556677-8899", "report_footer": "Godkänd för F-skatt", "logo": draw_logo()})
    company.external_report_layout_id = env.ref("linserv_contract.linserv_external_layout")
    company.paperformat_id = env.ref("linserv_contract.linserv_paperformat")
    bank = ensure(env, "res.bank", "bank", {"name": "Bankgiro"})
    vals = {"acc_number": "5050-1055", "bank_id": bank.id, "partner_id": company.partner_id.id}
    ensure(env, "res.partner.bank", "bank_account", vals)
    env.ref("base.user_admin").write({"lang": "sv_SE", "tz": "Europe/Stockholm", "email": "admin@linserv.example"})


def draw_logo():
    """Linserv's name in its colour, as base64 of a PNG."""
    picture = Image.new("RGBA", (720, 160), (255, 255, 255, 0))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 20, 120, 140), fill="#1d4e63")
    for step, width in enumerate((70, 46, 58)):
        pen.rectangle((26, 48 + 26 * step, 26 + width, 58 + 26 * step), fill="white")
    font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf", 96)
    pen.text((150, 22), "Linserv", fill="#1d4e63", font=font)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return base64.b64encode(stream.getvalue())


def draw_signature(name):
    """A name in blue ink, as base64 of a PNG."""
    picture = Image.new("RGBA", (520, 120), (255, 255, 255, 0))
    font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf", 52)
    ImageDraw.Draw(picture).text((16, 28), name, fill="#1f3a93", font=font)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return base64.b64encode(stream.getvalue())


def make_staff(env):
    """Three of Linserv's people, each with the rights of the work."""
    for login, name, email, role in STAFF:
        groups = [env.ref("base.group_user").id] + [env.ref(group).id for group in GROUPS[role].split()]
        vals = {"name": name, "login": login, "password": login, "email": email, "lang": "sv_SE"}
        vals.update(tz="Europe/Stockholm", groups_id=[(6, 0, groups)])
        ensure(env, "res.users", "user_" + login, vals)


def make_customers(env):
    """The three customers, each with one person who logs in to the portal."""
    for key, name, street, zip_code, city, vat, person, login in CUSTOMERS:
        vals = {"name": name, "is_company": True, "street": street, "zip": zip_code, "city": city, "vat": vat}
        vals.update(country_id=env.ref("base.se").id, lang="sv_SE", email="ekonomi@%s.example" % key)
        company = ensure(env, "res.partner", key, vals)
        user = {"name": person, "login": login, "password": login.split("@")[0], "email": login, "lang": "sv_SE"}
        user.update(tz="Europe/Stockholm", parent_id=company.id, groups_id=[(6, 0, [env.ref("base.group_portal").id])])
        ensure(env, "res.users", key + "_user", user)


def read_endpoint(host="demo-host"):
    """Where a demo host is, and how an administrator gets in the first time."""
    return json.loads((STATE / host / "endpoint.json").read_text())


def make_hosts(env):
    """The customer's host, a backup host, a DR host, and one that nobody has connected yet."""
    secret = ensure(env, "linserv.secret", "login_key", {"name": "Linservs inloggningsnyckel", "kind": "ssh_key"})
    if not secret.has_value:
        secret.action_generate()
    for place, (key, name, role) in HOSTS.items():
        facts = read_endpoint(place)
        vals = {"name": name, "address": facts["address"], "port": facts["port"], "user": facts["user"]}
        ensure(env, "linserv.host", key, dict(vals, ssh_secret_id=secret.id, backup_role=role))
    host = env.ref("linserv_story.host")
    ensure(env, "linserv.host", "host_adalen", {"name": "adalen-1", "address": "adalen-1.linserv.example"})
    return host


def make_instances(env, host):
    """Two production instances and a test copy."""
    rows = (
        (
            "norrvik_prod",
            "Norrvik produktion",
            "norrvik",
            host,
            "norrvik",
            "production",
            "https://odoo.norrvik.example",
        ),
        (
            "adalen_prod",
            "Ådalen produktion",
            "adalen",
            env.ref("linserv_story.host_adalen"),
            "adalen",
            "production",
            "https://odoo.adalen.example",
        ),
        (
            "kusten_prod",
            "Kusten produktion",
            "kusten",
            env.ref("linserv_story.host_adalen"),
            "kusten",
            "production",
            "https://odoo.kusten.example",
        ),
    )
    for key, name, customer, machine, database, kind, url in rows:
        vals = {"name": name, "partner_id": env.ref("linserv_story." + customer).id, "host_id": machine.id}
        vals.update(database=database, technical_name=database, kind=kind, series="14.0", url=url)
        ensure(env, "linserv.instance", key, vals)


def make_prices(env):
    """What the catalogue's services and an hour cost at Linserv."""
    for code, price in PRICES.items():
        service = env.ref("linserv_contract.linserv_service_" + code)
        service.price_unit = service.product_id.list_price = price
    for level, price in HOUR_PRICES.items():
        vals = {"level_id": env.ref("linserv_contract." + level).id, "date_from": START, "price_unit": price}
        ensure(env, "linserv.hour.price", level.replace("level", "price"), vals)


def make_contracts(env):
    """Norrvik signed for everything; Ådalen's code is not counted yet; Kusten has operation and mail."""
    rows = (
        ("norrvik", ("bas", "backup", "drift", "maintenance")),
        ("adalen", ("bas", "backup", "maintenance")),
        ("kusten", ("bas", "epost")),
    )
    for key, codes in rows:
        contract = env.ref("linserv_story.contract_" + key, raise_if_not_found=False)
        if not contract:
            ensure_name(env, sign_quotation(env, key, codes).linserv_contract_id, "contract_" + key)


def sign_quotation(env, key, codes):
    """The quotation of these services, signed by the customer's person; what follows is the suite's own doing."""
    customer = env.ref("linserv_story." + key)
    services = [env.ref("linserv_contract.linserv_service_" + code) for code in codes]
    vals = {
        "partner_id": customer.id,
        "user_id": env.ref("linserv_story.user_karin").id,
        "linserv_date_start": START,
        "linserv_billing_alignment": "calendar",
        "linserv_instance_id": env.ref("linserv_story.%s_prod" % key).id,
        "order_line": [
            (0, 0, {"product_id": service.product_id.id, "product_uom_qty": QUOTED.get((key, service.code), 1)})
            for service in services
        ],
    }
    order = ensure(env, "sale.order", "quotation_" + key, vals)
    person = env.ref("linserv_story.%s_user" % key).partner_id
    signed = {"signed_by": person.name, "signed_on": START, "signature": draw_signature(person.name)}
    order.write(signed)
    order.action_confirm()
    env.cr.commit()  # Odoo commits while it renders a paper: the contract is whole before that
    order._linserv_keep_signed()
    return order


def make_history(env):
    """What makes the contracts look lived in: a discount, test copies, prepaid hours and time drawn from them."""
    norrvik, adalen, kusten = (env.ref("linserv_story.contract_" + key) for key in ("norrvik", "adalen", "kusten"))
    for number in (1, 2):
        day = START + datetime.timedelta(days=9 * number)
        norrvik._use_quota("test_copy", env.ref("linserv_story.norrvik_prod"), day, "linserv_story,%d" % number)
    backup = adalen.subscription_ids.filtered(lambda sub: sub.service_id.code == "backup")
    discount = {"subscription_id": backup.id, "percent": 50.0, "date_from": START, "reason": "Introduktion"}
    ensure(env, "linserv.subscription.discount", "discount", dict(discount, date_to=datetime.date(2026, 12, 31)))
    kusten._buy_pack(25, "linserv_story,pack", date=START)
    work = env["linserv.work.type"].search([("code", "=", "training")], limit=1)
    for number, (name, minutes) in enumerate((("Utbildning i bokslut", 150), ("Rapport för momsen", 95))):
        vals = {"contract_id": kusten.id, "work_type_id": work.id, "name": name, "minutes": minutes}
        vals.update(date=START + datetime.timedelta(days=12 + number), origin_name="Ärende %d" % (101 + number))
        ensure(
            env, "linserv.hour.entry", "hours_%d" % number, dict(vals, user_id=env.ref("linserv_story.user_johan").id)
        )


def make_all(env, port):
    """Everybody and everything; the demo host comes back."""
    make_company(env, port)
    make_staff(env)
    make_customers(env)
    host = make_hosts(env)
    make_instances(env, host)
    make_prices(env)
    make_contracts(env)
    make_history(env)
    return host
