"""The threads that talk to hosts, and the short transactions before and after.

One coordinating thread claims runs and commits, hands plain values to a pool whose threads hold no cursor, and settles
each outcome in a transaction of its own. It has a thread of its own because Odoo 14 shares one cache among all
environments of a thread, whatever their cursor. Killed anywhere, it leaves leases that run out.
"""

import logging
import random
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager

import psycopg2

from odoo import SUPERUSER_ID, api, fields
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

from ..adapters import calls
from ..adapters.errors import FatalHostError, HostError

_logger = logging.getLogger(__name__)

THREADS = 20
MIN_SECONDS = 10  # with less of the slice left, no new call is begun
TRIES = 5
TICK_SECONDS = 0.25


def work_off(env, limit=None, seconds=45, run_ids=None):
    """Make due calls (or those of `run_ids`) within `seconds`; return how many were settled."""
    _commit_what_was_queued(env)
    worker = RunWorker(env, limit, seconds, run_ids)
    thread = threading.Thread(target=worker.run, name="linserv-runs", daemon=True)
    for name in ("dbname", "testing"):
        if hasattr(threading.current_thread(), name):
            setattr(thread, name, getattr(threading.current_thread(), name))
    thread.start()
    thread.join()
    env.cache.invalidate()
    if worker.error:
        raise worker.error
    return worker.settled


def _commit_what_was_queued(env):
    env["base"].flush()
    if env.registry.in_test_mode():
        return
    if getattr(threading.current_thread(), "testing", False):
        raise RuntimeError("A test that makes calls enters the registry's test mode first: see tests/common.py.")
    # Other cursors must see the runs, and a call is for good.
    env.cr.commit()  # pylint: disable=invalid-commit


class RunWorker:
    """One slice of work."""

    def __init__(self, env, limit, seconds, run_ids):
        self.settled = 0
        self.error = None
        self._registry = env.registry
        self._left = limit
        self._end = time.monotonic() + seconds
        self._run_ids = run_ids
        self._asked = set()
        self._in_flight = {}

    def run(self):
        """Work until nothing is due or the slice is over; `error` keeps what stopped it."""
        try:
            with ThreadPoolExecutor(THREADS, "linserv-call") as pool:
                while self._begin_calls(pool) or self._in_flight or self._wait_for_detached():
                    self._settle_finished()
        except Exception as error:  # noqa: BLE001  (raised again in the thread that asked)
            self.error = error

    def _begin_calls(self, pool):
        """Claim as many runs as there are idle threads and begin their calls; return how many."""
        wanted = THREADS - len(self._in_flight)
        if self._left is not None:
            wanted = min(wanted, self._left)
        seconds = self._end - time.monotonic()
        if wanted <= 0 or seconds < (MIN_SECONDS if self._asked else 0):
            return 0
        begun = self._retried(lambda: self._claim(wanted, seconds))
        for run_id, claims, host_id, call in begun:
            self._submit(pool, (run_id, claims, host_id), call, seconds)
        return len(begun)

    def _submit(self, pool, key, call, seconds):
        self._asked.add(key[0])
        if self._left is not None:
            self._left -= 1
        if isinstance(call, HostError):
            self._settle(key, calls.Outcome("error", error=call))
        else:
            limit = seconds if call.detached else min(seconds, call.deadline)
            self._in_flight[pool.submit(calls.perform, call, limit)] = key

    def _claim(self, wanted, seconds):
        busy = {host_id for _run_id, _claims, host_id in self._in_flight.values()}
        with self._transaction() as runs:
            claimed = runs._claim(wanted, seconds, busy, self._get_wanted_ids(runs))
            return [(run.id, run.claims, run.host_id.id, self._prepare_call(run)) for run in claimed]

    def _get_wanted_ids(self, runs):
        """Of the runs named by the caller: each once at once, afterwards only when detached work is due."""
        if self._run_ids is None:
            return None
        domain = [("id", "in", list(self._asked)), ("state", "=", "running")]
        due = runs.search(domain + [("next_attempt", "<=", fields.Datetime.now())])
        return [run_id for run_id in self._run_ids if run_id not in self._asked] + due.ids

    @staticmethod
    def _prepare_call(run):
        try:
            return run._prepare_call()
        except HostError as error:
            return error

    def _settle_finished(self):
        done, _pending = wait(self._in_flight, timeout=TICK_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            key = self._in_flight.pop(future)
            self._settle(key, self._get_outcome(key, future))

    @staticmethod
    def _get_outcome(key, future):
        error = future.exception()
        if error is None:
            return future.result()
        _logger.error("run %s: the call broke", key[0], exc_info=error)
        return calls.Outcome("error", error=FatalHostError("call_broken", str(error)))

    def _settle(self, key, outcome):
        """Write the outcome; an origin that cannot take it over makes the run fail, not the slice."""
        self.settled += 1
        failed = calls.Outcome("error", error=FatalHostError("origin_error"), agent=outcome.agent)
        for candidate, notify in ((outcome, True), (failed, True), (failed, False)):
            try:
                self._retried(lambda: self._settle_once(key, candidate, notify))  # noqa: B023
                return
            except psycopg2.OperationalError:
                _logger.warning("run %s on host %s: the database is busy, its lease runs out", key[0], key[2])
                return
            except Exception as error:  # noqa: BLE001  (the code of origins is anyone's)
                _logger.exception("run %s on host %s: the outcome cannot be taken over", key[0], key[2])
                failed.error.message = str(error) or type(error).__name__

    def _settle_once(self, key, outcome, notify):
        with self._transaction() as runs:
            runs.browse(key[0])._as_requester_sees_it()._settle(key[1], outcome, notify)

    def _wait_for_detached(self):
        """Wait until detached work is due to be asked after, when that is within the slice; tell whether it is."""
        with self._transaction() as runs:
            domain = [("state", "=", "running"), ("lease_until", "=", False)]
            if self._run_ids is not None:
                domain.append(("id", "in", self._run_ids))
            first = runs.search(domain, order="next_attempt, id", limit=1)
            due = max((first.next_attempt - fields.Datetime.now()).total_seconds(), 0) if first else None
        if due is None or self._left == 0 or time.monotonic() + due > self._end - MIN_SECONDS:
            return False
        time.sleep(max(due, TICK_SECONDS))
        return True

    @contextmanager
    def _transaction(self):
        """A short transaction with a cursor and a cache of its own: what an undone one wrote is not believed."""
        with api.Environment.manage(), self._registry.cursor() as cr:
            cr._default_log_exceptions = False  # a collision is tried again, anything else is logged where handled
            yield api.Environment(cr, SUPERUSER_ID, {})["linserv.run"]

    @staticmethod
    def _retried(transaction):
        """Run a short transaction again when another one got in between."""
        for number in range(1, TRIES + 1):
            try:
                return transaction()
            except psycopg2.OperationalError as error:
                if error.pgcode not in PG_CONCURRENCY_ERRORS_TO_RETRY or number == TRIES:
                    raise
                time.sleep(random.uniform(0.0, 0.05 * number))  # noqa: S311  (no secret, only manners)
        return None
