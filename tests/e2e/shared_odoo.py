"""A customer's Odoo as it stands on a host with several databases, and what its cron workers look at."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
import xmlrpc.client
from pathlib import Path

from restore_world import sql
from support import ODOO, STATE, free_port

QUICK_CRON = """
import os, time
from odoo.service.server import WorkerCron
from odoo.service.db import list_dbs

def process_work(self, work=WorkerCron.process_work):
    listed = list_dbs(True)
    work(self)
    with open(os.path.join(os.path.dirname(__file__), "looks"), "a") as stream:
        stream.write("%d %s\\n" % (os.getpid(), " ".join(listed)))

WorkerCron.process_work = process_work
WorkerCron.sleep = lambda self: time.sleep(0.3)
"""


class SharedOdoo:
    """An Odoo as on a host with several databases: workers, cron workers, every database of its role in its list.

    It has a PostgreSQL role of its own, so that it sees no other test's databases. Its cron workers look three times
    a second instead of once a minute, and write down at what; nothing else is changed.
    """

    CONFIG = """[options]
addons_path = /usr/lib/python3/dist-packages/odoo/addons,{addons}
data_dir = {data}
db_host = {run}
db_user = {role}
http_interface = 127.0.0.1
http_port = {port}
longpolling_port = {polling}
list_db = True
workers = 2
max_cron_threads = 2
server_wide_modules = base,web,quick_cron
smtp_server = 127.0.0.1
smtp_port = {smtp}
"""

    def __init__(self, folder, smtp):
        self.folder, self.role, self.port = Path(folder), "e2e_odoo_%d" % os.getpid(), free_port()
        self.url, self.config = "http://127.0.0.1:%d" % self.port, Path(folder) / "odoo.conf"
        module = self.folder / "addons" / "quick_cron"
        module.mkdir(parents=True)
        (module / "__manifest__.py").write_text("{'name': 'Quick cron'}")
        (module / "__init__.py").write_text(QUICK_CRON)
        self.looks_path = module / "looks"
        self.looks_path.write_text("")
        values = {"addons": module.parent, "data": self.folder / "data", "run": STATE / "run", "role": self.role}
        values.update(port=self.port, polling=free_port(), smtp=smtp)
        self.config.write_text(self.CONFIG.format(**values))
        sql("CREATE ROLE %s LOGIN CREATEDB" % self.role)
        sql("GRANT %s TO linserv_restore" % self.role)

    @property
    def filestore(self):
        """Its folder of files."""
        return self.folder / "data" / "filestore"

    def __enter__(self):
        self.log = (self.folder / "odoo.log").open("wb")
        # Debian's own Python, as on a customer's host: that of the tests has packages that Odoo's gevent cannot load.
        words = ["/usr/bin/python3", ODOO[-1], "-c", self.config]
        self.process = subprocess.Popen(words, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        self.wait()
        return self

    def __exit__(self, *_error):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for row in sql("SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = '%s'" % self.role):
            subprocess.run(["dropdb", "-U", "postgres", "--force", row[0]], check=True)
        sql("DROP ROLE %s" % self.role)

    def wait(self, path="/web/database/selector", seconds=60):
        """Wait until it answers."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url + path, timeout=20):
                    return
            except urllib.error.HTTPError:
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError("Odoo does not answer: " + self.read_log()[-3000:])

    def read_log(self):
        """What it has written."""
        return (self.folder / "odoo.log").read_text(errors="replace")

    def looks(self):
        """[the worker, the databases that it saw] of each time that a cron worker has looked for work."""
        return [line.split() for line in self.looks_path.read_text().splitlines()]

    def let_cron_look(self, times=4, seconds=90):
        """Wait until both cron workers have looked for work so many times more, each time to its end."""
        before, limit = len(self.looks()), time.monotonic() + seconds
        while time.monotonic() < limit:
            workers = [look[0] for look in self.looks()[before:]]
            if sum(workers.count(each) >= times for each in set(workers)) >= 2:
                return
            time.sleep(0.1)
        raise AssertionError("the cron workers do not look: " + self.read_log()[-3000:])

    def databases(self):
        """What the cron workers see."""
        return xmlrpc.client.ServerProxy(self.url + "/xmlrpc/2/db").list()

    def call(self, database, model, method, *words, login="admin", password="admin"):
        """Call a method as a user of a database."""
        common = xmlrpc.client.ServerProxy(self.url + "/xmlrpc/2/common")
        user = common.authenticate(database, login, password, {})
        objects = xmlrpc.client.ServerProxy(self.url + "/xmlrpc/2/object", allow_none=True)
        try:
            return objects.execute_kw(database, user, password, model, method, list(words))
        except xmlrpc.client.Fault as fault:
            if "cannot marshal None" not in fault.faultString:
                raise
            return None
