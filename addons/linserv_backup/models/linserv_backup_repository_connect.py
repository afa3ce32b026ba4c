import json
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.linserv_hosting.domain import host_keys, host_states

from ..domain import connecting
from ..domain.connecting import AUTHORIZE, DR_AUTHORIZE, DR_ENROLL, ENROLL

DEADLINE = 300
KEY_BYTES = 2000
DR_DAYS = 14  # while no plan says otherwise (product sheet: disaster recovery 14/1)


class LinservBackupRepository(models.Model):
    """How a repository comes to be: made on the backup host, let in by the customer's host, copied by the DR host.

    Each step is a run; its mark is kept when it is done, and the next one is ordered. A killed Odoo goes on there.
    """

    _inherit = "linserv.backup.repository"

    public_key = fields.Char(
        readonly=True, copy=False, help="The backup host's key for this repository; its private half never leaves it."
    )
    dr_public_key = fields.Char("DR public key", readonly=True, copy=False)
    connect_run_id = fields.Many2one("linserv.run", readonly=True, copy=False, ondelete="set null")
    connect_error = fields.Char("Connecting failed", readonly=True, copy=False)
    connect_attempt = fields.Integer(readonly=True, copy=False)
    connect_marks = fields.Text(readonly=True, copy=False, default="{}")
    connect_missing = fields.Text(compute="_compute_connect_missing", string="What is missing")
    authorized_host_id = fields.Many2one("linserv.host", readonly=True, copy=False, ondelete="set null")
    authorized_key = fields.Char(readonly=True, copy=False)

    @api.depends(
        "host_id.state", "dr_host_id.state", "source_host_id.state", "state", "connect_marks", "recovery_sheet_date"
    )
    def _compute_connect_missing(self):
        for repository in self:
            repository.connect_missing = "\n".join(repository._list_missing()) or False

    def _list_missing(self):
        """Return what stands between this repository and its first point, in sentences."""
        self.ensure_one()
        missing = [
            self._missing_host(self.source_host_id, _("the customer's host")),
            self._missing_host(self.host_id, _("the backup host")),
            self._missing_host(self.dr_host_id, _("the DR host")) if self.dr_host_id else "",
        ]
        if not self.dr_host_id:
            missing.append(_("No DR host is chosen: there is no second copy."))
        step = self._get_next_step() if not any(missing[:2]) else None
        if step:
            missing.append(self._get_step_texts()[step])
        if self.public_key and not self.recovery_sheet_date:
            missing.append(_("The recovery sheet has not been printed and locked away."))
        return [text[0].upper() + text[1:] for text in missing if text]

    @api.model
    def _missing_host(self, host, label):
        if not host:
            return _("Choose %s.", label)
        if host.state not in host_states.CALLABLE:
            return _(
                "%(label)s, %(host)s, cannot be called: pin its key and install the agent.", label=label, host=host.name
            )
        return ""

    @api.model
    def _get_step_texts(self):
        return {
            ENROLL: _("The backup host has yet to make the repository, or to learn of a change."),
            AUTHORIZE: _("The customer's host has yet to let the backup host in."),
            DR_ENROLL: _("The DR host has yet to make its own repository."),
            DR_AUTHORIZE: _("The backup host has yet to let the DR host in."),
        }

    def action_connect(self):
        """Connect the repositories, every step anew."""
        for repository in self:
            if not repository.source_host_id or not repository.host_id:
                raise UserError("\n".join(repository._list_missing()))
            repository.write(
                {
                    "state": "connecting",
                    "connect_marks": "{}",
                    "connect_error": False,
                    "connect_attempt": repository.connect_attempt + 1,
                }
            )
            repository._advance()

    def action_sheet_locked_away(self):
        """Note that the recovery sheet was printed on the backup host and locked away today."""
        self.write({"recovery_sheet_date": fields.Date.context_today(self)})

    def _advance(self):
        """Order the next step of connecting; a repository without one is ready. Orders nothing twice."""
        self.ensure_one()
        if not self.source_host_id or not self.host_id:
            return
        step = self._get_next_step()
        if not step:
            if self.state != "closed":
                self.write({"state": "ready", "connect_error": False})
            return
        self.connect_run_id = getattr(self, "_order_%s" % step)(self._get_step_key(step))

    def _get_step_key(self, step):
        mark = connecting.marks(self._get_circumstances())[step]
        return "backup.%s:%d:%s:%d" % (step, self.id, mark, self.connect_attempt)

    def _get_next_step(self):
        return connecting.next_step(json.loads(self.connect_marks or "{}"), self._get_circumstances())

    def _get_circumstances(self):
        self.ensure_one()
        # sudo: whoever sets up backups need not be allowed to read the fleet.
        known = self.sudo()
        return connecting.Circumstances(
            source=known._prepare_source(),
            public_key=known.public_key or "",
            backup_host=known.host_id._prepare_peer() if known.host_id else {},
            dr_public_key=known.dr_public_key or "",
            days=known._get_kept_days(),
            hosts=(known.source_host_id.id, known.host_id.id, known.dr_host_id.id),
        )

    def _get_kept_days(self):
        """Return {kind: days} that the hosts refuse to go below when they delete: the shortest that any plan keeps.

        "dr" is there only with a DR host. Plans whose points are all over have no say.
        """
        today = fields.Date.context_today(self)
        found = {"dr": []} if self.dr_host_id else {}
        for plan in self.plan_ids.filtered(lambda plan: plan.kind != "dr" or plan.repository_id.dr_host_id):
            days = plan.days + plan.extra_days
            if not plan.date_to or plan.date_to + timedelta(days=days + 1) >= today:
                found.setdefault(plan.kind, []).append(days)
        return {kind: min(days, default=DR_DAYS) for kind, days in sorted(found.items())}

    def _prepare_source(self):
        """Return what the backup host needs in order to reach the instance."""
        instance = self.instance_id
        return dict(instance.host_id._prepare_peer(), instance=instance.technical_name) if instance.host_id else {}

    def _order_run(self, host, verb, args, key, deadline=DEADLINE, detached=False):
        """Queue a run of this repository. sudo: backups are ordered by those who may not write hosts and runs."""
        return host.sudo()._queue_run(
            verb, args, origin=self, idempotency_key=key, deadline=deadline, detached=detached
        )

    def _order_enroll(self, key):
        days = {kind: days for kind, days in self._get_kept_days().items() if kind != "dr"}
        args = {"repository": self.name, "source": self.sudo()._prepare_source(), "days": days}
        return self._order_run(self.host_id, "repo.enroll", args, key, detached=True)

    def _order_authorize(self, key):
        return self._order_run(
            self.source_host_id, "key.authorize", {"public_key": self.public_key, "role": "backup"}, key, deadline=30
        )

    def _order_dr_enroll(self, key):
        source = self.host_id.sudo()._prepare_peer()
        args = {"repository": self.name, "source": source, "days": self._get_kept_days()["dr"]}
        return self._order_run(self.dr_host_id, "dr.enroll", args, key, detached=True)

    def _order_dr_authorize(self, key):
        return self._order_run(
            self.host_id, "key.authorize", {"public_key": self.dr_public_key, "role": "dr"}, key, deadline=30
        )

    def _on_run_done(self, run, result):
        if run == self.connect_run_id:
            verb, _number, mark, _attempt = run.idempotency_key.split(":")
            self._finish_step(verb.replace("backup.", ""), mark, result)
            self._advance()
        return super()._on_run_done(run, result)

    def _on_run_failed(self, run, error):
        if run == self.connect_run_id:
            vals = {"connect_error": error.get("message") or error.get("code")}
            self.write(vals if self.state == "ready" else dict(vals, state="failed"))
        return super()._on_run_failed(run, error)

    def _finish_step(self, step, mark, result):
        """Take over what the step gave and keep the mark that it was ordered with.

        :raise UserError: the host answered something that is no key
        """
        if step == ENROLL:
            self.write({"public_key": self._read_key(result), "generation": self._read_generation(result)})
        elif step == AUTHORIZE:
            self._forget_former_host()
        elif step == DR_ENROLL:
            self.dr_public_key = self._read_key(result)
        done = json.loads(self.connect_marks or "{}")
        self.connect_marks = json.dumps(dict(done, **{step: mark}), sort_keys=True)

    @api.model
    def _read_key(self, result):
        text = result.get("public_key")
        if not isinstance(text, str) or len(text) > KEY_BYTES:
            raise UserError(_("The host did not tell its public key."))
        try:
            key = host_keys.parse_public_key(text)
        except host_keys.MalformedKeyError as error:
            raise UserError(_("The host's public key cannot be read: %s", error)) from error
        return "%s %s" % (key.algorithm, key.public_key)

    @api.model
    def _read_generation(self, result):
        generation = result.get("generation", 1)
        return generation if type(generation) is int and 0 < generation < 1000 else 1

    def _forget_former_host(self):
        """Take back the key that was let in before, when it is another one or on another host now."""
        former = (self.authorized_host_id, self.authorized_key)
        if all(former) and former != (self.source_host_id, self.public_key):
            self._revoke(*former)
        self.write({"authorized_host_id": self.source_host_id.id, "authorized_key": self.public_key})

    def _revoke(self, host, public_key):
        key = "backup.revoke:%d:%d:%d" % (self.id, host.id, self.connect_attempt)
        self._order_run(host, "key.revoke", {"public_key": public_key}, key, deadline=30)

    def action_close(self):
        """Stop for good: the customer's host lets the backup host in no longer. What was saved stays for its days."""
        for repository in self:
            if any(plan._is_open() for plan in repository.plan_ids):
                raise UserError(_("End the plans of %s first.", repository.display_name))
            if repository.authorized_host_id and repository.authorized_key:
                repository._revoke(repository.authorized_host_id, repository.authorized_key)
            repository.write({"state": "closed", "authorized_host_id": False, "authorized_key": False})

    @api.model
    def _cron_connect(self):
        """Go on connecting what was begun, tell hosts of changes, try once a day what failed."""
        today = fields.Date.to_string(fields.Date.today())
        for repository in self.search([("state", "in", ("connecting", "ready", "failed"))]):
            if repository.connect_run_id.state in ("queued", "sending", "running"):
                continue
            if repository.state == "failed" and not repository._is_day_over(today):
                continue
            if repository._get_next_step():
                repository._advance_again()

    def _is_day_over(self, today):
        finished = self.connect_run_id.date_finished
        return not finished or fields.Date.to_string(finished) < today

    def _advance_again(self):
        """Order the next step under a key of its own: the last attempt at it failed, or its circumstances changed."""
        self.write({"connect_attempt": self.connect_attempt + 1})
        self._advance()
