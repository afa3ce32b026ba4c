from odoo import _, fields, models
from odoo.exceptions import UserError

from ..domain import slots


class LinservBackupRepository(models.Model):
    """A point beside the plan, taken at once: before an upgrade, or before somebody repairs data by hand."""

    _inherit = "linserv.backup.repository"

    def action_take_now(self):
        """Take a point of the database now. It is kept as long as those of the plan; no slot and no proof misses it.

        :return: a notification that says what happens now
        :raise UserError: the repository is not connected
        """
        self.check_access_rights("write")
        self.check_access_rule("write")
        for repository in self:
            repository._take_now()
        text = _("The point is being taken. It is listed among the points, and counts when it has been read back.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": text, "type": "success", "next": {"type": "ir.actions.act_window_close"}},
        }

    def _take_now(self):
        """Return the point that is due now; one that waits already is that one. sudo: nobody may write points."""
        self.ensure_one()
        if self.state != "ready":
            raise UserError(_("%s is not connected: no point can be taken.", self.name))
        points = self.env["linserv.backup.point"].sudo()
        now, own = fields.Datetime.now(), [("repository_id", "=", self.id), ("kind", "=", "db")]
        waiting = ["&", ("plan_id", "=", False), ("state", "in", ("due", "running"))]
        point = points.search([*own, "|", ("slot", "=", now), *waiting], limit=1)
        if not point:
            name = slots.point_name("db", self.env["linserv.backup.plan"]._epoch(now))
            vals = {"repository_id": self.id, "kind": "db", "slot": now, "name": name, "state": "due"}
            point = points.create([vals])
        points._start_due()
        return point
