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
PRICES = {"bas": 1490.0, "backup": 690.0, "drift": 2900.0, "epost": 850.0, "maintenance": 175.0}
GROUPS = {
    "manager": (
        "linserv_maintenance.linserv_code_snapshot_group_manager linserv_contract.linserv_contract_group_manager "
        "linserv_hosting.linserv_host_group_manager account.group_account_invoice"
    ),
    "user": (
        "linserv_maintenance.linserv_code_snapshot_group_user linserv_contract.linserv_contract_group_user "
        "linserv_hosting.linserv_host_group_user"
    ),
    "accountant": "account.group_account_manager",
}


def ensure(env, model, key, vals):
    """The record with the xml-id `linserv_story.<key>`, made with ``vals`` the first time."""
    record = env.ref("linserv_story." + key, raise_if_not_found=False)
    if record:
        return record
    record = env[model].create(vals)
    env["ir.model.data"].create(
        {"module": "linserv_story", "name": key, "model": model, "res_id": record.id, "noupdate": True}
    )
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


def read_endpoint():
    """Where the demo host is, and how an administrator gets in the first time."""
    return json.loads((STATE / "demo-host" / "endpoint.json").read_text())


def make_hosts(env):
    """The demo host with its key, and one that nobody has connected yet."""
    facts = read_endpoint()
    secret = ensure(env, "linserv.secret", "login_key", {"name": "Linservs inloggningsnyckel", "kind": "ssh_key"})
    if not secret.has_value:
        secret.action_generate()
    vals = {"name": "norrvik-1", "address": facts["address"], "port": facts["port"], "user": facts["user"]}
    host = ensure(env, "linserv.host", "host", dict(vals, ssh_secret_id=secret.id))
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


def make_contracts(env):
    """Norrvik has everything; Ådalen's code is not counted yet; Kusten has operation and mail."""
    rows = (
        ("norrvik", ("bas", "backup", "drift", "maintenance")),
        ("adalen", ("bas", "backup", "maintenance")),
        ("kusten", ("bas", "epost")),
    )
    for key, codes in rows:
        customer = env.ref("linserv_story." + key)
        vals = {"partner_id": customer.id, "date_start": START, "billing_alignment": "calendar"}
        vals["user_id"] = env.ref("linserv_story.user_karin").id
        contract = ensure(env, "linserv.contract", "contract_" + key, vals)
        for code in codes:
            add_service(env, contract, key, code)
        if contract.state == "draft":
            contract.action_activate()


def add_service(env, contract, key, code):
    """One service on a contract, on the customer's production instance."""
    service = env.ref("linserv_contract.linserv_service_" + code)
    vals = {"contract_id": contract.id, "service_id": service.id, "date_start": START, "price_unit": PRICES[code]}
    if service.instance_required:
        vals["instance_id"] = env.ref("linserv_story.%s_prod" % key).id
    ensure(env, "linserv.subscription", "subscription_%s_%s" % (key, code), vals)


def make_all(env, port):
    """Everybody and everything; the demo host comes back."""
    make_company(env, port)
    make_staff(env)
    make_customers(env)
    host = make_hosts(env)
    make_instances(env, host)
    make_contracts(env)
    return host
