import json
import uuid

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..domain import names, run_states

STATES = [
    ("queued", "Waiting"),
    ("sending", "Calling"),
    ("running", "Running"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
]
INLINE_RESULT_BYTES = 64 * 1024
MAX_ATTEMPTS = 5


class LinservRun(models.Model):
    """One remote call: who asked for what on which host, and what came of it."""

    _name = "linserv.run"
    _description = "Remote Run"
    _order = "id desc"

    name = fields.Char(string="Run", required=True, readonly=True, copy=False, default=lambda self: str(uuid.uuid4()))
    verb = fields.Char(required=True, readonly=True, index=True)
    args = fields.Text(string="Arguments", readonly=True, default="{}")
    host_id = fields.Many2one("linserv.host", required=True, readonly=True, ondelete="restrict", index=True)
    instance_id = fields.Many2one("linserv.instance", readonly=True, ondelete="set null", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    user_id = fields.Many2one(
        "res.users", string="Asked by", required=True, readonly=True, default=lambda self: self.env.user
    )
    res_model = fields.Char(string="Origin model", readonly=True)
    res_id = fields.Many2oneReference(string="Origin", model_field="res_model", readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="queued", index=True, copy=False)
    detached = fields.Boolean(readonly=True)
    deadline = fields.Integer(string="Deadline (s)", readonly=True, default=60)
    attempts = fields.Integer(readonly=True, copy=False)
    max_attempts = fields.Integer(readonly=True, default=MAX_ATTEMPTS)
    polls = fields.Integer(string="Asked for the result", readonly=True, copy=False)
    claims = fields.Integer(readonly=True, copy=False, help="Grows with every claim, so that a late worker is told.")
    next_attempt = fields.Datetime(readonly=True, default=fields.Datetime.now, copy=False)
    lease_until = fields.Datetime(readonly=True, copy=False)
    date_queued = fields.Datetime(string="Asked on", readonly=True, default=fields.Datetime.now, copy=False)
    date_started = fields.Datetime(string="Started on", readonly=True, copy=False)
    date_finished = fields.Datetime(string="Finished on", readonly=True, copy=False)
    duration = fields.Float(
        string="Duration (s)", readonly=True, copy=False, help="Of the last call, or of the whole work when detached."
    )
    progress = fields.Integer(readonly=True, copy=False, help="Per cent.")
    progress_text = fields.Char(readonly=True, copy=False)
    bytes_received = fields.Integer(readonly=True, copy=False)
    result_json = fields.Text(string="Result", readonly=True, copy=False)
    result_attachment_id = fields.Many2one("ir.attachment", string="Large result", readonly=True, copy=False)
    error = fields.Text(readonly=True, copy=False)
    error_code = fields.Char(readonly=True, copy=False, index=True)
    error_detail = fields.Text(readonly=True, copy=False, help="What the host or the line said.")
    idempotency_key = fields.Char(readonly=True, copy=False)

    _sql_constraints = [("name_unique", "unique (name)", "A run with this identifier exists already.")]

    def init(self):
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS linserv_run_idempotency_key_unique
                ON linserv_run (idempotency_key) WHERE state NOT IN ('failed', 'cancelled');
            CREATE INDEX IF NOT EXISTS linserv_run_due
                ON linserv_run (next_attempt, id) WHERE state IN ('queued', 'sending', 'running');
            CREATE INDEX IF NOT EXISTS linserv_run_origin ON linserv_run (res_model, res_id);
            """
        )

    @api.constrains("verb")
    def _check_verb(self):
        for run in self:
            if not names.is_verb(run.verb):
                raise ValidationError(_("%s is no verb of an agent.", run.verb))

    def name_get(self):
        return [(run.id, "%s, %s" % (run.verb, run.host_id.name)) for run in self]

    def action_cancel(self):
        """Give the runs up; work that goes on at the host is told to stop."""
        for run in self._steered():
            may_work_there = run.detached and run.attempts
            run._apply_event("cancel", date_finished=fields.Datetime.now(), lease_until=False)
            if may_work_there:
                run.host_id._queue_run("run.cancel", {"run": run.name}, idempotency_key="cancel:%s" % run.name)

    def action_retry(self):
        """Queue failed or cancelled runs again, with a new count of attempts.

        A new identifier makes it new work for the host as well.
        """
        for run in self._steered():
            if run.idempotency_key and self._find_by_key(run.idempotency_key):
                raise UserError(_("Another run does the same work already."))
            run._apply_event("retry", **run._prepare_retry_vals())

    def action_view_origin(self):
        """Open the record that asked for the run."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    @api.model
    def _queue(self, host, verb, args, instance, origin, idempotency_key, deadline, detached):
        """See `linserv.host._queue_run`. Staff who may press a button need no right to write runs: hence sudo."""
        runs = self.sudo()
        found = runs._find_by_key(idempotency_key)
        if found:
            return self.browse(found.id)
        vals = self._prepare_run_vals(host, verb, args, instance, origin, idempotency_key, deadline, detached)
        try:
            with self.env.cr.savepoint():
                run = runs.create([vals])
        except psycopg2.IntegrityError:
            run = runs._find_by_key(idempotency_key)
            if not run:
                raise UserError(_("The same work was ordered by someone else just now. Look at its run.")) from None
        return self.browse(run.id)

    @api.model
    def _prepare_run_vals(self, host, verb, args, instance, origin, idempotency_key, deadline, detached):
        if instance and instance.host_id != host:
            raise UserError(_("%s is not on this host.", instance.display_name))
        return {
            "verb": verb,
            "args": json.dumps(args or {}, sort_keys=True),
            "host_id": host.id,
            "instance_id": instance.id if instance else False,
            "company_id": host.company_id.id,
            "user_id": self.env.uid,
            "res_model": origin._name if origin else False,
            "res_id": origin.id if origin else False,
            "idempotency_key": idempotency_key or False,
            "deadline": deadline,
            "detached": detached,
        }

    @api.model
    def _find_by_key(self, idempotency_key):
        if not idempotency_key:
            return self.browse()
        live_or_done = run_states.LIVE + ("done",)
        return self.search([("idempotency_key", "=", idempotency_key), ("state", "in", live_or_done)], limit=1)

    def _steered(self):
        """Return the runs, writable. Nobody may write a run, managers may steer it by its buttons: hence sudo.

        :raise AccessError: the user does not manage the fleet, or may not see the runs
        """
        if not self.env.su and not self.env.user.has_group("linserv_hosting.linserv_host_group_manager"):
            raise AccessError(_("Only managers of the fleet can retry, cancel or start runs."))
        self.check_access_rule("read")
        return self.sudo()

    def _prepare_retry_vals(self):
        self.ensure_one()
        return {
            "name": str(uuid.uuid4()),
            "attempts": 0,
            "polls": 0,
            "progress": 0,
            "progress_text": False,
            "duration": 0.0,
            "next_attempt": fields.Datetime.now(),
            "lease_until": False,
            "date_started": False,
            "date_finished": False,
            "error": False,
            "error_code": False,
            "error_detail": False,
        }

    def _apply_event(self, event, **vals):
        """Move the run by the transition table and write the values with it.

        :raise UserError: the event is not possible in the run's state
        """
        self.ensure_one()
        try:
            state = run_states.next_state(self.state, event)
        except run_states.ForbiddenTransitionError:
            raise UserError(_("This is not possible: the run is %s.", self._get_state_label().lower())) from None
        self.write(dict(vals, state=state))

    def _get_state_label(self):
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    def _get_result(self):
        """Return the result as a dict, wherever it is kept; an empty one before the run is done."""
        self.ensure_one()
        # A run's own attachment is part of the run: whoever may read the run may read it.
        attachment = self.result_attachment_id.sudo()
        text = attachment.raw.decode() if attachment else self.result_json
        return json.loads(text) if text else {}

    def _get_origin(self):
        """Return the record that asked for the run, empty when there is none or it is gone."""
        self.ensure_one()
        if not self.res_model or self.res_model not in self.env:
            return None
        return self.env[self.res_model].browse(self.res_id).exists() or None
