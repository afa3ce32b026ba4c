import json

from odoo import api, fields, models

from ..adapters import calls
from ..adapters.errors import FatalHostError
from ..domain import host_states, run_states
from . import run_worker
from .linserv_run import INLINE_RESULT_BYTES
from .run_errors import RUN_ERRORS, UNKNOWN_ERROR

SLICE_SECONDS = 45
KEEP_DAYS = 400


class LinservRun(models.Model):
    """The run at work: claimed, turned into a call, settled by the outcome. `run_worker` holds the threads."""

    _inherit = "linserv.run"

    def action_run_now(self):
        """Make the calls at once, without waiting for the scheduled action, and follow detached work for a slice."""
        runs = self._steered() if not self.env.su else self
        runs._call_now()

    @api.model
    def _work_off(self, limit=None, seconds=SLICE_SECONDS):
        """Make the calls that are due, at most `limit` of them, within `seconds`; return how many were settled.

        What the current transaction queued is committed first: a call cannot be rolled back.
        """
        return run_worker.work_off(self.env, limit=limit, seconds=seconds)

    def _call_now(self, seconds=SLICE_SECONDS):
        """Make these calls now, due or not. Whoever may order work may also not wait for it: no rights needed."""
        return run_worker.work_off(self.env, seconds=seconds, run_ids=self.ids) if self else 0

    @api.model
    def _cron_work_off(self):
        """Make the calls that are due, for one slice of the scheduled action."""
        self._work_off()

    @api.autovacuum
    def _gc_finished_runs(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEEP_DAYS)
        self.search([("state", "in", run_states.FINAL), ("date_finished", "<", limit)], limit=10000).unlink()

    @api.model
    def _claim(self, limit, lease_seconds, busy_hosts=(), run_ids=None):
        """Take at most `limit` due runs, one a host, for this process; the caller commits.

        Others that claim at the same moment skip what is locked here; who holds a lease is left alone.
        """
        now = fields.Datetime.now()
        runs = self.browse(self._lock_due(now, limit, busy_hosts, run_ids))
        for run in runs:
            run._apply_event("claim", **run._prepare_claim_vals(now, lease_seconds))
        return runs

    @api.model
    def _lock_due(self, now, limit, busy_hosts, run_ids):
        self.flush()
        query = """
            SELECT id, host_id FROM linserv_run
             WHERE state IN %(live)s
               AND (id = ANY(%(run_ids)s::int[]) OR (%(any)s AND next_attempt <= %(now)s))
               AND host_id <> ALL(%(busy_hosts)s::int[])
               AND (lease_until IS NULL OR lease_until < %(now)s)
             ORDER BY next_attempt, id LIMIT %(limit)s
               FOR UPDATE SKIP LOCKED
        """
        params = {"live": run_states.LIVE, "now": now, "busy_hosts": list(busy_hosts), "limit": limit * 4}
        params.update({"run_ids": list(run_ids or ()), "any": run_ids is None})
        self.env.cr.execute(query, params, log_exceptions=False)
        first_by_host = {}
        for run_id, host_id in self.env.cr.fetchall():
            first_by_host.setdefault(host_id, run_id)
        return sorted(first_by_host.values())[:limit]

    def _prepare_claim_vals(self, now, lease_seconds):
        self.ensure_one()
        running = self.state == "running"
        return {
            "claims": self.claims + 1,
            "attempts": self.attempts if running else self.attempts + 1,
            "polls": self.polls + 1 if running else 0,
            "lease_until": run_states.lease_until(now, lease_seconds),
            "date_started": self.date_started or now,
        }

    def _prepare_call(self):
        """Return the call as plain values for a thread.

        :raise FatalHostError: the host may not be called
        """
        self.ensure_one()
        host = self.host_id
        if host.state not in host_states.CALLABLE:
            code = {"draft": "host_key_unknown", "blocked": "host_key_changed"}.get(host.state, "host_not_callable")
            raise FatalHostError(code)
        if self.attempts > self.max_attempts:
            raise FatalHostError("attempts_exhausted")
        return calls.Call(
            run=self.name,
            endpoint=host._get_endpoint(),
            verb=self.verb,
            args=json.loads(self.args or "{}"),
            instance=self.instance_id.technical_name or None,
            agent=host._get_agent_version(),
            deadline=self.deadline,
            detached=self.detached,
            running=self.state == "running",
            attempts=self.attempts,
        )

    def _settle(self, claims, outcome, notify=True):
        """Write what came of a call, unless the run was taken over or cancelled meanwhile.

        :param claims: the claim under which the call was made
        :param notify: tell the origin (False when telling it has failed already)
        """
        self.ensure_one()
        self.flush()
        self.env.cr.execute("SELECT claims, state FROM linserv_run WHERE id = %s FOR UPDATE", [self.id])
        row = self.env.cr.fetchone()
        if row is None or row[0] != claims or row[1] not in ("sending", "running"):
            return
        self._note_on_host(outcome)
        self._note_duration(outcome)
        if outcome.kind == "result":
            self._succeed(outcome, notify)
        elif outcome.kind == "started":
            self._go_on(outcome, notify)
        else:
            self._settle_error(outcome, notify)

    def _note_duration(self, outcome):
        whole = self.detached and outcome.kind == "result"
        since_start = (fields.Datetime.now() - self.date_started).total_seconds()
        self.duration = since_start if whole else outcome.seconds

    def _succeed(self, outcome, notify):
        self._apply_event("finish", **self._prepare_result_vals(outcome))
        origin = self._get_origin()
        if origin and notify:
            origin._on_run_done(self, outcome.result)

    def _prepare_result_vals(self, outcome):
        text = json.dumps(outcome.result)
        large = len(text) > INLINE_RESULT_BYTES
        vals = {"name": "%s.json" % self.name, "raw": text.encode(), "res_model": self._name, "res_id": self.id}
        attachment = self.env["ir.attachment"].create([vals]) if large else self.env["ir.attachment"]
        return {
            "result_json": False if large else text,
            "result_attachment_id": attachment.id,
            "bytes_received": outcome.bytes_received,
            "date_finished": fields.Datetime.now(),
            "lease_until": False,
            "progress": 100,
            "error": False,
            "error_code": False,
            "error_detail": False,
        }

    def _go_on(self, outcome, notify):
        """Ask again later, unless the host has long passed the deadline and still says that it works."""
        now = fields.Datetime.now()
        begun = self.date_started if self.state == "running" else now
        if run_states.is_overdue(now, begun, self.deadline):
            self.host_id._queue_run("run.cancel", {"run": self.name}, idempotency_key="cancel:%s" % self.name)
            self._fail(FatalHostError("deadline_passed"), notify)
            return
        self._apply_event(
            "started",
            date_started=begun,
            progress=outcome.progress.percent,
            progress_text=outcome.progress.text,
            next_attempt=now + run_states.poll_delay(self.polls),
            lease_until=False,
        )

    def _settle_error(self, outcome, notify):
        error, now = outcome.error, fields.Datetime.now()
        if outcome.kind == "lost" and self.state == "running":
            self._apply_event("lost")
            self._apply_event("claim")
        overdue = run_states.is_overdue(now, self.date_started, self.deadline)
        decision = run_states.after_error(self.state, error.retryable, self.attempts, self.max_attempts, overdue)
        if decision.event == "fail":
            self._fail(error, notify)
        else:
            self._apply_event(
                decision.event, next_attempt=now + decision.wait, lease_until=False, **self._prepare_error_vals(error)
            )

    def _fail(self, error, notify=True):
        vals = dict(self._prepare_error_vals(error), date_finished=fields.Datetime.now(), lease_until=False)
        self._apply_event("fail", **vals)
        origin = self._get_origin()
        if origin and notify:
            origin._on_run_failed(self, dict(error.as_dict(), message=self.error))

    def _prepare_error_vals(self, error):
        return {
            "error": self._get_error_text(error.code, error.message),
            "error_code": error.code,
            "error_detail": error.message if error.message != error.code else False,
        }

    def _get_error_text(self, code, message=""):
        """Return what people are told; an error that only its verb knows is told in the verb's own words."""
        return str(RUN_ERRORS[code]) if code in RUN_ERRORS else str(UNKNOWN_ERROR) % (message or code)

    def _note_on_host(self, outcome):
        if outcome.agent:
            self.host_id._note_answer(outcome.agent)
        elif outcome.error is not None:
            self.host_id._note_error(outcome.error.code, self._get_error_text(outcome.error.code))

    def _as_requester_sees_it(self):
        """Return the run in the requester's language and company, with the rights of the worker."""
        self.ensure_one()
        user = self.user_id
        return self.with_context(
            lang=user.lang or "en_US", tz=user.tz, allowed_company_ids=self.company_id.ids, linserv_run=self.name
        )
