"""The peers, as people use them: `pg_dump -Fc` into a folder, borg with its default chunks and 16 KiB ones, restic.

Each gets the same dump (`pg_dump -Fc -Z0`, except pg_dump itself) under the same name, one snapshot for each state.
"""

import os
import resource
import shutil
import subprocess
import time

BORG = os.environ.get("LINSERV_BORG", "/usr/bin/borg")
RESTIC = "/usr/bin/restic"
ENVIRONMENT = {
    "BORG_PASSPHRASE": "bench",
    "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
    "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
    "RESTIC_PASSWORD": "bench",
}


class Cost:
    """What one command took: seconds, CPU seconds and the largest of its processes in MB."""

    def __init__(self, argv, environment, stdin=None, stdout=None):
        begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        files = {
            "stdin": stdin or subprocess.DEVNULL,
            "stdout": stdout or subprocess.DEVNULL,
            "stderr": subprocess.PIPE,
        }
        process = subprocess.Popen([str(word) for word in argv], env=environment, **files)
        errors = process.stderr.read()
        process.stderr.close()
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0, (argv, errors.decode(errors="replace")[-2000:])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = time.monotonic() - begun
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.memory = used.ru_maxrss / 1024


class Peer:
    """Something that keeps dumps; `whole` says that it keeps each from its beginning to its end."""

    whole = False

    def __init__(self, folder, name):
        self.folder, self.name = folder / name, name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.environment = {
            **os.environ,
            **ENVIRONMENT,
            "HOME": str(self.folder),
            "BORG_BASE_DIR": str(self.folder / "base"),
        }
        self.store = self.folder / "store"
        self.points = []

    def run(self, *words, **files):
        """The cost of one of its commands."""
        return Cost(words, self.environment, **files)

    def take(self, dump, database):
        """Keep a state; {bytes, cpu, memory, seconds}."""
        before = size_of(self.store)
        cost = self.keep(dump, database, "s%d" % len(self.points))
        self.points.append(
            {"bytes": size_of(self.store) - before, "cpu": cost.cpu, "memory": cost.memory, "seconds": cost.seconds}
        )
        return self.points[-1]

    def remove(self):
        """Remove what it kept."""
        shutil.rmtree(self.folder, ignore_errors=True)


class PgDump(Peer):
    """`pg_dump -Fc`, compressed by itself."""

    whole = True

    def __init__(self, folder):
        super().__init__(folder, "pg_dump -Fc")
        self.store.mkdir()

    def keep(self, _dump, database, point):
        """A file for each state."""
        return self.run("pg_dump", "-Fc", "-f", self.store / point, database)

    def give_back(self, point, target):
        """The file itself."""
        return self.run("cp", self.store / point, target)

    def check(self):
        """Read every file through."""
        costs = [self.run("pg_restore", "-f", "/dev/null", path) for path in sorted(self.store.iterdir())]
        return sum(cost.seconds for cost in costs)


class Borg(Peer):
    """borg with the words that choose its chunks."""

    def __init__(self, folder, name, *words):
        super().__init__(folder, name)
        self.words = words
        self.run(BORG, "init", "-e", "repokey-blake2", self.store)

    def keep(self, dump, _database, point):
        """An archive for each state."""
        words = [*self.words, "--stdin-name", "dump", "%s::%s" % (self.store, point), "-"]
        with dump.open("rb") as stream:
            return self.run(BORG, "create", *words, stdin=stream)

    def give_back(self, point, target):
        """Extract the file."""
        with target.open("wb") as stream:
            return self.run(BORG, "extract", "--stdout", "%s::%s" % (self.store, point), stdout=stream)

    def check(self):
        """Everything read and every chunk's own hash compared."""
        return self.run(BORG, "check", "--verify-data", self.store).seconds


class Restic(Peer):
    """restic as it is."""

    def __init__(self, folder):
        super().__init__(folder, "restic")
        self.run(RESTIC, "-r", self.store, "init")

    def keep(self, dump, _database, point):
        """A snapshot for each state."""
        words = ["backup", "--tag", point, "--stdin", "--stdin-filename", "dump"]
        with dump.open("rb") as stream:
            return self.run(RESTIC, "-r", self.store, *words, stdin=stream)

    def give_back(self, point, target):
        """Write the file out."""
        with target.open("wb") as stream:
            return self.run(RESTIC, "-r", self.store, "dump", "--tag", point, "latest", "/dump", stdout=stream)

    def check(self):
        """Every pack is read."""
        return self.run(RESTIC, "-r", self.store, "check", "--read-data").seconds


def size_of(folder):
    """Bytes of all files below a folder."""
    return sum(os.path.getsize(os.path.join(at, name)) for at, _folders, names in os.walk(folder) for name in names)


def everybody(folder):
    """The peers, empty."""
    default = Borg(folder, "borg, default")
    fine = Borg(folder, "borg, 16 KiB chunks", "--chunker-params", "buzhash,10,23,14,4095", "-C", "zstd,3")
    return [PgDump(folder), default, fine, Restic(folder)]
