"""Ours, the whole way: the backup host pulls from the customer's host over two real sshd, and a restore goes back.

Everything is asked for as Odoo asks for it: detached runs of the agents, collected when they are done.
"""

import contextlib
import datetime
import os
import subprocess
import time
import uuid
from pathlib import Path

from backup_world import BORG, BackupWorld
from backups.others import size_of
from backups.watch import Watch
from support import STATE, Database, OdooServer

DAY = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
CROWD = Path(__file__).parent / "crowd.py"
COPY = "bench_backup_restored"


class Ours:
    """The three hosts, one customer's instance, and what was measured."""

    def __init__(self, folder, database):
        self.world = BackupWorld(folder, database)
        self.folder = self.world.folder / "backup" / "repositories" / self.world.repository
        self.store = self.folder / "borg.1"
        self.database = database
        self.points = []
        self._leave = contextlib.ExitStack()

    def __enter__(self):
        self.world.__enter__()
        self._leave.callback(self.world.__exit__)
        try:
            self.world.connect()
        except BaseException:
            self._leave.close()
            raise
        customer, backup, _dr = (endpoint._process.pid for endpoint in self.world.endpoints)
        self.sides = {"customer": customer, "backup": backup}
        return self

    def __exit__(self, *_error):
        self._leave.close()

    def take(self, number):
        """Take the point of a half hour of the day; its figures."""
        slot = (DAY + datetime.timedelta(minutes=30 * number)).strftime("%Y%m%dT%H%M%SZ")
        before = size_of(self.store)
        order = {"repository": self.world.repository, "kind": "db", "slot": slot, "now": int(time.time())}
        with self.watch() as watch:
            run = self.world.backup.start("repo.take", order)
            point = self.world.backup.collect(run)
        assert not point["already"]
        state = self.world.backup.ask("run.status", run=run)
        grown = size_of(self.store) - before
        self.points.append(
            {
                **told(watch),
                "worked": state["finished"] - state["started"],
                "point": in_short(point),
                "grown": grown,
                "bytes": point["payload"]["bytes"],
            }
        )
        return self.points[-1]

    def watch(self):
        """What looks on while something is done."""
        return Watch(self.sides, "backup", postmaster())

    def verify(self, name):
        """Seconds that it takes to rebuild and hash a point on the backup host."""
        begun = time.monotonic()
        self.world.backup.work("repo.verify", {"repository": self.world.repository, "names": [name]})
        return time.monotonic() - begun

    def check(self):
        """Seconds of a scrub of everything."""
        begun = time.monotonic()
        answer = self.world.backup.work("repo.check", {"repository": self.world.repository})
        assert answer["ok"], answer
        return time.monotonic() - begun

    def restore(self, point):
        """From the order to a login page that is served; seconds of each step."""
        world, restore = self.world, uuid.uuid4().hex
        expected = {
            "sha256": point["dump"]["sha256"],
            "bytes": point["dump"]["bytes"],
            "files": point["files"]["count"],
            "files_bytes": point["files"]["bytes"],
            "files_root": point["files"]["root"],
        }
        order = {"restore": restore, "database": COPY, "kind": "test_copy", "expected": expected}
        target = world.customer.address(world.agent)
        deliver = {
            "repository": world.repository,
            "name": point["name"],
            "restore": restore,
            "target": target,
            "with_files": True,
        }
        steps = [
            ("order", world.customer, "restore.prepare", {**order, "expires": int(time.time()) + 3600}),
            ("rebuild, hash, deliver", world.backup, "repo.deliver", deliver),
            ("pg_restore, count", world.customer, "restore.load", {"restore": restore}),
            (
                "neutralise",
                world.customer,
                "restore.neutralise",
                {"restore": restore, "kind": "test_copy", "url": "http://127.0.0.1"},
            ),
            ("check, publish", world.customer, "restore.publish", {"restore": restore}),
        ]
        seconds = {}
        for title, host, verb, args in steps:
            begun = time.monotonic()
            host.work(verb, args, world.name if host is world.customer else None)
            seconds[title] = time.monotonic() - begun
        begun = time.monotonic()
        serve(COPY)
        seconds["Odoo serves it"] = time.monotonic() - begun
        return seconds

    def add_to_crowd(self, count):
        """Add a point to a repository of `count` others; seconds of putting it away there, and among a dozen."""
        alone = self.points[-1]
        self._gather(count)
        listed = len(self.world.points())
        assert listed == count + len(self.points), listed
        added = self.take(len(self.points))
        return {
            "others": listed,
            "add": putting_away(added),
            "seconds": added["seconds"],
            "add_alone": putting_away(alone),
            "seconds_alone": alone["seconds"],
        }

    def _gather(self, count):
        """Fill the repository with points of the days before."""
        slots = (DAY - datetime.timedelta(minutes=30 * (number + 1)) for number in range(count))
        names = "\n".join(slot.strftime("db-%Y%m%dT%H%M%SZ") for slot in slots)
        like = self.points[1]["point"]["name"]
        words = [Path(BORG).parent / "python", CROWD, self.store, like]
        environment = {
            **os.environ,
            "BORG_PASSPHRASE": (self.folder / "passphrase").read_text().strip(),
            "BORG_BASE_DIR": str(self.folder / "borg.1.home"),
            "BORG_HOST_ID": "linserv",
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
        }
        subprocess.run(words, input=names.encode(), env=environment, check=True, stdout=subprocess.DEVNULL)


def in_short(manifest):
    """What the bench tells of a point."""
    told = {name: manifest[name] for name in ("name", "form", "anchor", "rows", "dump", "bytes_stored", "seconds")}
    return {**told, "files": {name: manifest["files"][name] for name in ("count", "bytes", "new", "root")}}


def putting_away(taken):
    """Seconds of the work beside pulling and packing: all that may grow with the number of the other points."""
    phases = taken["point"]["seconds"]
    return round(taken["worked"] - sum(phases[name] for name in ("dump", "pull", "pack")), 1)


def serve(name):
    """Start the customer's Odoo on a database, wait for its login page and stop it."""
    database = object.__new__(Database)
    database.name = name
    OdooServer(database, "-c", os.environ["LINSERV_DEMO_CONFIG"]).stop()


def told(watch):
    """The figures of a watch, rounded as a person reads them."""
    return {
        "seconds": round(watch.seconds, 1),
        "cpu": {side: round(value, 2) for side, value in watch.cpu.items()},
        "postgres_cpu": round(watch.postgres_cpu, 2),
        "memory": {side: round(value, 1) for side, value in watch.peak_mb.items()},
        "largest": watch.highest,
    }


def postmaster():
    """Process number of the cluster's server."""
    return int((STATE / "postgres" / "postmaster.pid").read_text().split()[0])
