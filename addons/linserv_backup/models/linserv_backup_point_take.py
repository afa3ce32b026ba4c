import logging
from collections import Counter

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import failures, manifest_check, point_states, slots
from ..domain.values import AnswerRefusedError, printable

_logger = logging.getLogger(__name__)
POINTS_A_TIME = 500
DEADLINE_MINUTES = 60  # of a point beside the plan
#: The line to the host may be cut once under the same run; what fails after that is judged here, by its class.
RUN_ATTEMPTS = 2


class LinservBackupPoint(models.Model):
    """A point on its way: ordered when its repository and its host are free, taken over value by value."""

    _inherit = "linserv.backup.point"

    def _move(self, state, **vals):
        """Give the point another state, with the values that belong to it.

        :raise UserError: the table of states does not know this step
        """
        self.ensure_one()
        if not point_states.may_become(self.state, state):
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                _(
                    "The point %(name)s is %(now)s and cannot become %(then)s.",
                    name=self.display_name,
                    now=labels[self.state].lower(),
                    then=labels[state].lower(),
                )
            )
        self.write(dict(vals, state=state))

    @api.model
    def _start_due(self, limit=POINTS_A_TIME):
        """Begin the points that are due, one at a time for a repository and as many at once as their host bears."""
        self._settle_abandoned()
        now = fields.Datetime.now()
        due = self.search(
            [("state", "=", "due"), "|", ("date_retry", "=", False), ("date_retry", "<=", now)], limit=limit
        )
        busy, load = self._find_busy()
        for point in due.sorted(lambda each: (each.slot, each.kind, each.id)):
            try:
                with self.env.cr.savepoint(flush=False):
                    point._start_or_miss(busy, load)
            except (UserError, ValueError, psycopg2.Error):
                _logger.exception("The backup point %s could not be begun", point.id)

    @api.model
    def _settle_abandoned(self):
        """A run that somebody cancelled or removed tells nobody: its point would block the repository for ever."""
        for point in self.search([("state", "=", "running")]):
            if not point.run_id or point.run_id.state in ("failed", "cancelled"):
                point._fail({"code": "cancelled", "message": "", "retryable": True})

    @api.model
    def _find_busy(self):
        """Return the repositories that are being worked on, and how many points each host takes now."""
        running = self.search([("state", "=", "running")])
        return set(running.repository_id.ids), Counter(point._get_host().id for point in running)

    def _start_or_miss(self, busy, load):
        """Begin the point when it may begin; make it a gap when its slot is over."""
        self.ensure_one()
        host = self._get_host()
        occupied = "overlap" if self.repository_id.id in busy else "host_busy" if self._is_full(host, load) else ""
        if not self._is_worth_taking():
            self._miss(self.reason or occupied or "odoo_down")
        elif not occupied:
            self._start()
            busy.add(self.repository_id.id)
            load[host.id] += 1

    def _get_host(self):
        """Return the host that takes the point."""
        return self.repository_id.dr_host_id if self.kind == "dr" else self.repository_id.host_id

    def _is_full(self, host, load):
        # sudo: see `_start`.
        return load[host.id] >= max(host.sudo().backup_parallel, 1)

    def _is_worth_taking(self):
        now = self.plan_id._epoch(fields.Datetime.now())
        return not self.plan_id or now < self.plan_id._worth_until(self._get_epoch())

    def _get_epoch(self):
        return self.plan_id._epoch(self.slot)

    def _miss(self, reason):
        known = self.failure_class or failures.classify(reason, retryable=True)
        self._move("missed", reason=reason, failure_class=known, date_retry=False)

    def _start(self):
        """Order the run. sudo: points are ordered through methods; nobody has a right to write one."""
        self.ensure_one()
        point, host = self.sudo(), self._get_host().sudo()
        if not host:
            return point._fail({"code": "no_host", "message": "", "retryable": False})
        run = host._queue_run(
            "dr.pull" if point.kind == "dr" else "repo.take",
            point._prepare_args(),
            origin=point,
            idempotency_key="backup.take:%d:%d" % (point.id, point.attempts),
            deadline=max(point.plan_id.deadline_minutes or DEADLINE_MINUTES, 5) * 60,
            detached=True,
        )
        run.sudo().max_attempts = RUN_ATTEMPTS
        return point._move("running", run_id=run.id, attempts=point.attempts + 1, date_retry=False)

    def _prepare_args(self):
        """Return the arguments of the verb; the DR host chooses the newest proved database point by itself."""
        args = {
            "repository": self.repository_id.name,
            "kind": self.kind,
            "slot": slots.to_text(self._get_epoch()),
            "now": self.plan_id._epoch(fields.Datetime.now()),
        }
        extra = self.plan_id._prepare_extra() if self.plan_id and self.kind != "dr" else {}
        return dict(args, extra=extra) if extra else args

    def _on_run_done(self, run, result):
        if run.verb in ("repo.take", "dr.pull"):
            if run == self.run_id and self.state in ("running", "failed"):
                self._take_over(result)
        elif run.verb == "repo.accept" and self.state == "suspect":
            self._prove_accepted()
        return super()._on_run_done(run, result)

    def _take_over(self, result):
        """Make the point what its manifest says; what cannot be believed is a failure of its data."""
        now = self.plan_id._epoch(fields.Datetime.now())
        try:
            taken = manifest_check.read(result, self._get_asked(), now)
        except AnswerRefusedError as error:
            self._fail({"code": error.code, "message": error.detail, "retryable": False})
            return
        reasons = manifest_check.doubts(taken, self._get_before())
        vals = dict(self._prepare_taken_vals(taken), reason=" ".join(reasons) or False)
        self._move("suspect" if reasons else "proved", **vals)
        if not reasons:
            self._become_last()
        self.repository_id._note_trouble()

    def _get_asked(self):
        """Return which point was asked for."""
        return manifest_check.Asked(self.repository_id.name, self.kind, self._get_epoch())

    def _get_before(self):
        """Return what the last proved point of the kind was, as a measure for sudden losses."""
        last = self.repository_id._get_last_point(self.kind)
        if not last or last.slot >= self.slot:
            return None
        return manifest_check.Before(last.rows, int(last.dump_bytes))

    def _prepare_taken_vals(self, taken):
        now = fields.Datetime.now()
        return {
            "name": taken.name,
            "form": taken.form,
            "date_taken": self.plan_id._moment(taken.taken_at),
            "date_proved": now,
            "bytes_stored": taken.bytes_stored,
            "dump_bytes": taken.dump_bytes,
            "rows": taken.rows,
            "files": taken.files,
            "sha256": taken.sha256 or False,
            "seconds": (now - self.run_id.date_queued).total_seconds() if self.run_id else 0.0,
            "manifest": taken.text,
            "failure_class": False,
            "reason_detail": False,
            "date_retry": False,
        }

    @api.model
    def _prepare_listed_vals(self, listed):
        """Return what a repository's list (domain value) tells of a point."""
        return {
            "state": "suspect" if listed.suspect else "proved",
            "reason": "doubt" if listed.suspect else False,
            "failure_class": False,
            "reason_detail": False,
            "form": listed.form or False,
            "bytes_stored": listed.bytes_stored,
            "dump_bytes": listed.dump_bytes,
            "date_proved": fields.Datetime.now(),
            "date_retry": False,
        }

    def _found_in_list(self, listed):
        """The repository has the point, whatever was thought of it here: a lost answer loses no point."""
        vals = self._prepare_listed_vals(listed)
        if self.accepted_by_id or self.state == "trashed":
            vals.update(state="proved", reason=False)
        self._move(vals.pop("state"), **vals)

    def _become_last(self):
        """Note on the repository that this is the newest proved point of its kind, if it is."""
        self.ensure_one()
        field = "last_%s_point_id" % self.kind
        last = self.repository_id[field]
        if not last or last.slot < self.slot or last.state != "proved":
            self.repository_id.sudo().with_context(tracking_disable=True).write({field: self.id})

    def _on_run_failed(self, run, error):
        if run == self.run_id and self.state == "running":
            self._fail(error)
        elif run.verb == "repo.accept":
            # Nothing was accepted there: the button is there again.
            self.write({"accepted_by_id": False, "accepted_date": False, "reason_detail": error.get("message")})
        return super()._on_run_failed(run, error)

    def _fail(self, error):
        """Note the failure and its class; the slot is tried again while that is worth it."""
        now = self.plan_id._epoch(fields.Datetime.now())
        code = error.get("code") or "unknown"
        kind = failures.classify(code, bool(error.get("retryable")), error.get("kind") or "")
        worth = self.plan_id._worth_until(self._get_epoch()) if self.plan_id else now
        attempts = self.attempts + 1 if self.state == "due" else max(self.attempts, 1)
        judged = failures.judge(kind, attempts, now, worth)
        vals = {
            "attempts": attempts,
            "failure_class": kind,
            "reason": code,
            "reason_detail": printable(error.get("message") or ""),
            "date_retry": self.plan_id._moment(judged.retry_at) if judged.retry_at else False,
        }
        self._move("due" if judged.retry_at else "failed", **vals)
        self.repository_id._note_trouble()
