from odoo import fields, models


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    continued_from_id = fields.Many2one(
        "linserv.subscription",
        index=True,
        copy=False,
        readonly=True,
        ondelete="set null",
        help="The same service of the customer that it was handed over from.",
    )

    def _continue_on(self, contract, date):
        """Put the same service on ``contract`` from ``date``: prices, discounts and pauses that hold or come later too."""
        self.ensure_one()
        if self.billing_interval == "once":
            self.contract_id = contract
            return self
        first = self.price_ids._in_force(date)
        vals = {"price_unit": first.price_unit, "quantity": first.quantity, "date_end": self._own_end()}
        vals["continued_from_id"] = self.id
        new = self.copy({**vals, "contract_id": contract.id, "date_start": max(date, self.date_start)})
        for version in self.price_ids.filtered(lambda one: one.date_from > new.date_start):
            version.copy({"subscription_id": new.id})
        for span in self.discount_ids.filtered(lambda one: not one.date_to or one.date_to >= date):
            span.copy({"subscription_id": new.id, "date_from": max(span.date_from, date)})
        for span in self.pause_ids.filtered(lambda one: not one.date_to or one.date_to >= date):
            span.copy({"subscription_id": new.id, "date_from": max(span.date_from, date)})
        self._take_reading_along(new)
        return new

    def _own_end(self):
        """Return the last day that was agreed for this service alone; not the day it was handed over."""
        return self.date_end if self.date_end and self.date_end != self.contract_id.date_end else False

    def _take_reading_along(self, new):
        """What was measured last counts for the new customer until it is measured again."""
        reading = self._meter_readings()[self]
        latest = max(reading, key=lambda one: (one.date, one.id), default=None)
        if latest and self.service_id.quantity_source == "meter":
            vals = {"meter": latest.meter, "date": latest.date, "quantity": latest.quantity}
            # sudo: readings are written by who approves them; this one has been.
            self.env["linserv.meter.reading"].sudo().create({**vals, "subscription_id": new.id})
