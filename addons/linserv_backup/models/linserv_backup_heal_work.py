import json

from odoo import _, fields, models

from ..domain import healing
from ..domain.values import AnswerRefusedError

LONG, SHORT = 6 * 3600, 600


class LinservBackupHeal(models.Model):
    """The steps of a healing: each is a run, the next one is ordered when it is done. Every verb may be asked twice."""

    _inherit = "linserv.backup.heal"

    def _get_orders(self):
        """Return step -> (host, verb, arguments, deadline, detached)."""
        repository = self.repository_id
        host, dr_host, base = repository.host_id, repository.dr_host_id, {"repository": repository.name}
        generation = dict(base, generation=self.generation)
        damaged = dict(base, names=self._lines("damaged_names"))
        return {
            "check": (host, "repo.check", base, LONG, True),
            "offer": (dr_host, "dr.offer", base, SHORT, True),
            "renew": (host, "repo.renew", generation, SHORT, True),
            "authorise": (host, "key.authorize", {"public_key": self.public_key, "role": "heal"}, 30, False),
            "push": (dr_host, "dr.heal", dict(base, names=self._lines("todo_names")), LONG, True),
            "verify": (host, "repo.verify", damaged, LONG, True),
            "revoke": (host, "key.revoke", {"public_key": self.public_key}, 30, False),
            "dr_check": (dr_host, "dr.check", base, LONG, True),
            "dr_renew": (dr_host, "dr.renew", generation, SHORT, True),
            "refill": (dr_host, "dr.pull", base, LONG, True),
            "dr_verify": (dr_host, "dr.verify", damaged, LONG, True),
        }

    def _order_step(self, step):
        """Order a step; the same step of the same attempt is one run (each copy that is made again is one)."""
        self.ensure_one()
        host, verb, args, deadline, detached = self._get_orders()[step]
        if step == "push":
            # sudo: whoever manages backups need not be allowed to read the fleet.
            args["target"] = self.repository_id.host_id.sudo()._prepare_peer()
        if step == "refill":
            args = dict(args, **self._prepare_refill_args())
        which = self._lines("todo_names")[0] if step == "refill" else ""
        run = host.sudo()._queue_run(
            verb,
            args,
            origin=self,
            idempotency_key="backup.heal:%d:%d:%s:%s" % (self.id, self.attempt, step, which),
            deadline=deadline,
            detached=detached,
        )
        self.write({"step": step, "run_id": run.id})

    def _prepare_refill_args(self):
        """Return which copy is made again, and out of which point."""
        name = self._lines("todo_names")[0]
        now = self.env["linserv.backup.plan"]._epoch(fields.Datetime.now())
        return {"slot": name.partition("-")[2], "name": self._get_sources()[name], "now": now}

    def _get_sources(self):
        """Return copy -> the point that it was made of, as the copies' manifests say."""
        copies = self.env["linserv.backup.point"].search(
            [("repository_id", "=", self.repository_id.id), ("kind", "=", "dr"), ("name", "!=", False)]
        )
        found = {copy.name: (json.loads(copy.manifest or "{}").get("source") or {}).get("name") for copy in copies}
        return {copy: point for copy, point in found.items() if point}

    def _on_run_done(self, run, result):
        if run == self.run_id and self.state == "running":
            try:
                getattr(self, "_finish_%s" % self.step, self._finish_nothing)(result)
            except AnswerRefusedError as error:
                self._fail("%s: %s" % (error.code, error.detail))
            else:
                self._go_on()
        return super()._on_run_done(run, result)

    def _on_run_failed(self, run, error):
        if run == self.run_id and self.state == "running":
            if self.step == "refill":
                self._give_up_copy()
            else:
                self._fail(error.get("message") or error.get("code"))
        return super()._on_run_failed(run, error)

    def _go_on(self):
        step = healing.next_step(self.side, self.step, self._lines("damaged_names"), self._lines("todo_names"))
        if step:
            self._order_step(step)
        else:
            self._end()

    def _end(self):
        if self.error:
            state = "failed"
        elif not self.damaged_count:
            state = "nothing"
        else:
            state = "partly" if self.lost_names else "done"
        self.write({"state": state, "date_ended": fields.Datetime.now()})
        # The list tells what is readable now: the points and the proof of the day follow it.
        self.repository_id._order_list("heal-%d-%d" % (self.id, self.attempt))

    def _fail(self, message):
        """Note why it failed; first the door is closed that was opened for it."""
        self.error = message
        step = healing.step_after_failure(self.step)
        if step:
            self._order_step(step)
        else:
            self._end()

    def _give_up_copy(self):
        """The backup host has the point of this copy no longer: the others are still made."""
        names = self._lines("todo_names")
        self._put(todo_names=names[1:], lost_names=[*self._lines("lost_names"), names[0]])
        self._go_on()

    def _finish_nothing(self, result):
        """Steps that answer nothing that is needed."""

    def _finish_check(self, result):
        damaged = healing.read_damaged(result)
        self.generation = healing.read_generation(result, self.repository_id.generation or 1)
        self._put(damaged_names=damaged)
        self.damaged_count = len(damaged)

    def _finish_dr_check(self, result):
        self._finish_check(result)
        sources = self._get_sources()
        names = self._lines("damaged_names")
        self._put(
            todo_names=[name for name in names if name in sources],
            lost_names=[name for name in names if name not in sources],
        )

    def _finish_offer(self, result):
        plan = healing.plan(self._lines("damaged_names"), healing.read_sources(result))
        self.public_key = self.repository_id._read_key(result)
        self._put(todo_names=sorted(plan.copies.values()), lost_names=plan.lost)

    def _finish_renew(self, result):
        self.repository_id.generation = self.repository_id._read_generation(result)

    def _finish_refill(self, _result):
        self._put(todo_names=self._lines("todo_names")[1:])

    def _finish_verify(self, result):
        """Whatever is readable now counts: points that are built upon one that came back are too."""
        damaged = self._lines("damaged_names")
        left = set(healing.read_damaged(result)) & set(damaged)
        healed = [name for name in damaged if name not in left]
        self._put(healed_names=healed, lost_names=sorted(left))
        self.healed_count = len(healed)
        self.message_post(
            body=_("%(healed)d of %(damaged)d points are readable again.", healed=len(healed), damaged=len(damaged))
        )

    def _finish_dr_verify(self, result):
        self._finish_verify(result)

    def _lines(self, field):
        return (self[field] or "").split()

    def _put(self, **lines):
        self.write({field: "\n".join(names) or False for field, names in lines.items()})
