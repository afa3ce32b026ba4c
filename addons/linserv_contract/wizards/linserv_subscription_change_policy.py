from odoo import api, fields, models


class LinservSubscriptionChange(models.TransientModel):
    """Ending a backup that another service needs: end both, or keep both. Rule 65."""

    _inherit = "linserv.subscription.change"

    dependent_ids = fields.Many2many(
        "linserv.subscription", compute="_compute_dependent_ids", string="Need this backup"
    )
    end_dependents = fields.Boolean("End these too", help="Else nothing is ended: neither is sold without the backup.")

    @api.depends("subscription_id", "kind", "date")
    def _compute_dependent_ids(self):
        for wizard in self:
            ending = wizard.kind == "end" and wizard.date and wizard.subscription_id
            wizard.dependent_ids = ending and wizard.subscription_id._left_without_backup(wizard.date)

    def action_apply(self):
        if self.end_dependents:
            self.dependent_ids._end(self.date)
        return super().action_apply()
