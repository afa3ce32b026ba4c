import json
import logging
from urllib.parse import urlsplit

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, html_escape

from ..domain import restores

_logger = logging.getLogger(__name__)
LIVE_RUNS = ("queued", "sending", "running")
SECONDS_A_DAY = 86400
GRACE_DAYS = 7


class LinservRestore(models.Model):
    """What is done on the hosts, step by step: each step is a run, the next one is ordered when it is done.

    A killed Odoo, agent or host goes on where it was: the runs are remembered, and every verb may be asked twice.
    """

    _inherit = "linserv.restore"

    def action_start(self):
        """Begin at once, without waiting for the day."""
        self._check_user()
        for restore in self.sudo():
            restore._start()

    def action_retry(self):
        """Take up a failed restore where it stopped."""
        self._check_user()
        for restore in self.sudo():
            restore._lock()
            if restore.state != restores.FAILED:
                continue
            restore._retry()

    def _retry(self):
        if not self.point_id:
            self.write({"state": "preparing", "error": False, "attempt": self.attempt + 1})
            self._begin()
            return
        step = restores.retry_step(self.kind, self._is_same_host(), self.step)
        self.point_id._hold(self._hold_reason())
        self.write({"state": restores.STATE_OF_STEP[step], "error": False, "attempt": self.attempt + 1})
        self._order_step(step)

    def action_remove(self):
        """Remove a test copy before its time."""
        self._check_user()
        for restore in self.sudo():
            if restore.state != "published" or restore.kind != "test_copy":
                raise UserError(_("Only a test copy that is in use can be removed."))
            restore._order_removal()

    def _start(self):
        """Choose the point, hold it and order the first step; an order that was started is not again."""
        self.ensure_one()
        self._lock()
        if self.state != "ordered":
            return
        self._move("start", date_started=fields.Datetime.now())
        self._begin()

    def _begin(self):
        point = self._find_point(self.point_time)
        if not point:
            self._fail(_("There is no proved backup to restore from."))
            return
        self.write(dict(self._prepare_target_vals(), point_id=point.id, point_slot=point.slot))
        point._hold(self._hold_reason())
        self._order_step(self._first_step())

    def _prepare_target_vals(self):
        database = self.instance_id.database or self.instance_id.technical_name
        if self.kind != "test_copy":
            return {"database": database, "url": self.instance_id.url}
        name = restores.copy_name(database, self.date_wanted, self.id)
        return {"database": name, "url": self.target_host_id._get_copy_url(name)}

    def _hold_reason(self):
        return "restore %s" % self.name

    def _release_point(self):
        if self.point_id:
            self.point_id._release(self._hold_reason())

    def _is_same_host(self):
        return self.source == "backup" and self.target_host_id == self.instance_id.host_id

    def _first_step(self):
        return restores.next_step(self.kind, self._is_same_host(), None)

    def _order_step(self, step):
        """Order a step as a run; the same step of the same attempt is one run."""
        self.ensure_one()
        where, verb, detached, deadline = restores.STEPS[step]
        repository = self._get_repository()
        source = repository.host_id if self.source == "backup" else repository.dr_host_id
        host = self.target_host_id if where == "target" else source
        if verb == "deliver":
            verb = "repo.deliver" if self.source == "backup" else "dr.deliver"
        own = self.instance_id if step == "prepare" and host == self.instance_id.host_id else None
        run = host.sudo()._queue_run(
            verb,
            getattr(self, "_prepare_%s_args" % step)(),
            instance=own,
            origin=self,
            idempotency_key="restore.%s:%d:%d" % (step, self.id, self.attempt),
            deadline=deadline,
            detached=detached,
        )
        self.write({"run_id": run.id, "step": step})

    def _prepare_authorise_args(self):
        return {"public_key": self._get_delivery_key(), "role": "deliver"}

    def _get_delivery_key(self):
        repository = self._get_repository()
        return repository.public_key if self.source == "backup" else repository.dr_public_key

    def _prepare_prepare_args(self):
        manifest = json.loads(self.point_id.manifest or "{}")
        dump, files = manifest.get("dump") or {}, manifest.get("files") or {}
        lasting = (self.company_id.linserv_copy_days + GRACE_DAYS) * SECONDS_A_DAY
        expected = {
            "sha256": dump.get("sha256") or self.point_id.sha256 or "",
            "bytes": int(dump.get("bytes") or self.point_id.dump_bytes),
            "files_root": None if files.get("missing") or files.get("odd") else files.get("root"),
            "files_bytes": int(files.get("bytes") or 0),
        }
        return {
            "restore": self.key,
            "database": self.database,
            "kind": self.kind,
            "expected": expected,
            "expires": int(fields.Datetime.now().timestamp()) + lasting,
        }

    def _prepare_deliver_args(self):
        repository = self._get_repository()
        return {
            "repository": repository.name,
            "name": self.point_id.name,
            "restore": self.key,
            "target": self.target_host_id.sudo()._prepare_peer(),
            "with_files": True,
        }

    def _prepare_load_args(self):
        return {"restore": self.key}

    _prepare_check_args = _prepare_publish_args = _prepare_drop_args = _prepare_load_args

    def _prepare_swap_args(self):
        return {"restore": self.key, "confirm": self.database}

    def _prepare_neutralise_args(self):
        parts = urlsplit(self.url or "")
        return {
            "restore": self.key,
            "kind": self.kind,
            "anonymise": self.anonymise,
            "passwords": self.passwords,
            "url": "%s://%s" % (parts.scheme, parts.netloc),
            "ribbon": self._say_ribbon(),
        }

    def _say_ribbon(self):
        """Return the text on every page of the copy, in the customer's language."""
        lang = self.instance_id.partner_id.lang or self.env.lang
        return self.with_context(lang=lang)._say_ribbon_in_context()

    def _say_ribbon_in_context(self):
        last = fields.Datetime.add(fields.Datetime.now(), days=self.company_id.linserv_copy_days)
        return _(
            "TEST COPY: as it was %(taken)s. It sends nothing and fetches nothing. It is removed on %(last)s.",
            taken=self._format_moment(self.point_slot),
            last=format_date(self.env, fields.Date.to_date(last)),
        )

    def _on_run_done(self, run, result):
        """Go on with the next step; what an earlier attempt has answered late is of no account."""
        super()._on_run_done(run, result)
        if run != self.run_id:
            return
        step = self.step
        take = getattr(self, "_take_%s" % step, None)
        if take:
            take(result)
        event = restores.EVENTS.get(step)
        if event and self.state in restores.WORKING:
            self._move(event)
        if self.state in restores.WORKING:
            following = restores.next_step(self.kind, self._is_same_host(), step)
            if following:
                self._order_step(following)

    def _take_neutralise(self, result):
        closed = result.get("closed") or {}
        self.closed_text = "\n".join("%s: %s" % pair for pair in sorted(closed.items()))

    def _take_check(self, result):
        """A copy with a single open channel is never shown."""
        self.looked_at = result.get("looked_at") or 0
        live = result.get("live")
        if live != [] or not self.looked_at:
            told = ", ".join("%(code)s (%(place)s)" % each for each in live or [])
            self._fail(_("The copy could still reach somebody: %s", told or _("nothing was checked")))

    def _take_load(self, _result):
        self._note_time()
        self._release_point()
        self._remind(_("Restored: swap it in when you have decided"))

    def _take_publish(self, _result):
        now = fields.Datetime.now()
        self._note_time()
        self._release_point()
        self._forget_key()
        self.write({"date_published": now, "date_expires": restores.expires_on(now, self.company_id.linserv_copy_days)})
        self._confirm("published")

    def _take_swap(self, result):
        self._move("published", date_published=fields.Datetime.now(), kept_database=result.get("kept") or False)
        text = _("The restored database is in service. The former one is kept as %s.", result.get("kept") or "-")
        self.message_post(body=html_escape(text))

    def _take_drop(self, _result):
        if self.state == "published":
            self._move("expire")
        self._forget_key()

    def _note_time(self):
        began = self.date_started or fields.Datetime.now()
        self.seconds = int((fields.Datetime.now() - began).total_seconds())

    def _forget_key(self):
        """Take the delivery's key away from another host, unless another delivery needs it."""
        others = self.search_count(
            [
                ("id", "!=", self.id),
                ("target_host_id", "=", self.target_host_id.id),
                ("instance_id", "=", self.instance_id.id),
                ("state", "in", restores.WORKING),
            ]
        )
        if self._is_same_host() or others or not self._get_delivery_key():
            return
        self.target_host_id.sudo()._queue_run(
            "key.revoke",
            {"public_key": self._get_delivery_key()},
            idempotency_key="restore.revoke:%d:%d" % (self.id, self.attempt),
            deadline=30,
        )

    def _on_run_failed(self, run, error):
        super()._on_run_failed(run, error)
        if run != self.run_id:
            return
        if self.state in restores.WORKING:
            self._fail(error.get("message") or error.get("code"))
        else:
            self.error = error.get("message") or error.get("code")
            self._remind(_("A step of %s has failed", self.name), self.error)

    def _fail(self, reason):
        """Stop and tell a person; nothing half-made is visible, and it can be taken up where it stopped."""
        self._move("fail", error=reason)
        self._remind(_("%s has failed", self.name), reason)

    def _remind(self, summary, note=""):
        """Schedule an activity for whoever ordered it, or for a manager of backups."""
        user = self.ordered_by_id.user_ids.filtered(lambda each: each.has_group("base.group_user"))[:1]
        if not user:
            managers = self.env.ref("linserv_backup.linserv_backup_group_manager").users
            user = managers.filtered(lambda each: self.company_id in each.company_ids and each.id != 1)[:1]
        if self.activity_ids.filtered(lambda each: each.summary == summary):
            return
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=summary,
            note=html_escape(note or ""),
            user_id=(user or self.env.user).id,
        )

    def _order_swap(self, user):
        """Order that the restored database takes the place of the one in service; twice is once.

        sudo: a manager of backups need not be allowed to write restores and runs.
        """
        restore = self.sudo()
        restore._lock()
        if restore.state != "ready":
            raise UserError(_("%s is not ready to be swapped in.", restore.name))
        if restore.step == "swap":
            if restore.run_id.state in LIVE_RUNS:
                return
            restore.attempt += 1
        restore._order_step("swap")
        restore.message_post(body=html_escape(_("%s has decided to swap it in.", user.name)))

    def _order_removal(self):
        """Order that the copy is removed; a removal under way is not ordered again."""
        if self.step == "drop" and self.run_id.state in LIVE_RUNS:
            return
        if self.step == "drop":
            self.attempt += 1
        self._order_step("drop")
