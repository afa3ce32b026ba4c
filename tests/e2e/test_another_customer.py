"""Another customer gets nothing of Norrvik's: every route of the suite, every model, and the files."""

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
import xmlrpc.client

import pytest
from support import OdooServer

MISSING = 987654
FORM = {
    "step": "confirm", "kind": "more", "text": "text", "reason": "reason", "hours": "25", "price": "25000.0",
    "key": "b0a2b4c8-0d3e-4f57-9a35-7c1f3b8b9d10", "name": "Name", "signature": "iVBORw0KGgo="}  # fmt: skip
METHODS = ("read", "export_data", "name_get", "copy_data", "search", "search_read", "search_count", "read_group")

MAKE_WORLD = """
from odoo.addons.linserv_maintenance.domain.merkle import snapshot_root
from odoo.addons.linserv_maintenance.tests.tree_builders import answer as host_answer, file_row, module, tree
from odoo.addons.linserv_backup.tests.drill_builders import SHA, answer as drill_answer

def backups(key, instance):
    company = instance.commercial_partner_id
    host = env['linserv.host'].create({
        'name': 'b-' + key, 'address': 'b-%s.example.com' % key, 'backup_role': 'backup'})
    repositories = env['linserv.backup.repository']
    repository = repositories.search([('instance_id', '=', instance.id)]) or repositories.create({
        'instance_id': instance.id})
    repository.host_id = host
    point = env['linserv.backup.point'].create({
        'repository_id': repository.id, 'kind': 'db', 'slot': '2026-11-01 10:30:00', 'state': 'proved', 'sha256': SHA,
        'name': 'db-20261101T103000Z', 'dump_bytes': 262144000, 'rows': 701234})
    drill = env['linserv.backup.drill']._order_drill(repository, point, 'backup')
    drill._on_run_done(drill.run_id, drill_answer())
    paper = env['ir.attachment'].create({'name': key + '.pdf', 'raw': b'%PDF ' + key.encode()})
    env['linserv.backup.report'].create({
        'partner_id': company.id, 'company_id': env.company.id, 'month': '2026-10-01', 'state': 'kept',
        'document_id': paper.id})
    plan = env['linserv.dr.plan'].create({'partner_id': company.id})
    env['linserv.dr.plan.version'].create({
        'plan_id': plan.id, 'number': 1, 'date': '2026-11-01', 'sha256': SHA, 'document_id': paper.id})
    env['linserv.dr.exercise'].create({'plan_id': plan.id}).action_start()

def customer(key):
    vals = {'name': key, 'is_company': True, 'lang': 'sv_SE', 'email': key + '@example.com'}
    company = env['res.partner'].create(vals)
    portal = env.ref('base.group_portal').id
    env['res.users'].with_context(no_reset_password=True).create({
        'name': key, 'login': key, 'password': key + '-word', 'groups_id': [(6, 0, [portal])],
        'parent_id': company.id, 'lang': 'sv_SE'})
    host = env['linserv.host'].create({'name': key, 'address': key + '.example.com'})
    instance = env['linserv.instance'].create({
        'name': key, 'technical_name': key, 'partner_id': company.id, 'host_id': host.id, 'kind': 'production',
        'series': '14.0', 'database': key})
    contract = env['linserv.contract'].create({'partner_id': company.id, 'date_start': '2026-10-01'})
    for code in ('bas', 'maintenance'):
        env['linserv.subscription'].create({
            'contract_id': contract.id, 'instance_id': instance.id, 'date_start': '2026-10-01', 'price_unit': 175.0,
            'service_id': env.ref('linserv_contract.linserv_service_' + code).id})
    contract.action_activate()
    snapshot = instance._count_code(contract.date_start)
    told = tree([module('own_module', [file_row('models/a.py', 1200, 1300)])])
    snapshot._on_run_done(snapshot.run_id, host_answer(told, root=snapshot_root(told)))
    snapshot.action_approve()
    contract.message_post(body='internal words about ' + key)
    env['linserv.restore'].create({'instance_id': instance.id, 'note': key}).state = 'ordered'
    backups(key, instance)
    order = env['sale.order'].create({'partner_id': company.id, 'linserv_contract_id': contract.id, 'signed_by': key})
    product = env.ref('linserv_contract.linserv_product_epost')
    env['sale.order.line'].create({'order_id': order.id, 'product_id': product.id, 'name': product.name})
    order.action_confirm()
    order._linserv_keep_signed()
    order.copy({'linserv_contract_id': False, 'require_signature': True}).action_quotation_sent()
    return company

norrvik, adalen = customer('norrvik'), customer('adalen')
env.cr.commit()
run = env['linserv.billing.run'].create({'date': '2026-10-01', 'mode': 'post'})
run.action_bill()
run.move_ids._linserv_attach_evidence()
env.cr.commit()

def owned(model):
    records = env[model].search([])
    found = env[model]
    for record in records:
        for name in ('commercial_partner_id', 'partner_id', 'contract_id', 'subscription_id', 'instance_id', 'host_id',
                     'snapshot_id', 'repository_id', 'plan_id', 'run_id', 'move_id', 'audit_id', 'key_id'):
            if name in record._fields and 'norrvik' in (record[name].display_name or ''):
                found |= record
                break
        else:
            if 'norrvik' in (record.display_name or '').lower():
                found |= record
    return found.ids

stored = [name for name in env.registry.models if name.startswith('linserv.') and env[name]._auto
          and not env[name]._transient and not env[name]._abstract]
world = {name: owned(name) for name in stored}
contract = env['linserv.contract'].search([('partner_id', '=', norrvik.id)])
moves = contract.move_ids
world['account.move'] = moves.ids
world['account.move.line'] = moves.line_ids.ids
world['ir.attachment'] = moves.linserv_evidence_ids.ids + contract.signed_ids.ids
world['sale.order'] = contract.sale_order_ids.ids
offered = env['sale.order'].search([('partner_id', '=', norrvik.id), ('state', '=', 'sent')])
world['sale.order.line'] = offered.order_line.ids
world['mail.message'] = contract.message_ids.ids
modules = env['ir.module.module'].search([('state', '=', 'installed')]).mapped('name')
http = env['ir.http']
routes = [
    (url, endpoint.routing)
    for url, endpoint, _routing in http._generate_routing_rules(modules, converters=http._get_converters())
    if endpoint.method.__func__.__module__.startswith('odoo.addons.linserv_')]
rules = {url for url, routing in routes if routing['type'] == 'http'}
forms = {url for url, r in routes if url in rules and '_id>' in url and 'POST' in (r.get('methods') or ['POST'])}
calls = {url for url, routing in routes if routing['type'] == 'json'}
answer({'world': world, 'rules': sorted(rules), 'forms': sorted(forms), 'calls': sorted(calls),
        'offered': offered.ids, 'models': sorted(stored)})
"""


