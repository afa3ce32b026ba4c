"""A customer's Odoo with every addon that speaks to the outside, and the host that its copies are restored to."""

import hashlib
import json
import os
import subprocess
import time
import uuid
from pathlib import Path

from backup_world import Host
from support import ODOO, STATE, Database, build_agent, start_endpoint

from odoo.addons.linserv_backup.agent.login import write_known_hosts
from odoo.addons.linserv_backup.agent.peer import Peer
from odoo.addons.linserv_hosting.adapters import zipapp_builder
from odoo.addons.linserv_hosting.tests.sshd import make_key

FILESTORE = STATE / "data" / "filestore"
ADDONS = ["auth_oauth", "base_automation", "fetchmail", "google_calendar", "payment_stripe", "web_unsplash"]
# A production that speaks to the outside by every door; `open_doors` says where the doors are.
PREPARE = """
env['ir.mail_server'].create({'name': 'Production', 'smtp_host': '127.0.0.1', 'smtp_port': 25, 'sequence': 1})
env['fetchmail.server'].create({'name': 'Info', 'server_type': 'pop', 'server': '127.0.0.1', 'port': 110,
    'user': 'info', 'password': 'word', 'state': 'done', 'object_id': env.ref('base.model_res_partner').id})
for number in range(3):
    env['mail.mail'].create({'subject': 'Queued %d' % number, 'body_html': 'x', 'email_to': 'kund@example.com'})
env['ir.cron'].create({'name': 'Witness', 'model_id': env.ref('base.model_res_partner').id, 'state': 'code',
    'code': "model.create({'name': 'The witness ran'})", 'interval_type': 'minutes', 'interval_number': 1,
    'numbercall': -1, 'nextcall': '2020-01-01 00:00:00', 'priority': 0})
env['base.automation'].create({'name': 'By the clock', 'model_id': env.ref('base.model_res_partner').id,
    'trigger': 'on_time', 'trg_date_id': env.ref('base.field_res_partner__create_date').id, 'state': 'code',
    'code': "env['res.country'].create({'name': 'Witness', 'code': 'ZZ'})"})
env['auth.oauth.provider'].create({'name': 'Own', 'enabled': True, 'client_id': 'norrvik', 'body': 'Log in with Own',
    'auth_endpoint': 'https://id.example.com', 'scope': 'x', 'validation_endpoint': 'https://id.example.com'})
env['payment.acquirer'].search([('provider', '=', 'stripe')], limit=1).write({'state': 'enabled',
    'stripe_secret_key': 'sk_live_1', 'stripe_publishable_key': 'pk_live_1'})
params = env['ir.config_parameter']
params.set_param('web.base.url', 'https://production.example.com')
params.set_param('google_calendar_client_secret', 'google')
params.set_param('database.enterprise_code', 'M123')
params.set_param('acme.api_key', 'of a module of the customer')
for job in ('mail.ir_cron_mail_scheduler_action', 'fetchmail.ir_cron_mail_gateway_action'):
    env.ref(job).priority = 0
admin = env.ref('base.user_admin')
admin.write({'password': 'admin', 'email': 'admin@example.com', 'login': 'admin', 'google_calendar_rtoken': 'token'})
env['res.partner'].create({'name': 'Fredrik Forsberg', 'phone': '+46 60 12 34 56', 'email': 'fredrik@example.com'})
key = env['res.users.apikeys'].with_user(admin)._generate(None, 'of a program')
params.set_param('norrvik.key', key)
env['ir.cron'].search([]).write({'active': True, 'nextcall': '2020-01-01 00:00:00'})
env.cr.commit()
"""


def get_customer_template():
    """Name of a database with those addons and that production; made once for each (half a minute)."""
    key = hashlib.sha256(("5" + PREPARE + " ".join(ADDONS)).encode()).hexdigest()[:12]
    name = "template_customer_" + key
    if exists(name):
        return name
    base = next(row[0] for row in sql("SELECT datname FROM pg_database WHERE datname LIKE 'template_base_%'"))
    work = Database("making_customer_%d" % os.getpid(), base)
    words = ["-c", STATE / "odoo.conf", "-d", work.name, "-i", ",".join(ADDONS), "--without-demo=all"]
    log = STATE / "log" / (work.name + ".log")
    with log.open("wb") as stream:
        command = [*ODOO, *words, "--stop-after-init", "--no-http", "--max-cron-threads=0"]
        subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=True, timeout=1500)
    work.shell(PREPARE)
    sql('ALTER DATABASE "%s" RENAME TO "%s"' % (work.name, name))
    os.rename(FILESTORE / work.name, FILESTORE / name)
    return name


def sql(query, database="postgres", user="postgres"):
    """Rows of one statement."""
    words = [
        "psql",
        "-X",
        "-q",
        "-A",
        "-t",
        "-F",
        "\t",
        "-v",
        "ON_ERROR_STOP=1",
        "-U",
        user,
        "-d",
        database,
        "-c",
        query,
    ]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def exists(name):
    """Whether there is such a database."""
    return bool(sql("SELECT 1 FROM pg_database WHERE datname = '%s'" % name))


TINY = """
CREATE TABLE ir_config_parameter (id serial PRIMARY KEY, key varchar NOT NULL UNIQUE, value text, create_uid int,
    write_uid int, create_date timestamp, write_date timestamp);
INSERT INTO ir_config_parameter (key, value) VALUES ('database.uuid', 'production'), ('database.secret', 'secret');
CREATE TABLE ir_cron (id serial PRIMARY KEY, active boolean);
INSERT INTO ir_cron (active) SELECT true FROM generate_series(1, 5);
CREATE TABLE big (id serial PRIMARY KEY, name text);
INSERT INTO big (name) SELECT md5(n::text) FROM generate_series(1, 200000) AS n;
CREATE INDEX ON big (name);
CREATE SCHEMA own;
CREATE TABLE own.journal AS SELECT n AS id FROM generate_series(1, 7) AS n;
"""


