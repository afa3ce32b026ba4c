"""A customer's Odoo with every addon that speaks to the outside, and the host that its copies are restored to."""

import hashlib
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
ADDONS = [
    "account_edi",
    "account_edi_ubl",
    "adyen_platforms",
    "auth_oauth",
    "base_automation",
    "base_geolocalize",
    "base_vat",
    "calendar_sms",
    "crm_iap_lead",
    "crm_iap_lead_enrich",
    "crm_iap_lead_website",
    "delivery",
    "digest",
    "event_sms",
    "fetchmail",
    "google_calendar",
    "google_drive",
    "google_recaptcha",
    "hr_recruitment",
    "l10n_it_edi",
    "lunch",
    "mail_client_extension",
    "mass_mailing_sms",
    "microsoft_calendar",
    "note_pad",
    "pad_project",
    "partner_autocomplete",
    "payment_adyen",
    "payment_alipay",
    "payment_authorize",
    "payment_buckaroo",
    "payment_ingenico",
    "payment_odoo_by_adyen",
    "payment_paypal",
    "payment_payulatam",
    "payment_payumoney",
    "payment_sips",
    "payment_stripe",
    "payment_transfer",
    "pos_adyen",
    "pos_restaurant_adyen",
    "pos_mercury",
    "snailmail_account",
    "survey",
    "web_unsplash",
    "website_event_meet",
    "website_google_map",
    "website_jitsi",
    "website_sale",
    "website_slides",
    "website_twitter",
]
PREPARE = """
env['ir.cron'].search([]).write({'nextcall': '2020-01-01 00:00:00'})
env.cr.commit()
"""


def get_customer_template():
    """Name of a database with those addons; made once for each list of addons (some minutes)."""
    key = hashlib.sha256(("2" + PREPARE + " ".join(ADDONS)).encode()).hexdigest()[:12]
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
        counted = database.query(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind = 'r' AND nspname = 'public'"
        )
        query = " UNION ALL ".join("SELECT '%s', count(*) FROM public.\"%s\"" % (row[0], row[0]) for row in counted)
        self.counts = {table: int(rows) for table, rows in database.query(query)}

    @property
    def expected(self):
        """What Odoo tells the target of it."""
        root = hashlib.sha256("\n".join(self.names).encode()).hexdigest()
        size = sum((self.filestore / name).stat().st_size for name in self.names)
        return {"sha256": self.sha256, "bytes": self.path.stat().st_size, "files_root": root, "files_bytes": size}


class RestoreHost(Host):
    """The target: a real sshd with a real agent, and a key of a deliverer."""

    def __init__(self, folder):
        self.folder, self.dropped = Path(folder), []
        archive = build_agent()
        self.agent = zipapp_builder.version(archive)
        section = {"restore": {"odoo_config": str(STATE / "odoo.conf")}}
        super().__init__(start_endpoint(self.folder / "target", agent=archive, sections={"backup": section}))
        self.orders = []

    def __enter__(self):
        self.endpoint.start()
        self.key = make_key(self.folder / "deliver_key")
        public = " ".join(Path(str(self.key) + ".pub").read_text().split()[:2])
        self.ask("key.authorize", {"public_key": public, "role": "deliver"})
        self.known_hosts = self.folder / "known_hosts"
        write_known_hosts(self.known_hosts, [self.endpoint.host_public_key])
        return self

    def __exit__(self, *_error):
        for restore in self.orders:
            self.ask("restore.drop", {"restore": restore})
        self.endpoint.stop()

    def prepare(self, database, dump, kind="test_copy", days=14, restore=None):
        """Order a restore; its identifier."""
        restore = restore or uuid.uuid4().hex
        args = {"restore": restore, "database": database, "kind": kind, "expected": dump.expected}
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
    import json  # noqa: PLC0415

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