class Customer:
    """Somebody in the portal, with a browser's cookies and Odoo's external interface."""

    def __init__(self, server, database, login):
        self.database, self.url = database.name, server.url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(jar)
        _status, page = self.get("/web/login")
        form = {"login": login, "password": login + "-word"}
        form["csrf_token"] = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        self.browser.open(self.url + "/web/login", urllib.parse.urlencode(form).encode())
        common = xmlrpc.client.ServerProxy(server.url + "/xmlrpc/2/common")
        self.user, self.word = common.authenticate(database.name, login, login + "-word", {}), login + "-word"
        self.objects = xmlrpc.client.ServerProxy(server.url + "/xmlrpc/2/object", allow_none=True)

    def get(self, path, form=None):
        """(status, text) of a page."""
        wanted = self.url + path if isinstance(path, str) else path
        try:
            with self.browser.open(wanted, form) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")

    def post(self, path, form, token=True):
        """(status, text) of a form that was sent."""
        if token:
            form = {**form, "csrf_token": re.search(r'csrf_token: "([^"]+)"', self.get("/my")[1]).group(1)}
        return self.get(path, urllib.parse.urlencode(form).encode())

    def ask(self, path, **params):
        """What a JSON route answers, as text."""
        question = json.dumps({"params": params}).encode()
        return self.get(urllib.request.Request(self.url + path, question, {"Content-Type": "application/json"}))[1]

    def call(self, model, method, *words):
        """What a method answers, or None when Odoo refuses."""
        try:
            return self.objects.execute_kw(self.database, self.user, self.word, model, method, list(words))
        except xmlrpc.client.Fault:
            return None


@pytest.fixture(scope="module")
def world(database):
    """Two customers with everything; what is Norrvik's, and the suite's routes."""
    return database.shell(MAKE_WORLD)


@pytest.fixture(scope="module")
def server(database, world):
    """Odoo on that database."""
    made = OdooServer(database)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def stranger(server, database):
    """The other customer."""
    return Customer(server, database, "adalen")


@pytest.fixture(scope="module")
def owner(server, database):
    """Norrvik's own person."""
    return Customer(server, database, "norrvik")


def fill(rule, world, missing):
    """A route with Norrvik's ids in it, or with ids that nobody has."""
    models = {
        "contract": "linserv.contract",
        "order": "sale.order",
        "instance": "linserv.instance",
        "snapshot": "linserv.code.snapshot",
        "attachment": "ir.attachment",
        "copy": "linserv.restore",
        "drill": "linserv.backup.drill",
        "report": "linserv.backup.report",
        "version": "linserv.dr.plan.version",
    }

    def replace(match):
        kind, name = match.group(1) or "", match.group(2)
        if not name.endswith("_id"):
            return "pdf" if kind.startswith("string") else "1"
        return str(missing or world["world"][models[name[:-3]]][0])

    return re.sub(r"<(?:([a-z]+(?:\([^)]*\))?):)?([a-z_]+)>", replace, rule)


