from odoo import api, fields, models


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    pack_ids = fields.One2many("linserv.hour.pack", "subscription_id", string="Prepaid pack")

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        subscriptions._open_packs()
        return subscriptions

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "active":
            self._open_packs()
        return result

    def _open_packs(self):
        """Open the pack of each sold one that is in force. A credit of a pack is no pack."""
        for subscription in self.sudo():
            sold = subscription.service_id.pack_hours and subscription.state == "active"
            if sold and not subscription.pack_ids and subscription.price_unit >= 0:
                subscription.contract_id._open_pack(subscription)
