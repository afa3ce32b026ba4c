import logging

import psycopg2

from odoo import api, fields, models

from ..domain import slots
from ..domain.slots import DAY

_logger = logging.getLogger(__name__)
LATE_SECONDS = 12 * 3600
PLANS_A_TIME = 500


class LinservBackupPlan(models.Model):
    """The slots that have come: each becomes a point that is due, or a recorded gap."""

    _inherit = "linserv.backup.plan"

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        for plan in plans:
            plan._wait_for_next(plan._epoch(plan.date_begun))
        return plans

    def write(self, vals):
        result = super().write(vals)
        if {"date_from", "date_to", "points", "weekdays", "times", "window_from", "window_to"} & set(vals):
            for plan in self:
                plan._wait_for_next(plan._epoch(plan.date_slots_to or plan.date_begun))
        return result

    def _wait_for_next(self, settled):
        """Note up to which slot the plan is settled, and when the next one is due (never, where the plan has ended)."""
        self.ensure_one()
        promise = self._get_promise()
        following = slots.next_slot(promise.schedule, max(settled, promise.begin - 1))
        over = following is None or (promise.end is not None and following >= promise.end)
        self.write(
            {
                "date_slots_to": self._moment(settled),
                "date_next": False if over else self._moment(following + self._get_place()),
            }
        )

    @api.model
    def _cron_order(self):
        """Settle the slots that have come and begin what is due; a plan that fails does not stop the others."""
        self._order_due()
        self.env["linserv.backup.point"]._start_due()

    @api.model
    def _order_due(self, limit=PLANS_A_TIME):
        """Make points of the slots that have come, for at most `limit` plans; return the points that are due."""
        now = self._epoch(fields.Datetime.now())
        plans = self._lock_due(limit)
        existing = plans._find_settled()
        points = self.env["linserv.backup.point"]
        for plan in plans:
            try:
                with self.env.cr.savepoint(flush=False):
                    points |= plan._settle(now, existing)
            except (ValueError, psycopg2.Error):
                _logger.exception("The slots of backup plan %s could not be settled", plan.id)
        return points

    @api.model
    def _lock_due(self, limit):
        """Return the plans whose next slot has come; those that somebody else settles at this moment are left out."""
        self.flush(["date_next"])
        self.env.cr.execute(
            "SELECT id FROM linserv_backup_plan WHERE date_next <= %s ORDER BY date_next, id LIMIT %s"
            " FOR UPDATE SKIP LOCKED",
            [fields.Datetime.now(), limit],
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    def _find_settled(self):
        """Return {(repository id, kind, slot)} of what has a point already among the slots that are open."""
        if not self:
            return set()
        since = min(plan.date_slots_to or plan.date_begun for plan in self)
        self.env["linserv.backup.point"].flush(["repository_id", "kind", "slot"])
        self.env.cr.execute(
            "SELECT repository_id, kind, slot FROM linserv_backup_point WHERE repository_id = ANY(%s) AND slot > %s",
            [self.repository_id.ids, since],
        )
        return {(repository, kind, self._epoch(slot)) for repository, kind, slot in self.env.cr.fetchall()}

    def _settle(self, now, existing):
        """Make points of the slots up to `now`: the newest may still be taken, older ones are gaps."""
        self.ensure_one()
        come = self._list_come(now)
        new = [slot for slot in come if (self.repository_id.id, self.kind, slot) not in existing]
        points = self.env["linserv.backup.point"].create([self._prepare_point_vals(slot, come, now) for slot in new])
        self._wait_for_next(come[-1] if come else self._epoch(self.date_slots_to))
        return points.filtered(lambda point: point.state == "due")

    def _list_come(self, now):
        """Return the slots that have come and are not settled, within the days that the plan keeps."""
        promise = self._get_promise()
        after = max(self._epoch(self.date_slots_to or self.date_begun), promise.begin - 1, now - promise.days * DAY)
        until = now - self._get_place()
        return slots.between(promise.schedule, after, until if promise.end is None else min(until, promise.end - 1))

    def _prepare_point_vals(self, slot, come, now):
        vals = {"repository_id": self.repository_id.id, "plan_id": self.id, "kind": self.kind}
        vals["slot"] = self._moment(slot)
        if self.repository_id.state != "ready":
            return dict(vals, state="missed", failure_class="configuration", reason="not_connected")
        if slot != come[-1] or self._worth_until(slot) <= now:
            return dict(vals, state="missed", failure_class="transient", reason="odoo_down")
        return dict(vals, state="due", name=slots.point_name(self.kind, slot))

    def _worth_until(self, slot):
        """Return until when a point of the slot may still be begun."""
        return slots.worth_until(self._get_schedule(), slot, LATE_SECONDS) + self._get_place()
