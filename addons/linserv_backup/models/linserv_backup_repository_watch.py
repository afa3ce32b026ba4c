from odoo import api, fields, models


class LinservBackupRepository(models.Model):
    """Since when nothing is deleted, and what is promised today."""

    _inherit = "linserv.backup.repository"

    date_frozen = fields.Datetime("Nothing deleted since", compute="_compute_date_frozen", store=True, copy=False)

    @api.depends("frozen")
    def _compute_date_frozen(self):
        for repository in self:
            repository.date_frozen = repository.frozen and (repository.date_frozen or fields.Datetime.now())

    def _get_plans_in_force(self):
        """Return the plans of today, the database first."""
        today = fields.Date.context_today(self)
        plans = self.plan_ids.filtered(
            lambda plan: plan.date_from <= today and (not plan.date_to or plan.date_to >= today)
        )
        return plans.sorted(lambda plan: ("db", "fs", "dr").index(plan.kind))
