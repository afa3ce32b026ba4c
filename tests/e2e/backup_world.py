"""Three zones on this machine: a customer's host, a backup host and a DR host, each a real sshd with a real agent.

    with BackupWorld(folder, database) as world:
        world.connect()
        point = world.run(world.backup, "repo.take", {...})

Nothing of Odoo runs here: `ask` and `run` say to an agent what Odoo would say, with the key that Odoo would use.
"""

import json
import os
import time
import uuid
from pathlib import Path

from support import STATE, build_agent, start_endpoint

from odoo.addons.linserv_hosting.adapters import ssh, zipapp_builder
from odoo.addons.linserv_hosting.domain import host_keys, protocol

CORE = "/usr/lib/python3/dist-packages/odoo/addons"
BORG = os.environ.get("LINSERV_BORG", "/usr/bin/borg")
WAIT_SECONDS = 300


class Host:
    """One endpoint, and how Odoo speaks to it."""

    def __init__(self, endpoint):
        self.endpoint = endpoint

    def target(self):
        """Where and as whom Odoo logs in."""
        key = host_keys.parse_public_key(self.endpoint.host_public_key)
        place = (self.endpoint.address, self.endpoint.port, self.endpoint.user)
        return ssh.Endpoint(*place, self.endpoint.private_key, (key,))

    def address(self, agent):
        """What another host is told of this one: where it is, as whom, and under which host key."""
        return {
            "address": self.endpoint.address,
            "port": self.endpoint.port,
            "user": self.endpoint.user,
            "host_keys": [self.endpoint.host_public_key],
            "agent": agent,
        }

    def ask(self, verb, args=None, instance=None, run=None, deadline=120):
        """The result of one call; raises what the suite's adapter raises."""
        request = protocol.build_request(run or str(uuid.uuid4()), verb, args or {}, instance, deadline, None)
        return ssh.execute(self.target(), request, deadline + 10).result

    def start(self, verb, args=None, instance=None, deadline=600):
        """Start detached work; the run's identifier."""
        run = str(uuid.uuid4())
        self.ask("run.start", {"verb": verb, "args": args or {}, "deadline": deadline}, instance, run)
        return run

    def collect(self, run, seconds=WAIT_SECONDS):
        """Wait for detached work; its result, or the error that it ended with is raised."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            state = self.ask("run.status", run=run)["state"]
            if state not in ("running", "starting"):
                return self.ask("run.result", run=run)
            time.sleep(0.1)
        raise AssertionError("the work on the host does not end")

    def work(self, verb, args=None, instance=None, deadline=600):
        """Start detached work and wait for its result."""
        return self.collect(self.start(verb, args, instance, deadline), deadline)


class BackupWorld:
    """The three hosts, with one customer's instance ``name`` of the database ``database``.

    :param folder: where everything lies
    :param database: a `support.Database` (its filestore is the instance's)
    :param limits: what agent.json of the backup host says of sizes
    """

    def __init__(self, folder, database, name="norrvik", limits=None):
        self.folder, self.database, self.name = Path(folder), database, name
        self.repository = name
        archive = build_agent()
        self.agent = zipapp_builder.version(archive)
        sections = self.sections(limits or {})
        make = lambda place, **options: start_endpoint(self.folder / place, agent=archive, **options)  # noqa: E731
        self.endpoints = [
            make("customer", instances={name: self.instance()}),
            make("backup", sections={"backup": sections["backup"]}),
            make("dr", sections={"backup": sections["dr"]}),
        ]
        self.customer, self.backup, self.dr = (Host(endpoint) for endpoint in self.endpoints)

    def __enter__(self):
        for endpoint in self.endpoints:
            endpoint.start()
        return self

    def __exit__(self, *_error):
        for endpoint in self.endpoints:
            endpoint.stop()

    def instance(self):
        """The instance's part of the customer host's agent.json."""
        return {
            "database": self.database.name,
            "series": "14.0",
            "python": "/usr/bin/python3",
            "odoo_bin": "/usr/bin/odoo",
            "odoo_config": str(STATE / "odoo.conf"),
            "filestore": str(STATE / "data" / "filestore" / self.database.name),
            "addons_path": [],
            "core_addons_path": [CORE],
            "unit": "odoo.service",
        }

    def sections(self, limits):
        """What agent.json says of backups on the backup host and on the DR host."""
        drill = {
            "pg": {"host": str(STATE / "run"), "user": "odoo"},
            "odoo_python": "/usr/bin/python3",
            "odoo_bin": "/usr/bin/odoo",
            "core_addons_path": [CORE],
        }
        common = {"zstd": "/usr/bin/zstd", "drill": drill}
        backup = {**common, "root": str(self.folder / "backup" / "repositories"), "borg": BORG, "limits": limits}
        dr = {**common, "root": str(self.folder / "dr" / "copies"), "restic": "/usr/bin/restic"}
        return {"backup": backup, "dr": dr}

    def connect(self):
        """What Odoo's button does: the backup host gets a repository and its key is let in on the customer's host."""
        source = dict(self.customer.address(self.agent), instance=self.name)
        enrolled = self.backup.ask("repo.enroll", {"repository": self.repository, "source": source})
        self.customer.ask("key.authorize", {"public_key": enrolled["public_key"], "role": "backup"})
        return enrolled

    def connect_dr(self):
        """The same between the DR host and the backup host."""
        source = self.backup.address(self.agent)
        enrolled = self.dr.ask("dr.enroll", {"repository": self.repository, "source": source})
        self.backup.ask("key.authorize", {"public_key": enrolled["public_key"], "role": "dr"})
        return enrolled

    def take(self, slot, kind="db", **args):
        """A point of the repository."""
        order = {"repository": self.repository, "kind": kind, "slot": slot, "now": int(time.time()), **args}
        return self.backup.work("repo.take", order)

    def points(self):
        """{name: point} as the repository lists them."""
        listed = self.backup.ask("repo.list", {"repository": self.repository})
        return {point["name"]: point for point in listed["points"]}

    def change(self, sql):
        """Something happens at the customer."""
        return self.database.query(sql)

    def dump_config(self):
        """The agents' configurations, for a person who looks into a failed test."""
        return [json.loads(endpoint.config_path.read_text()) for endpoint in self.endpoints]
