from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import healing
from ..domain.values import AnswerRefusedError

SCRUB_DAYS = 7
SCRUBS_AT_ONCE = 2
SCRUB_DEADLINE = 6 * 3600


class LinservBackupRepository(models.Model):
    """Every byte of both repositories is read once a week; what is found damaged is healed from the other host."""

    _inherit = "linserv.backup.repository"

    scrub_date = fields.Datetime("Every byte read on", readonly=True, copy=False)
    dr_scrub_date = fields.Datetime("Every byte of the DR copies read on", readonly=True, copy=False)
    scrub_text = fields.Text("Found damaged", readonly=True, copy=False)
    dr_scrub_text = fields.Text("Found damaged on the DR host", readonly=True, copy=False)
    heal_ids = fields.One2many("linserv.backup.heal", "repository_id", string="Healings")
    heal_count = fields.Integer(compute="_compute_heal_count", string="Number of healings")

    @api.depends("heal_ids")
    def _compute_heal_count(self):
        groups = self.env["linserv.backup.heal"].read_group(
            [("repository_id", "in", self.ids)], ["repository_id"], ["repository_id"]
        )
        counts = {group["repository_id"][0]: group["repository_id_count"] for group in groups}
        for repository in self:
            repository.heal_count = counts.get(repository.id, 0)

    def action_heal(self):
        """Heal the repository on the backup host from the DR host, and show how it goes."""
        return self._heal("backup")

    def action_heal_dr(self):
        """Make damaged copies on the DR host again, and show how it goes."""
        return self._heal("dr")

    def _heal(self, side):
        self.ensure_one()
        if not self.env.su and not self.env.user.has_group("linserv_backup.linserv_backup_group_manager"):
            raise UserError(_("Only managers of the backups heal a repository."))
        heal = self.env["linserv.backup.heal"]._open(self, side)
        return {
            "type": "ir.actions.act_window",
            "res_model": "linserv.backup.heal",
            "res_id": heal.id,
            "views": [(False, "form")],
        }

    def action_view_heals(self):
        """Show the healings of the repository."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_backup.linserv_backup_heal_action")
        return dict(action, domain=[("repository_id", "=", self.id)])

    def action_scrub(self):
        """Let both hosts read every byte now."""
        occasion = fields.Datetime.now().strftime("%Y%m%dT%H%M%S")
        for repository in self:
            repository._order_scrub("repo.check", occasion)
            if repository.dr_public_key:
                repository._order_scrub("dr.check", occasion)

    @api.model
    def _cron_scrub(self):
        """Order the weekly reading of every byte, a few repositories at a time, the longest waiting first."""
        today = fields.Date.to_string(fields.Date.today())
        for repository in self._find_unread("scrub_date", "public_key"):
            repository._order_scrub("repo.check", today)
        for repository in self._find_unread("dr_scrub_date", "dr_public_key"):
            repository._order_scrub("dr.check", today)

    @api.model
    def _find_unread(self, field, key):
        """Return a few repositories that were never read to the last byte, or else those where it is longest ago."""
        connected = [("state", "=", "ready"), (key, "!=", False)]
        limit = fields.Datetime.now() - timedelta(days=SCRUB_DAYS)
        never = self.search(connected + [(field, "=", False)], order="id", limit=SCRUBS_AT_ONCE)
        return never or self.search(connected + [(field, "<", limit)], order=field, limit=SCRUBS_AT_ONCE)

    def _order_scrub(self, verb, occasion):
        host = self.host_id if verb == "repo.check" else self.dr_host_id
        key = "backup.scrub:%d:%s:%s" % (self.id, verb, occasion)
        return self._order_run(host, verb, {"repository": self.name}, key, SCRUB_DEADLINE, True)

    def _on_run_done(self, run, result):
        if run.verb in ("repo.check", "dr.check"):
            self._take_scrub(run.verb == "dr.check", result)
        return super()._on_run_done(run, result)

    def _take_scrub(self, dr, result):
        """Note what was found; a damage is told to the list at once, which freezes the retention."""
        try:
            damaged = healing.read_damaged(result)
            text = "\n".join(damaged)
        except AnswerRefusedError as error:
            damaged, text = (), error.detail
        prefix = "dr_" if dr else ""
        self.write({prefix + "scrub_date": fields.Datetime.now(), prefix + "scrub_text": text or False})
        if damaged:
            self._order_list("scrub-%s" % fields.Datetime.now().strftime("%Y%m%dT%H%M%S"))
