"""Inside `odoo shell`: forks of a loaded Odoo, as its own workers are, that end themselves with SIGKILL in mid-work.

odoo = Forks(env)
steps = odoo.run(work)                  # whole; what it said to the database, step by step
odoo.run(work, kill_at=len(steps) // 2) # the same work, killed
"""

import json
import os
import signal
import threading
import traceback
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, sql_db

POINTS = 10


class Steps:
    """Counts what this process says to PostgreSQL: "sql", "commit" before one and "committed" after it."""

    def __init__(self, kill_at):
        self.kinds = []
        self._kill_at = kill_at
        self._lock = threading.Lock()

    def watch(self):
        """Take over the two doors to the database, for good: this process is a fork."""
        execute, commit = sql_db.Cursor.execute, sql_db.Cursor.commit

        def counted_execute(cursor, *args, **kwargs):
            self.note("sql")
            return execute(cursor, *args, **kwargs)

        def counted_commit(cursor):
            self.note("commit")
            done = commit(cursor)
            self.note("committed")
            return done

        sql_db.Cursor.execute, sql_db.Cursor.commit = counted_execute, counted_commit

    def note(self, kind):
        """One more step; the chosen one is the last thing that this process does."""
        with self._lock:
            if len(self.kinds) == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.kinds.append(kind)


class Forks:
    """The shell's process, which from now on only forks and looks: its own connections are closed."""

    def __init__(self, env):
        self._registry = env.registry
        env.cr.commit()
        env.cr.close()

    @contextmanager
    def open(self):
        """An environment of this process, committed at the end; no connection is left over for a fork."""
        api.Environment.reset()
        try:
            with self._registry.cursor() as cursor:
                yield api.Environment(cursor, SUPERUSER_ID, {})
        finally:
            api.Environment.reset()
            sql_db.close_all()

    def run(self, work, kill_at=None, sure=True):
        """Let a fork do `work(env)`; without `kill_at` to its end, else to that step.

        Return the steps that it took to its end, "killed" otherwise. With `sure` false it may end before the step.
        """
        source, sink = os.pipe()
        child = os.fork()
        if child == 0:
            self._be_child(work, kill_at, sink)
        os.close(sink)
        with os.fdopen(source) as stream:
            text = stream.read()
        status = os.waitpid(child, 0)[1]
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0, "a fork failed"
        assert killed == (kill_at is not None) or not sure, "%d steps, was to be killed at %s" % (len(text), kill_at)
        return "killed" if killed else json.loads(text)

    def run_together(self, works):
        """Let a fork for each of the works begin at the same moment; what each `work(env)` returned, in order."""
        gate, opener = os.pipe()
        results = []
        for work in works:
            source, sink = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(opener)
                self._be_racer(work, gate, sink)
            os.close(sink)
            results.append((child, source))
        os.close(gate)
        os.close(opener)
        return [self._collect(child, source) for child, source in results]

    @staticmethod
    def _collect(child, source):
        with os.fdopen(source) as stream:
            text = stream.read()
        assert os.waitpid(child, 0)[1] == 0, "a fork failed"
        return json.loads(text)

    def _be_racer(self, work, gate, sink):
        status = 1
        try:
            with self.open() as env:
                os.read(gate, 1)
                value = work(env)
            os.write(sink, json.dumps(value).encode())
            status = 0
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            os._exit(status)

    def _be_child(self, work, kill_at, sink):
        status = 1
        try:
            steps = Steps(kill_at)
            steps.watch()
            with self.open() as env:
                work(env)
            os.write(sink, json.dumps(steps.kinds).encode())
            status = 0
        except BaseException:  # noqa: BLE001  (a fork must not go on as its parent)
            traceback.print_exc()
        finally:
            os._exit(status)


def choose_points(kinds):
    """Steps at which to kill: ten spread evenly, both sides of a commit in the middle, and before one near the end."""
    even = [len(kinds) * (2 * number + 1) // (2 * POINTS) for number in range(POINTS)]
    commits = [number for number, kind in enumerate(kinds) if kind == "commit"]
    middle = commits[len(commits) // 2]
    return [*even, middle, middle + 1, commits[-3]]
