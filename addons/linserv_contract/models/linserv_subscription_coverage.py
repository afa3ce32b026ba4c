from odoo import models


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    def _is_on(self, day):
        """Tell whether the service is given on ``day``: between its first and last day, and not paused."""
        self.ensure_one()
        if self.pause_ids.filtered(
            lambda pause: pause.date_from <= day and (not pause.date_to or day <= pause.date_to)
        ):
            return False
        return self.date_start <= day and (not self.date_end or day <= self.date_end)
