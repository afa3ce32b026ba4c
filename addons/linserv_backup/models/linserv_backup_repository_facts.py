from datetime import datetime, time

from odoo import fields, models

from ..domain import drills, report_month
from ..domain.report_month import Slot


class LinservBackupRepository(models.Model):
    """What the papers for customers say of a repository, as plain values."""

    _inherit = "linserv.backup.repository"

    def _get_plans(self, day):
        """Return the plans that are in force on a day, the database's first."""
        self.ensure_one()
        order = {"db": 0, "fs": 1, "dr": 2}
        return self.plan_ids.filtered(
            lambda plan: plan.date_from <= day and (not plan.date_to or plan.date_to >= day)
        ).sorted(lambda plan: (order[plan.kind], plan.id))

    def _get_policy_text(self, day):
        """Return the policies in force, such as "DB 90/48, FS 90/4, DR 14/1"."""
        return ", ".join(self._get_plans(day).mapped("name"))

    def _get_month(self, first):
        """Return the kinds of points of a month: a list of report_month.Kind, only those that had slots.

        :param first: the month's first day
        """
        self.ensure_one()
        begin, end = _midnight(first), min(_midnight(report_month.next_month(first)), fields.Datetime.now())
        found = [self._get_month_of_kind(kind, begin, end) for kind in ("db", "fs", "dr")]
        return [each for each in found if each.expected]

    def _get_month_of_kind(self, kind, begin, end):
        points = self.env["linserv.backup.point"].sudo()
        mine = [("repository_id", "=", self.id), ("kind", "=", kind)]
        rows = points.search_read([*mine, ("slot", ">=", begin), ("slot", "<", end)], ["slot", "state", "reason"])
        slots = [Slot(row["slot"], row["state"], row["reason"] or "") for row in rows]
        counted = [*mine, ("slot", "<", begin), ("state", "in", report_month.COUNTED)]
        before = points.search(counted, order="slot desc", limit=1).slot or None
        return report_month.summarize(kind, slots, end, before)

    def _get_drills_of_month(self, first):
        """Return the drills of a month that were held, oldest first."""
        self.ensure_one()
        domain = [
            ("repository_id", "=", self.id),
            ("state", "in", drills.HELD),
            ("date_held", ">=", _midnight(first)),
            ("date_held", "<", _midnight(report_month.next_month(first))),
        ]
        return self.env["linserv.backup.drill"].sudo().search(domain, order="date_held, id")

    def _get_recent_drills(self, limit=12):
        """Return the latest drills that were held, newest first."""
        self.ensure_one()
        domain = [("repository_id", "=", self.id), ("state", "in", drills.HELD)]
        return self.env["linserv.backup.drill"].sudo().search(domain, order="date_held desc, id desc", limit=limit)

    def _get_rpo_and_rto(self, first):
        """Return (longest time to a proved database point, longest time to usable), in seconds, of a month.

        Either is None where nothing says it. The staff's dashboard asks the same.
        """
        self.ensure_one()
        databases = [kind for kind in self._get_month(first) if kind.kind == "db"]
        longest = databases[0].longest if databases else None
        proved = self._get_drills_of_month(first).filtered(lambda drill: drill.state == "proved")
        return longest.total_seconds() if longest is not None else None, max(
            proved.mapped("usable_seconds"), default=None
        )


def _midnight(day):
    return datetime.combine(day, time.min)
