"""The demo customer's own Odoo: a real Odoo 14 database with third-party modules, on the demo host."""

from . import odoo, paths, postgres, python

ADDONS = "tools/demo/requirements-addons.txt"
DATABASE = "norrvik"
# Bought in November: the count of that month shows what it added.
LATER = "account_invoice_refund_link"
CUSTOMISE = """
company = env.ref('base.main_company')
company.name = 'Norrvik Bygg AB'
env['ir.actions.server'].create({
    'name': 'Påminn om offert', 'model_id': env.ref('sale.model_sale_order').id, 'state': 'code',
    'code': '''# Quotations that have waited for a week get an activity
limit = datetime.datetime.now() - datetime.timedelta(days=7)
for order in model.search([('state', '=', 'sent'), ('write_date', '<', limit)]):
    order.activity_schedule('mail.mail_activity_data_call', summary='Ring kunden')
'''})
env['ir.model.fields'].create({
    'name': 'x_large_order', 'field_description': 'Stor order', 'ttype': 'boolean', 'state': 'manual',
    'model_id': env.ref('sale.model_sale_order').id, 'depends': 'amount_total',
    'compute': '''for record in self:
    record['x_large_order'] = record.amount_total >= 100000
'''})
# Two e-mails wait to be sent when the first backup is taken.
env['ir.mail_server'].create({'name': 'Norrviks post', 'smtp_host': '127.0.0.1', 'smtp_port': 8025})
env['res.partner'].create({'name': 'Bygghandeln i Sundsvall', 'phone': '060-10 20 30'})
for number in (1, 2):
    env['mail.mail'].create({
        'subject': 'Offert %d' % number, 'email_from': 'order@norrvik.example', 'email_to': 'kund@example.com',
        'body_html': '<p>Hej! Här kommer offerten.</p>', 'auto_delete': False,
    })
env.cr.commit()
"""


def get_template(root):
    """Name of the template of the customer's database, with the modules of October."""
    base = odoo.get_base_template(root)
    key = paths.digest_of(base, CUSTOMISE, LATER, paths.REPOSITORY / ADDONS)
    return odoo.get_template(root, "template_norrvik_" + key, lambda place, name: make(place, base, name))


def make(root, base, name):
    """The customer's database on a copy of the base."""
    postgres.copy(root, base, name)
    modules = [module for module in list_modules(root) if module != LATER]
    install(root, name, modules)
    odoo.run_quietly(
        root,
        command(root, "shell", "-d", name, "--no-http", "--log-level=warn"),
        "shell-" + name,
        odoo.shell_script(CUSTOMISE),
    )


def list_modules(root):
    """Names of the third-party modules, as they lie in the downloaded folder."""
    listing = root.run(["ls", python.get_oca_addons(root, ADDONS)], capture_output=True, text=True)
    return listing.stdout.split()


def install(root, name, modules):
    """Install modules in the customer's database."""
    words = ["-d", name, "-i", ",".join(modules), "--without-demo=all", "--stop-after-init", "--no-http"]
    odoo.run_quietly(root, command(root, *words), "install-" + name)


def host_folder(root):
    """The folder on the demo host that holds the customer's Odoo."""
    return root.state / "norrvik"


def command(root, *words):
    """Odoo as the customer runs it: Debian's Python and the customer's own configuration."""
    words, head = list(words), []
    if words[0] == "shell":
        head = [words.pop(0)]
    return ["/usr/bin/python3", "/usr/bin/odoo", *head, "-c", host_folder(root) / "odoo.conf", *words]


def write_folder(root):
    """The customer's configuration and addons folder on the demo host."""
    core, folder = "/usr/lib/python3/dist-packages/odoo/addons", host_folder(root)
    lines = ["[options]", "addons_path = %s,%s/addons" % (core, folder), "data_dir = %s/data" % root.state]
    lines += ["db_host = %s/run" % root.state, "db_user = odoo", "http_interface = 127.0.0.1", ""]
    script = 'mkdir -p "$1" && cp -a --no-target-directory "$2" "$1/addons" && cat > "$1/odoo.conf"'
    source = python.get_oca_addons(root, ADDONS)
    root.run(["sh", "-c", script, "write", folder, source], input="\n".join(lines).encode())


def provide(root):
    """A fresh database ``norrvik`` and its folder."""
    write_folder(root)
    postgres.copy(root, get_template(root), DATABASE)


def provide_template(root):
    """Name of the customer's template database and path of a configuration that finds its addons."""
    write_folder(root)
    return get_template(root), host_folder(root) / "odoo.conf"


def get_instance(root):
    """Name of the customer's database and path of its addons; the demo's, or made when there was no demo."""
    if not postgres.has_database(root, DATABASE):
        provide(root)
    return DATABASE, host_folder(root) / "addons"


def has_module(root, module):
    """Whether the customer's database has a module installed."""
    sql = "SELECT 1 FROM ir_module_module WHERE state = 'installed' AND name = '%s'" % module
    return bool(postgres.query(root, sql, DATABASE))


def ask(root, name, script):
    """Run a script in `odoo shell` on one of the customer's databases; what it printed after `ANSWER `."""
    words = command(root, "shell", "-d", name, "--no-http", "--log-level=error")
    done = root.run(words, input=odoo.shell_script(script), capture_output=True)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return [line.partition("ANSWER ")[2] for line in lines if "ANSWER " in line]
