import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..domain import listing, retention
from ..domain.values import AnswerRefusedError

_logger = logging.getLogger(__name__)
LIST_DEADLINE = 900
DB_KINDS = ("db", "fs")


class LinservBackupRepository(models.Model):
    """The repository's own list, once a day: what it says is what there is."""

    _inherit = "linserv.backup.repository"

    damaged_count = fields.Integer("Damaged points", readonly=True, copy=False)
    missing_count = fields.Integer("Missing points", readonly=True, copy=False)
    dr_date_listed = fields.Datetime("DR copies listed on", readonly=True, copy=False)
    dr_clock_skew = fields.Integer("DR clock ahead of Odoo's (s)", readonly=True, copy=False)
    dr_repository_bytes = fields.Float("Size of the DR copies (bytes)", digits=(20, 0), readonly=True, copy=False)
    list_error = fields.Char("Listing failed", readonly=True, copy=False)

    def action_prove(self):
        """Ask the hosts for their lists now and prove the retention with them."""
        occasion = fields.Datetime.now().strftime("%Y%m%dT%H%M%S")
        for repository in self:
            repository._order_list(occasion)

    @api.model
    def _cron_prove(self):
        """Order the lists of the day; a repository that fails does not stop the others."""
        today = fields.Date.today()
        for repository in self._find_unlisted(today):
            try:
                with self.env.cr.savepoint():
                    repository._order_list(fields.Date.to_string(today))
            except (UserError, psycopg2.Error):
                _logger.exception("The list of backup repository %s could not be ordered", repository.name)

    @api.model
    def _find_unlisted(self, today):
        start = fields.Datetime.to_datetime(today)
        return self.search(
            [
                ("state", "in", ("ready", "closed")),
                ("public_key", "!=", False),
                "|",
                ("date_listed", "=", False),
                ("date_listed", "<", start),
            ]
        )

    def _order_list(self, occasion):
        """Ask for the list, at most once for an occasion (a day)."""
        self.ensure_one()
        args = {"repository": self.name}
        self._order_run(self.host_id, "repo.list", args, "backup.list:%d:%s" % (self.id, occasion), LIST_DEADLINE, True)
        if self.dr_host_id and self.dr_public_key:
            key = "backup.dr_list:%d:%s" % (self.id, occasion)
            self._order_run(self.dr_host_id, "dr.list", args, key, LIST_DEADLINE, True)

    def _on_run_done(self, run, result):
        if run.verb in ("repo.list", "dr.list"):
            self._take_list(run, result)
        return super()._on_run_done(run, result)

    def _on_run_failed(self, run, error):
        if run.verb in ("repo.list", "dr.list"):
            self.list_error = error.get("message") or error.get("code")
        return super()._on_run_failed(run, error)

    def _take_list(self, run, result):
        """Compare the list with what is known, prove the retention with it, and let go what is over."""
        dr = run.verb == "dr.list"
        try:
            known = listing.read(result, ("dr",) if dr else DB_KINDS)
        except AnswerRefusedError as error:
            self.list_error = "%s: %s" % (error.code, error.detail)
            return
        self._note_list(known, run, dr)
        changed = self._agree_with_list(known, run, dr)
        proofs = self._prove(known, run, ("dr",) if dr else DB_KINDS)
        self._count_missing(proofs)
        self._refresh_freeze()
        if not self.frozen:
            self.env["linserv.backup.deletion"]._order_expired(self, known, dr)
        if changed:
            self._find_last_points()

    def _note_list(self, known, run, dr):
        vals = {"list_error": False}
        if dr:
            vals.update(dr_date_listed=fields.Datetime.now(), dr_clock_skew=self._get_skew(known.clock, run))
            vals["dr_repository_bytes"] = known.repository_bytes
        else:
            vals.update(
                date_listed=fields.Datetime.now(),
                clock_skew=self._get_skew(known.clock, run),
                free_bytes=known.free_bytes,
                total_bytes=known.total_bytes,
                repository_bytes=known.repository_bytes,
                growth_bytes=self._get_growth(),
                damaged_count=len(known.damaged),
            )
        self.with_context(tracking_disable=True).write(vals)

    @api.model
    def _get_skew(self, clock, run):
        """Return how far the host's clock is off: it was read at some moment between the order and the answer."""
        plan = self.env["linserv.backup.plan"]
        first, last = plan._epoch(run.date_started or run.date_queued), plan._epoch(fields.Datetime.now())
        if first <= clock <= last:
            return 0
        return clock - (first if clock < first else last)

    def _get_growth(self):
        """Return how many bytes a day the points of the last week took."""
        since = fields.Datetime.now() - timedelta(days=7)
        self.env.cr.execute(
            "SELECT coalesce(sum(bytes_stored), 0) / 7 FROM linserv_backup_point"
            " WHERE repository_id = %s AND kind IN ('db', 'fs') AND slot > %s",
            [self.id, since],
        )
        return float(self.env.cr.fetchone()[0])

    def _refresh_freeze(self):
        """Decide anew whether anything may be deleted."""
        for repository in self:
            codes = " ".join(retention.freeze_codes(repository._get_health())) or False
            if codes != (repository.freeze_codes or False):
                repository.write({"freeze_codes": codes, "frozen": bool(codes)})

    def _note_trouble(self):
        """A point was settled: it may freeze the retention, or end what froze it."""
        self.sudo()._refresh_freeze()

    def _get_health(self):
        self.ensure_one()
        plans = self.env["linserv.backup.plan"]
        now = plans._epoch(fields.Datetime.now())
        newest = self.last_db_point_id or self.last_fs_point_id
        return retention.Health(
            now=now,
            host_clock=now + self.clock_skew,
            suspect=self.env["linserv.backup.point"].search_count(
                [("repository_id", "=", self.id), ("state", "=", "suspect")]
            ),
            damaged=self.damaged_count,
            missing=self.missing_count,
            faulty_drills=len(self.sudo()._get_faulty_drills()),
            last_failure=self._get_last_failure(),
            newest_proved=plans._epoch(newest.slot) if newest else None,
            runs=any(plan.kind != "dr" and plan._is_open() for plan in self.plan_ids),
        )

    def _get_last_failure(self):
        """Return the class of the newest database point that was settled, when it failed."""
        settled = [
            ("repository_id", "=", self.id),
            ("kind", "=", "db"),
            ("state", "in", ("proved", "suspect", "failed")),
        ]
        last = self.env["linserv.backup.point"].search(settled, limit=1, order="slot desc")
        return last.failure_class if last.state == "failed" else ""

    def _find_last_points(self):
        """Note the newest proved point of each kind again, after the list changed what is proved."""
        for kind in ("db", "fs", "dr"):
            newest = self.env["linserv.backup.point"].search(
                [("repository_id", "=", self.id), ("kind", "=", kind), ("state", "=", "proved")],
                limit=1,
                order="slot desc",
            )
            if newest != self._get_last_point(kind):
                self["last_%s_point_id" % kind] = newest

    def _get_promises(self, kind):
        """Return what the plans of a kind owe, as values of the domain."""
        return [plan._get_promise() for plan in self.plan_ids if plan.kind == kind]

    def _get_known_points(self, kinds):
        """Return the points of these kinds as rows, slots as epoch. By SQL: there are thousands."""
        self.env["linserv.backup.point"].flush()
        self.env.cr.execute(
            "SELECT id, name, kind, extract(epoch FROM slot)::bigint AS slot, state, reason, held,"
            " date_proved, date_trashed FROM linserv_backup_point"
            " WHERE repository_id = %s AND kind = ANY(%s) AND state <> 'removed'",
            [self.id, list(kinds)],
        )
        return self.env.cr.dictfetchall()

    def _count_missing(self, proofs):
        if "dr" not in proofs.mapped("kind"):
            self.missing_count = sum(proofs.mapped("missing"))
