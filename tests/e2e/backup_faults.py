"""A customer's host and a backup host where programs die, stall or find no room at a chosen moment.

borg, zstd and pg_dump are the real ones. Between the agent and each of them stands a script that hands everything on
until an order lies beside it:

    world.arm("borg", "engine", "during", "create")   # kill -9 of borg itself while it holds the repository
    world.arm("zstd", "agent", "before", "-o")        # kill -9 of the agent that has just started zstd
    world.arm("pg_dump", "cut")                       # the line is cut after a megabyte of the dump
"""

import contextlib
import glob
import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

from backup_world import BORG, BackupWorld
from support import STATE

from odoo.addons.linserv_backup.domain import failures
from odoo.addons.linserv_hosting.adapters.errors import HostError

ZSTD = "/usr/bin/zstd"
ENGINE = """#!/bin/sh
read -r who when word 2>/dev/null < {order} || exec {program} "$@"
case " $* " in *" $word "*) rm {order} ;; *) exec {program} "$@" ;; esac
victim=$$; [ $who = agent ] && victim=$PPID
case $when in
before) kill -9 $victim ;;
during) (until [ -e {busy} ] || [ ! -d /proc/$$ ]; do sleep 0.005; done; kill -9 $victim) <&- >&- 2>&- & ;;
after) {program} "$@"; kill -9 $victim; exit 9 ;;
full) trap '' XFSZ; ulimit -f 1 ;;
slow) until [ -e {order}.go ]; do sleep 0.02; done; rm {order}.go ;;
esac
exec {program} "$@"
"""
PG_DUMP = """#!/bin/sh
case " $* " in *" --version "*) exec {program} "$@" ;; esac
read -r what 2>/dev/null < {order} || exec {program} "$@"
rm {order}
line=$PPID
until [ "$(cat /proc/$line/comm)" = sshd ]; do line=$(cut -d' ' -f4 /proc/$line/stat); done
case $what in
killed) {program} "$@" | {{ head -c 1000000; kill -9 $$; }} ;;
cut) {program} "$@" | {{ head -c 1000000; kill -9 $line; sleep 60; }} ;;
frozen) {program} "$@" | {{ head -c 1000000; echo $PPID $line > {order}.frozen; kill -STOP $PPID $line; sleep 60; }} ;;
slow) until [ -e {order}.go ]; do sleep 0.02; done; rm {order}.go; exec {program} "$@" ;;
esac
"""


class FaultyWorld(BackupWorld):
    """A backup world whose programs obey; `refused` asks for a point that must not come to be."""

    def __init__(self, folder, database):
        self.tools = folder / "tools"
        self.tools.mkdir()
        store = folder / "backup" / "repositories" / "norrvik" / "borg.1"
        real = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_dump"))[-1]
        for name, program, text in (("borg", BORG, ENGINE), ("zstd", ZSTD, ENGINE), ("pg_dump", real, PG_DUMP)):
            path = self.tools / name
            path.write_text(text.format(program=program, order=self.order(name), busy=store / "lock.exclusive"))
            path.chmod(0o755)
        super().__init__(folder, database)
        self.store = store
        self.taken = {}

    def instance(self):
        """The customer's instance, with our pg_dump."""
        return dict(super().instance(), pg_dump=str(self.tools / "pg_dump"))

    def sections(self, limits):
        """The backup host's section, with our borg and zstd."""
        told = super().sections(limits)
        told["backup"].update(borg=str(self.tools / "borg"), zstd=str(self.tools / "zstd"))
        return told

    def order(self, name):
        """Where the order for a program lies."""
        return self.tools / (name + ".order")

    def arm(self, name, *words):
        """Order what happens the next time that the program is asked for it."""
        self.order(name).write_text(" ".join(words) + "\n")

    def seen(self):
        """{name: SHA-256 of its dump} of the points that the repository lists."""
        return {name: point["dump"]["sha256"] for name, point in self.points().items()}

    def assert_nothing_lost(self):
        """The repository lists what was taken, no more and no less; and no order is left that nobody met."""
        assert self.seen() == self.taken
        assert not list(self.tools.glob("*.order")), "nobody came by where the fault waited"

    def refused(self, slot, **args):
        """Ask for a point that cannot be made; (code, class of the failure)."""
        failure = self.failure(lambda: self.take(slot, **args))
        self.assert_nothing_lost()
        return failure

    def make_up(self, slot):
        """Take the point of a slot after all."""
        point = self.take(slot)
        assert not point["already"]
        assert (point["judged"], point["files"]["missing"]) == ("good", [])
        self.taken[point["name"]] = point["dump"]["sha256"]
        return point

    @staticmethod
    def failure(work):
        """(code, class) of how some work fails, as Odoo judges it."""
        try:
            answer = work()
        except HostError as error:
            return error.code, failures.classify(error.code, error.retryable)
        raise AssertionError("it went well: %r" % answer)

    def go(self, name):
        """Let a program go on that was ordered to be slow."""
        Path(str(self.order(name)) + ".go").touch()

    def thaw(self):
        """End what was frozen."""
        for pid in Path(str(self.order("pg_dump")) + ".frozen").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def slot_at(moment):
    """The text of a slot."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))


def wait_until(holds, seconds=60):
    """Return when something holds."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "it never came to that"
        time.sleep(0.02)


class SmallDatabase:
    """A database of a few megabytes that has what a backup asks for: tables with rows, attachments, files."""

    MAKE = """
        CREATE TABLE ir_attachment (id serial PRIMARY KEY, store_fname varchar);
        CREATE TABLE res_partner (id serial PRIMARY KEY, name varchar, phone varchar);
        INSERT INTO res_partner (name, phone)
            SELECT string_agg(md5(n::text || m), ''), n
            FROM generate_series(1, 8000) n, generate_series(1, 12) m GROUP BY n;
    """

    def __init__(self, name):
        self.name = name
        self.filestore = STATE / "data" / "filestore" / name
        subprocess.run(["dropdb", "-U", "postgres", "--if-exists", "--force", name], check=True, capture_output=True)
        subprocess.run(["createdb", "-T", "template0", "-E", "UTF8", name], check=True, capture_output=True)
        self.query(self.MAKE)

    def query(self, sql):
        """Rows of some SQL, as lists of strings."""
        words = ["psql", "-Xq", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.name, "-c", sql]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def go_on(self, number, files=True):
        """Some rows change, one file comes and another one goes."""
        self.query("UPDATE res_partner SET phone = '%d' || id WHERE id %% 97 = %d" % (number, number % 97))
        if files:
            self._change_files(number)

    def _change_files(self, number):
        self.query("DELETE FROM ir_attachment WHERE id = (SELECT min(id) FROM ir_attachment) AND %d %% 3 = 2" % number)
        data = os.urandom(20000)
        digest = hashlib.sha1(data).hexdigest()
        path = self.filestore / digest[:2] / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.query("INSERT INTO ir_attachment (store_fname) VALUES ('%s/%s')" % (digest[:2], digest))

    def drop(self):
        """Remove the database and its files."""
        subprocess.run(
            ["dropdb", "-U", "postgres", "--if-exists", "--force", self.name], check=False, capture_output=True
        )
        subprocess.run(["rm", "-rf", self.filestore], check=False)
