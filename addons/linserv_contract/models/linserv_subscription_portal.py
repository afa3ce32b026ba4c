from odoo import models


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    def _prepare_portal_vals(self):
        """Return what a customer sees of one service."""
        self.ensure_one()
        service = self.service_id
        intervals = dict(self._fields["billing_interval"]._description_selection(self.env))
        return {
            "name": service.name,
            "description": service.description,
            "instance": self.instance_id.name,
            "state": self.state,
            "date_start": self.date_start,
            "date_end": self.date_end,
            "date_billed_to": self.date_billed_to,
            "price": self.price_unit,
            "quantity": self._format_quantity(self.quantity),
            "metered": service.quantity_source == "meter",
            "block_size": self._format_quantity(service.block_size),
            "interval": intervals[self.billing_interval].lower(),
        }
