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

    def _continue_on(self, contract, date, end):
        """Put the same service on ``contract`` from ``date``: prices, discounts and pauses that hold or come later too.

        ``end`` is the last day that was agreed for this service alone, or False.
        """
        self.ensure_one()
        if self.billing_interval == "once":
            self.contract_id = contract
            return self
        start = max(date, self.date_start)
        vals = {"date_start": start, "date_end": end, "price_fixed_until": self.price_fixed_until}
        vals.update(contract_id=contract.id, continued_from_id=self.id)
        new = self.copy({**vals, "price_ids": self._prepare_continuing_prices(start)})
        for span in self.discount_ids.filtered(lambda one: not one.date_to or one.date_to >= date):
            span.copy({"subscription_id": new.id, "date_from": max(span.date_from, date)})
        for span in self.pause_ids.filtered(lambda one: not one.date_to or one.date_to >= date):
            span.copy({"subscription_id": new.id, "date_from": max(span.date_from, date)})
        self._take_reading_along(new)
        return new

    def _prepare_continuing_prices(self, start):
        """Return the commands of the price in force on ``start`` and of those that come later, as they are."""
        current = self.price_ids._in_force(start)
        later = self.price_ids.filtered(lambda version: version.date_from > start) - current
        commands = []
        for version in current | later:
            day = start if version == current else version.date_from
            vals = {**version._prepare_first_vals(day), "index_value_id": version.index_value_id.id}
            commands.append((0, 0, vals))
        return commands

    def _own_end(self):
        """Return the last day that was agreed for this service alone, or False."""
        return self.date_end if self.date_end and self.date_end != self.contract_id.date_end else False

    def _take_reading_along(self, new):
        """What was measured last counts for the new customer until it is measured again."""
        reading = self._meter_readings()[self]
        latest = max(reading, key=lambda one: (one.date, one.id), default=None)
        if latest and self.service_id.quantity_source == "meter":
            vals = {"meter": latest.meter, "date": latest.date, "quantity": latest.quantity}
            # sudo: readings are written by who approves them; this one has been.
            self.env["linserv.meter.reading"].sudo().create({**vals, "subscription_id": new.id})
