from odoo import api, models


class LinservSubscriptionPause(models.Model):
    """A backup is not paused from under the service that needs it. Rule 65."""

    _inherit = "linserv.subscription.pause"

    @api.constrains("date_from", "date_to", "subscription_id")
    def _check_required_backup(self):
        self.subscription_id._check_required_backup()
