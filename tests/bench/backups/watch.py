"""What a piece of work costs on each side: CPU seconds and the most memory at one moment, read from /proc.

Memory is PSS of all processes of a side together, looked at every few milliseconds: a shared page counts once.
Processes that outlive their session or detach become children of this one, which counts and clears them away.
"""

import ctypes
import os
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
PAUSE = 0.02
TICK = os.sysconf("SC_CLK_TCK")


def adopt_orphans():
    """Let detached work of the agents become children of this process."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Watch:
    """A context manager around a piece of work.

    :param sides: {name: process number of the sshd of that side}
    :param detached: the side whose detached work is adopted
    :param postmaster: process number of the database server

    Afterwards `cpu` and `peak_mb` hold a figure for each side, `postgres_cpu` that of the server's processes, and
    `seconds`.
    """

    def __init__(self, sides, detached, postmaster=None):
        self.sides, self.detached, self.postmaster = sides, detached, postmaster
        self.peak = dict.fromkeys(sides, 0)
        self.highest = dict.fromkeys(sides, "")
        self.orphans = {}
        self._side_of = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self):
        self._before = {side: spent(number) for side, number in self.sides.items()}
        self._postgres = spent(self.postmaster) if self.postmaster else 0
        self._own = children_of(os.getpid()) - set(self.sides.values())
        self._begun = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self.seconds = time.monotonic() - self._begun
        self._settle()
        self._over.set()
        self._thread.join()
        self.cpu = {side: spent(number) - self._before[side] for side, number in self.sides.items()}
        for orphan, seconds in self.orphans.items():
            self.cpu[self._side_of[orphan]] += seconds
        self.postgres_cpu = spent(self.postmaster) - self._postgres if self.postmaster else 0
        self.peak_mb = {side: size / 1024 for side, size in self.peak.items()}

    def _settle(self, seconds=5):
        """Wait until the last session is closed and the last detached process has gone."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and (any(children_of(n) for n in self.sides.values()) or self._live_orphans()):
            time.sleep(0.02)

    def _live_orphans(self):
        return [
            pid for pid in children_of(os.getpid()) - self._own - set(self.sides.values()) if pid not in self.orphans
        ]

    def _look_on(self):
        while not self._over.is_set():
            tree = read_tree()
            orphans = set(tree.get(os.getpid(), ())) - self._own - set(self.sides.values())
            for side, number in self.sides.items():
                for pid in descendants(tree, number):
                    self._side_of[pid] = side
            members = {side: set() for side in self.sides}
            for pid in orphans | {below for orphan in orphans for below in descendants(tree, orphan)}:
                members[self._side_of.setdefault(pid, self.detached)].add(pid)
            for side, number in self.sides.items():
                self._weigh(side, members[side] | descendants(tree, number))
            self._clear_away(orphans)
            time.sleep(PAUSE)

    def _weigh(self, side, members):
        sizes = {pid: memory(pid) for pid in members}
        if sum(sizes.values()) > self.peak[side]:
            self.peak[side] = sum(sizes.values())
            self.highest[side] = ", ".join("%s %d" % (name(pid), size // 1024) for pid, size in sizes.items() if size)

    def _clear_away(self, orphans):
        for orphan in orphans:
            if state(orphan) == "Z":
                self.orphans[orphan] = spent(orphan)
                try:
                    os.waitpid(orphan, os.WNOHANG)
                except ChildProcessError:
                    pass


def read_tree():
    """{parent: [children]} of all processes."""
    tree = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat(int(entry))
            if fields:
                tree.setdefault(int(fields[1]), []).append(int(entry))
    return tree


def descendants(tree, number):
    """All below a process, without it."""
    found, waiting = set(), list(tree.get(number, ()))
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += tree.get(pid, ())
    return found


def children_of(number):
    """The children of a process."""
    return set(read_tree().get(number, ()))


def stat(pid):
    """The fields of /proc/<pid>/stat after the name; None when it has gone."""
    try:
        with open("/proc/%d/stat" % pid) as stream:
            return stream.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def state(pid):
    """A letter: R, S, Z … ; empty when it has gone."""
    fields = stat(pid)
    return fields[0] if fields else ""


def spent(pid):
    """CPU seconds of a process and of all that it has waited for."""
    fields = stat(pid)
    return sum(int(value) for value in fields[11:15]) / TICK if fields else 0


def memory(pid):
    """PSS in KiB; 0 when it has gone or is another user's."""
    try:
        with open("/proc/%d/smaps_rollup" % pid) as stream:
            return next((int(line.split()[1]) for line in stream if line.startswith("Pss:")), 0)
    except OSError:
        return 0


def name(pid):
    """What a person calls the process."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as stream:
            words = stream.read().decode(errors="replace").split("\0")
    except OSError:
        return "?"
    return " ".join(os.path.basename(word) for word in words[:3])
