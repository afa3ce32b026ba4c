"""Odoo in the root: its configuration, its template databases, its commands."""

import base64
import os
import socket

from . import paths, postgres, python
from .errors import DevError
from .root import get_root

# Written from inside, as the folder with the logs belongs to the user there.
INTO_LOG = 'log=$1; shift; exec "$@" > "$log" 2>&1'
BASE_MODULES = ["l10n_se", "sale_management", "portal", "contacts"]
LANGUAGES = "sv_SE"
CONFIGURATION = """[options]
addons_path = {addons}
data_dir = {state}/data
db_host = {state}/run
db_user = odoo
admin_passwd = {admin}
http_interface = 127.0.0.1
list_db = True
server_wide_modules = base,web
linserv_master_key_file = {state}/master.key
limit_time_real_cron = 300
"""
# What every database starts from: a Swedish company with the Swedish chart, and no first-run noise.
PREPARE = """
company = env.ref('base.main_company')
sweden = env.ref('base.se')
company.write({'name': 'Linserv AB', 'country_id': sweden.id, 'currency_id': env.ref('base.SEK').id,
               'street': 'Storgatan 1', 'zip': '852 30', 'city': 'Sundsvall', 'vat': 'SE556677889901'})
env.ref('base.SEK').active = True
chart = env.ref('l10n_se.l10nse_chart_template')
if company.chart_template_id != chart and not env['account.move'].search([], limit=1):
    chart.try_loading(company=company)
env.cr.commit()
"""


def prepare(need_postgres=True):
    """The root with Python packages, configuration and (unless not needed) a running PostgreSQL."""
    root = get_root()
    python.use_environment(root)
    root.borg = python.get_borg(root)
    write_configuration(root)
    if need_postgres:
        postgres.start(root)
    return root


def write_configuration(root):
    """odoo.conf and the master key of this state folder; the key is made once and kept."""
    addons = ["/usr/lib/python3/dist-packages/odoo/addons", str(root.suite / "addons")]
    optional = paths.REPOSITORY / "tests" / "requirements-oca.txt"
    if optional.exists():
        addons.append(str(python.get_oca_addons(root, "tests/requirements-oca.txt")))
    text = CONFIGURATION.format(addons=",".join(addons), state=root.state, admin="demo")
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    script = (
        'umask 077; cat > "$1/odoo.conf.new" && mv "$1/odoo.conf.new" "$1/odoo.conf"\n'
        '[ -s "$1/master.key" ] || { echo "$2" > "$1/master.key.new" && mv "$1/master.key.new" "$1/master.key"; }'
    )
    root.run(["sh", "-c", script, "write", root.state, key], input=text.encode())


def odoo_command(root, *words):
    """The argument list of Odoo with the suite's configuration."""
    words = list(words)
    head = [words.pop(0)] if words and words[0] in ("shell", "scaffold", "populate") else []
    program = ["%s/bin/python" % root.venv, "/usr/bin/odoo", *head]
    return [*program, "-c", str(root.state / "odoo.conf"), *words]


def free_port():
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port):
    """Whether nobody listens on a loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def run_quietly(root, words, log_name, stdin=None):
    """Run Odoo into a log file; DevError with the log's end when it fails."""
    log = paths.state_folder() / "log" / (log_name + ".log")
    inner = ["sh", "-c", INTO_LOG, "run", root.state / "log" / log.name, *words]
    done = root.run(inner, check=False, input=stdin)
    if done.returncode:
        tail = log.read_text(errors="replace")[-3000:]
        raise DevError("Odoo ended with status %d; the end of %s:\n%s" % (done.returncode, log, tail))


def get_base_template(root):
    """Name of the database with Odoo's own modules and the Swedish chart; made when there is none."""
    key = paths.digest_of("3", *BASE_MODULES, LANGUAGES, PREPARE)
    return get_template(root, "template_base_" + key, make_base)


def get_suite_template(root):
    """Name of the database with the whole suite installed, without demo data; keyed by the addons' content."""
    base = get_base_template(root)
    name = "template_suite_" + paths.digest_of(base, paths.ADDONS)
    if not postgres.has_database(root, name):
        for row in postgres.query(root, "SELECT datname FROM pg_database WHERE datname LIKE 'template_suite_%'"):
            postgres.drop(root, row[0])
    return get_template(root, name, lambda inner, work: make_suite(inner, base, work))


def get_template(root, name, make):
    """Make a template under a working name and rename it: one cut short is never used."""
    if postgres.has_database(root, name):
        return name
    print("making the database %s, once …" % name, flush=True)
    work = "%s_%d" % (name.replace("template", "making"), os.getpid())
    postgres.drop(root, work)
    make(root, work)
    script = 'if [ -d "$1" ]; then rm -rf "$2"; mv "$1" "$2"; fi'
    store = root.state / "data" / "filestore"
    if postgres.has_database(root, name):  # somebody else was faster
        postgres.drop(root, work)
        return name
    postgres.query(root, 'ALTER DATABASE "%s" RENAME TO "%s"' % (work, name))
    root.run(["sh", "-c", script, "rename", store / work, store / name])
    return name


def make_base(root, name):
    """Odoo's own modules, Swedish, a company in Sweden."""
    words = ["-d", name, "-i", ",".join(BASE_MODULES), "--load-language=" + LANGUAGES, "--without-demo=all"]
    run_quietly(root, odoo_command(root, *words, "--stop-after-init", "--no-http"), name)
    run_script(root, name, PREPARE)


def make_suite(root, base, name):
    """The suite's addons on a copy of the base."""
    postgres.copy(root, base, name)
    addons = ",".join(addon for addon in paths.suite_addons() if addon != "linserv_queue")
    words = ["-d", name, "-i", addons, "--without-demo=all", "--stop-after-init", "--no-http"]
    run_quietly(root, odoo_command(root, *words), name)


def run_script(root, database, script):
    """Run Python text in `odoo shell`; DevError when it raises."""
    run_quietly(root, shell_command(root, database), "shell-" + database, shell_script(script))


def shell_command(root, database):
    """`odoo shell` on a database, reading a script from stdin."""
    return odoo_command(root, "shell", "-d", database, "--no-http", "--log-level=warn")


def shell_script(text):
    """Wrap a script so that an exception becomes the exit status (`odoo shell` alone ends with 0)."""
    if isinstance(text, bytes):
        text = text.decode()
    wrapper = (
        "import os as _os, sys as _sys, traceback as _traceback\n"
        "try:\n    exec(compile(%r, '<script>', 'exec'), globals())\n"
        "except BaseException:\n    _traceback.print_exc()\n"
        "    _sys.stdout.flush()\n    _sys.stderr.flush()\n    _os._exit(1)\n" % text
    )
    return wrapper.encode()


def check_database(root, name, how):
    """DevError that says how to get the database when it is not there."""
    if not postgres.has_database(root, name):
        raise DevError("there is no database %s yet: %s" % (name, how))
