from odoo import _, fields, models
from odoo.exceptions import UserError

from ..domain import drill_schedule, drills


class LinservBackupRepository(models.Model):
    """The drills of a repository."""

    _inherit = "linserv.backup.repository"

    drill_ids = fields.One2many("linserv.backup.drill", "repository_id", string="Drills")
    drill_count = fields.Integer(compute="_compute_drill_count", string="Number of drills")

    def _compute_drill_count(self):
        groups = self.env["linserv.backup.drill"].read_group(
            [("repository_id", "in", self.ids), ("state", "in", drills.HELD)], ["repository_id"], ["repository_id"]
        )
        counts = {group["repository_id"][0]: group["repository_id_count"] for group in groups}
        for repository in self:
            repository.drill_count = counts.get(repository.id, 0)

    def action_drill(self):
        """Order a drill of the newest proved point on the backup host and show it."""
        self.ensure_one()
        return self._order_drill_by_hand("backup", self.last_db_point_id)

    def action_drill_dr(self):
        """Order a drill of the newest copy on the DR host and show it."""
        self.ensure_one()
        return self._order_drill_by_hand("dr", self.last_dr_point_id)

    def _order_drill_by_hand(self, zone, point):
        open_drill = self.drill_ids.filtered(lambda drill: drill.zone == zone and drill.state == "ordered")
        drill = open_drill[:1] or self.env["linserv.backup.drill"]._order_drill(self, point, zone)
        return {
            "type": "ir.actions.act_window",
            "res_model": "linserv.backup.drill",
            "res_id": drill.id,
            "views": [(False, "form")],
        }

    def action_view_drills(self):
        """Show the drills of the repository."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_backup.linserv_backup_drill_action")
        return dict(action, domain=[("repository_id", "=", self.id)], context={})

    def _get_last_drill(self, zone="backup"):
        """Return the last drill in a zone that was held, whatever it found; empty where there is none."""
        self.ensure_one()
        domain = [("repository_id", "=", self.id), ("zone", "=", zone), ("state", "in", drills.HELD)]
        return self.env["linserv.backup.drill"].search(domain, order="date_held desc, id desc", limit=1)

    def _get_faulty_drills(self):
        """Return the drills that found a fault and were not followed by a proved one: somebody must look."""
        last = [repository._get_last_drill(zone) for repository in self for zone in ("backup", "dr")]
        return self.env["linserv.backup.drill"].union(*last).filtered(lambda drill: drill.state == "faulty")

    def _choose_drill_point(self, zone, number):
        """Return the point that a drill restores: every other time the newest, else one of the older ones in turn.

        Every fourth time it is one that was stored whole: the first of its day, whose rows were hashed at the source.

        :raise UserError: there is no proved point
        """
        self.ensure_one()
        kind = {"backup": "db", "dr": "dr"}[zone]
        domain = [
            ("repository_id", "=", self.id),
            ("kind", "=", kind),
            ("state", "=", "proved"),
            ("name", "!=", False),
        ]
        points = self.env["linserv.backup.point"].sudo()
        whole = [*domain, ("form", "=", "whole")]
        if drill_schedule.takes_hashed(number) and points.search_count(whole):
            domain = whole
        count = points.search_count(domain)
        if not count:
            raise UserError(_("%s has no proved point that could be restored.", self.display_name))
        offset = drill_schedule.pick(count, number)
        return points.search(domain, order="slot desc, id desc", offset=offset, limit=1)
