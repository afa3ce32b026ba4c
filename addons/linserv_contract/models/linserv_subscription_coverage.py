from odoo import models


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    def _is_on(self, day):
        """Tell whether the service is given on ``day``."""
        self.ensure_one()
        return self.date_start <= day and (not self.date_end or day <= self.date_end)