def body(text):
    """A page without what differs from one request to the next."""
    text = re.sub(r"csrf_token[^,;]*", "", text)
    return re.sub(r"\d+", "0", text)


def test_there_is_something_to_hide(world):
    hidden = {model for model, ids in world["world"].items() if ids}
    assert {"linserv.contract", "linserv.subscription", "linserv.instance", "linserv.code.snapshot"} <= hidden
    assert {"linserv.meter.reading", "linserv.billed.period", "account.move", "ir.attachment"} <= hidden
    assert len(world["rules"]) >= 5


def test_the_owner_sees_it(owner, world):
    for rule in world["rules"]:
        status, text = owner.get(fill(rule, world, None))
        assert status == 200, rule
        assert "page" in rule or "norrvik" in text.lower() or not text.startswith("<"), rule


def test_a_foreign_id_answers_like_a_missing_one_on_every_route(stranger, world):
    for rule in world["rules"]:
        if "_id>" not in rule:
            status, text = stranger.get(fill(rule, world, None))
            assert (status, "norrvik" in text.lower()) == (200, False), rule
            continue
        foreign, missing = stranger.get(fill(rule, world, None)), stranger.get(fill(rule, world, MISSING))
        assert foreign[0] == missing[0] == 404, rule
        assert body(foreign[1]) == body(missing[1]), rule


def test_invoices_and_files_are_closed_by_standard_routes(stranger, world):
    move, file = world["world"]["account.move"][0], world["world"]["ir.attachment"][0]
    for path in ("/my/invoices/%d" % move, "/web/content/%d" % file, "/web/image/%d" % file):
        _status, text = stranger.get(path)
        assert "norrvik" not in text.lower() and not text.startswith("%PDF"), path


def test_no_model_gives_anything_of_norrviks(stranger, world):
    leaks = []
    for model, ids in world["world"].items():
        arguments = {
            "read": (ids,),
            "name_get": (ids,),
            "export_data": (ids, ["display_name"]),
            "copy_data": (ids,),
            "search": ([["id", "in", ids]],),
            "search_read": ([["id", "in", ids]],),
            "search_count": ([["id", "in", ids]],),
            "read_group": ([["id", "in", ids]], ["id"], []),
        }
        for method in METHODS if ids else ():
            got = stranger.call(model, method, *arguments[method]) or None
            counted = got[0].get("__count") if got and method == "read_group" else got
            if counted and (method != "export_data" or got["datas"]):
                leaks.append((model, method, got))
    assert leaks == []


def test_a_customer_can_write_no_model_of_the_suite(owner, world):
    done = []
    for model in world["models"]:
        ids = world["world"][model]
        for method, words in (("create", ({},)), ("write", (ids, {})), ("unlink", (ids,))):
            if ids and owner.call(model, method, *words) is not None:
                done.append((model, method))
    assert done == []


def kept(database):
    """What a form could change."""
    query, ours = (
        "SELECT count(*), sum(hashtext(t::text)::bigint) FROM %s t",
        ("contract", "subscription", "hour_pack", "restore"),
    )
    tables = ["linserv_" + name for name in ours] + ["sale_order", "sale_order_line", "mail_activity", "account_move"]
    return [database.query(query % table) for table in tables]


def test_a_form_for_a_foreign_id_answers_like_a_missing_one_and_does_nothing(stranger, world, database):
    before = kept(database)
    assert len(world["forms"]) >= 3
    for rule in world["forms"]:
        answers = [stranger.post(fill(rule, world, missing), FORM) for missing in (None, MISSING)]
        assert [status for status, _text in answers] == [404, 404], rule
        assert body(answers[0][1]) == body(answers[1][1]), rule
    assert kept(database) == before


def test_a_forged_form_or_a_link_does_nothing_either(owner, world, database):
    before = kept(database)
    for rule in world["forms"]:
        assert owner.post(fill(rule, world, None), FORM, token=False)[0] == 400, rule
        assert owner.get(fill(rule, world, None) + "?" + urllib.parse.urlencode(FORM))[0] == 200, rule
    assert kept(database) == before


def test_a_foreign_quotation_is_neither_signed_nor_changed(stranger, world, database):
    before = kept(database)
    assert len(world["calls"]) >= 2
    for rule in world["calls"]:
        answers = []
        for order in (world["offered"][0], MISSING):
            words = dict(FORM, order_id=order, line_id=world["world"]["sale.order.line"][0], input_quantity=99)
            answers.append(stranger.ask(rule.replace("<int:order_id>", str(order)), **words))
        assert body(answers[0]) == body(answers[1]), rule
        assert "norrvik" not in answers[0].lower(), rule
    assert kept(database) == before


def test_somebody_who_is_not_logged_in_is_sent_to_the_login(server, world):
    opener = urllib.request.build_opener()
    for rule in world["rules"]:
        with opener.open(server.url + fill(rule, world, None)) as answer:
            assert "/web/login" in answer.url, rule
