from odoo import models


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    def _linserv_policies(self):
        """Return the policies that the service gives, as values of the contract's domain."""
        self.ensure_one()
        return [policy for offer in self._backup_offers() for policy in offer.policies]