def make_tiny(name, files=4):
    """A database with what a copy needs of Odoo, a table that takes a while, a schema of its own, and some files."""
    made = Database(name, "template0")
    made.query(TINY)
    for number in range(files):
        content = b"file %d of %d" % (number, os.getpid())
        digest = hashlib.sha1(content).hexdigest()
        folder = FILESTORE / name / digest[:2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / digest).write_bytes(content)
    return made


class Dump:
    """A dump of a database with its filestore, as a backup host would have rebuilt it."""

    def __init__(self, database, folder):
        self.path = Path(folder) / "dump"
        subprocess.run(["pg_dump", "-Fc", "-Z0", "-d", database.name, "-f", self.path], check=True, timeout=300)
        self.sha256 = hashlib.sha256(self.path.read_bytes()).hexdigest()
        self.filestore = FILESTORE / database.name
        self.names = sorted(
            "%s/%s" % (path.parent.name, path.name) for path in self.filestore.glob("??/*") if path.is_file()
        )
        self.counts = count_rows(database.name)

    @property
    def expected(self):
        """What Odoo tells the target of it."""
        root = hashlib.sha256("\n".join(self.names).encode()).hexdigest()
        size = sum((self.filestore / name).stat().st_size for name in self.names)
        return {"sha256": self.sha256, "bytes": self.path.stat().st_size, "files_root": root, "files_bytes": size}


def count_rows(database):
    """{table: rows} as a point's manifest has it: tables outside of schema public with their schema."""
    tables = sql(
        "SELECT quote_ident(nspname) || '.' || quote_ident(relname),"
        " CASE nspname WHEN 'public' THEN '' ELSE nspname || '.' END || relname"
        " FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema')",
        database,
    )
    query = " UNION ALL ".join("SELECT '%s', count(*) FROM ONLY %s" % (label, table) for table, label in tables)
    return {label: int(rows) for label, rows in sql(query, database)}


class RestoreHost(Host):
    """The target: a real sshd with a real agent, and a key of a deliverer.

    :param wrapper: what is put before its agent's command, such as `ulimit -f 4;`
    :param keep: go on in the folder of an earlier one
    """

    def __init__(self, folder, config=STATE / "odoo.conf", **options):
        self.folder = Path(folder)
        archive = build_agent()
        self.agent = zipapp_builder.version(archive)
        section = {"restore": {"odoo_config": str(config)}}
        options.setdefault("sections", {})["backup"] = {**section, **options.pop("backup", {})}
        super().__init__(start_endpoint(self.folder / "target", agent=archive, **options))
        self.orders, self.wrapper = [], options.get("wrapper")

    def __enter__(self):
        self.endpoint.start()
        self.key = make_key(self.folder / "deliver_key")
        public = " ".join(Path(str(self.key) + ".pub").read_text().split()[:2])
        if self.wrapper:
            self.endpoint.authorize(public, self.endpoint.agent_command + " --role deliver")
        else:
            self.ask("key.authorize", {"public_key": public, "role": "deliver"})
        self.known_hosts = self.folder / "known_hosts"
        write_known_hosts(self.known_hosts, [self.endpoint.host_public_key])
        return self

    def __exit__(self, *_error):
        for restore in self.orders:
            self.ask("restore.drop", {"restore": restore})
        self.endpoint.stop()

    def prepare(self, database, dump, kind="test_copy", days=14, restore=None, expected=None):
        """Order a restore; its identifier."""
        restore = restore or uuid.uuid4().hex
        args = {"restore": restore, "database": database, "kind": kind, "expected": expected or dump.expected}
        self.ask("restore.prepare", dict(args, expires=int(time.time()) + days * 86400))
        self.orders.append(restore)
        return restore

    def peer(self):
        """How a deliverer speaks to this host."""
        place = (self.endpoint.address, self.endpoint.port, self.endpoint.user)
        return Peer(*place, str(self.key), str(self.known_hosts), None, self.agent)

    def deliver(self, restore, dump, manifest=None):
        """Push a dump and its files, as a backup host does; the target's answer."""
        with self.peer().converse("restore.receive", {"restore": restore, "point": "db-1"}, 300) as talk:
            told = talk.read_document()
            for part in parts(dump, told, manifest or {"counts": dump.counts}):
                talk.send(part)
            return talk.finish()

    def make_copy(self, database, dump, **options):
        """A whole test copy, up to the moment before it is visible."""
        restore = self.prepare(database, dump)
        self.deliver(restore, dump)
        self.neutralise(restore, **options)
        return restore

    def neutralise(self, restore, **options):
        """Make a copy harmless."""
        args = {"restore": restore, "url": "https://copy.example.com", "ribbon": "Testkopia & <b>inget</b>", **options}
        return self.work("restore.neutralise", args)


def parts(dump, told, manifest):
    """The bytes of a delivery."""

    def head(**values):
        return json.dumps(values).encode() + b"\n"

    text = json.dumps(manifest).encode()
    yield head(part="manifest", bytes=len(text)) + text
    if not told["dump"]:
        data = dump.path.read_bytes()
        yield head(part="dump", bytes=len(data), sha256=dump.sha256)
        yield data
    for name in sorted(set(dump.names) - set(told["have"])):
        data = (dump.filestore / name).read_bytes()
        yield head(part="file", name=name, bytes=len(data)) + data
    yield head(part="end", files=len(dump.names), missing=[])
