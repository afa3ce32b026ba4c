import logging

from odoo import api, fields, models

from ..domain import retention

_logger = logging.getLogger(__name__)
DELETE_DEADLINE = 3600


class LinservBackupDeletion(models.Model):
    """Deleting by two sides: Odoo names what is over by its plans, the host refuses what its own rules forbid."""

    _inherit = "linserv.backup.deletion"

    @api.model
    def _order_expired(self, repository, known, dr):
        """Order the deletion of what is over, out of a repository's own list (domain value); at most once a day."""
        if not retention.clocks_agree(0, repository.dr_clock_skew if dr else repository.clock_skew):
            return
        for kind in ("dr",) if dr else ("db", "fs"):
            names = self._list_expired(repository, kind, known)
            if names and not self._find_of_today(repository, kind):
                self.create([self._prepare_deletion_vals(repository, kind, names)])._order_names()
        repository._order_purge(dr)

    @api.model
    def _list_expired(self, repository, kind, known):
        """Return the names that may go now: listed there, known here, over by the plans, neither held nor the last."""
        now = self.env["linserv.backup.plan"]._epoch(fields.Datetime.now())
        listed = {point.name for point in known.points} - known.damaged - known.held
        rows = [row for row in repository._get_known_points([kind]) if row["state"] in ("proved", "suspect")]
        last = repository._get_last_point(kind)
        keep = [row["slot"] for row in rows if row["held"] or row["name"] in known.held or row["id"] == last.id]
        there = {row["slot"]: row["name"] for row in rows if row["name"] in listed or row["slot"] in keep}
        slots = retention.expired(there, repository._get_promises(kind), now, keep, by_chain=kind == "db")
        return [there[slot] for slot in slots] if last else []

    @api.model
    def _find_of_today(self, repository, kind):
        domain = [("repository_id", "=", repository.id), ("kind", "=", kind), ("date", "=", fields.Date.today())]
        return self.search(domain)

    @api.model
    def _prepare_deletion_vals(self, repository, kind, names):
        return {
            "repository_id": repository.id,
            "kind": kind,
            "date": fields.Date.today(),
            "names": "\n".join(names),
            "name_count": len(names),
        }

    def _order_names(self):
        """Queue the run that asks the host."""
        self.ensure_one()
        repository, dr = self.repository_id, self.kind == "dr"
        args = {
            "repository": repository.name,
            "names": self.names.split("\n"),
            "now": self.env["linserv.backup.plan"]._epoch(fields.Datetime.now()),
            "proved": repository._get_last_point(self.kind).name,
        }
        host = (repository.dr_host_id if dr else repository.host_id).sudo()
        self.run_id = host._queue_run(
            "dr.delete" if dr else "repo.delete",
            args,
            origin=self,
            idempotency_key="backup.delete:%d" % self.id,
            deadline=DELETE_DEADLINE,
            detached=True,
        )

    def _on_run_done(self, run, result):
        super()._on_run_done(run, result)
        if run != self.run_id or self.state != "ordered":
            return
        names = self.names.split("\n")
        points = self.env["linserv.backup.point"].search(
            [("repository_id", "=", self.repository_id.id), ("kind", "=", self.kind), ("name", "in", names)]
        )
        now = fields.Datetime.now()
        # What was held in between stays: the host says at the next list what it still has.
        points.filtered(lambda point: point.state in ("proved", "suspect") and not point.held).write(
            {"state": "trashed", "date_trashed": now}
        )
        self.write({"state": "trashed", "date_done": now})

    def _on_run_failed(self, run, error):
        if run == self.run_id and self.state == "ordered":
            state = "failed" if error.get("retryable") else "refused"
            self.write({"state": state, "reason": (error.get("message") or error.get("code") or "")[:200]})
        return super()._on_run_failed(run, error)


class LinservBackupRepository(models.Model):
    _inherit = "linserv.backup.repository"

    def _order_purge(self, dr):
        """Let the host remove from the disk what has been in the trash for a week; the next list tells what went."""
        self.ensure_one()
        plan = self.env["linserv.backup.plan"]
        now = fields.Datetime.now()
        limit = fields.Datetime.subtract(now, days=retention.TRASH_DAYS)
        waiting = [("repository_id", "=", self.id), ("state", "=", "trashed"), ("date_trashed", "<=", limit)]
        kinds = ("dr",) if dr else ("db", "fs")
        if not self.env["linserv.backup.point"].search_count(waiting + [("kind", "in", kinds)]):
            return
        host, verb = (self.dr_host_id, "dr.purge") if dr else (self.host_id, "repo.purge")
        key = "backup.purge:%d:%s:%s" % (self.id, verb, fields.Date.today())
        self._order_run(host, verb, {"repository": self.name, "now": plan._epoch(now)}, key, DELETE_DEADLINE, True)
