from odoo import fields, models

from ..domain import charges, price_index, prices
from .linserv_contract_billing import decimal

MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}


class LinservSubscription(models.Model):
    """What a price run needs to know of a service."""

    _inherit = "linserv.subscription"

    price_fixed_until = fields.Date(
        "Price fixed until", copy=False, tracking=True, help="No price run changes the price up to this day."
    )

    def _index_line_vals(self, run):
        """Return the values of the run's line for this service: its new price, from which day, or why not."""
        self.ensure_one()
        day = self._index_first_day(run)
        version = self.price_ids._in_force(day)
        base = run._base_value(version)
        adjustment = run._adjustment(base)
        price = decimal(version.price_unit) if version else None
        new_price = adjustment.apply(price) if version else None
        reason = price_index.reason_left_out(self._index_candidate(version, day, price, new_price), run.min_months)
        return {
            "run_id": run.id,
            "subscription_id": self.id,
            "date_from": day,
            "price_old": version.price_unit,
            "price_new": float(version.price_unit if new_price is None else new_price),
            "quantity": self._index_quantity(version),
            "base_value_id": base.id,
            "reason": reason,
            "included": not reason,
        }

    def _set_index_price(self, line):
        """Make the price version that a line of a price run tells, tiers and minimum along with it; return it.

        Versions of later days that only repeat the old price, for another quantity, get the new price too.
        """
        self.ensure_one()
        current = self.price_ids._in_force(line.date_from)
        later = self.price_ids.filtered(lambda version: version.date_from > line.date_from).sorted("date_from")
        given = [(version, {"price_unit": version.price_unit}) for version in later]
        old, new = {"price_unit": current.price_unit}, {"price_unit": line.price_new}
        for version, _values in prices.carried(given, old, new):
            line.later_price_ids |= version._replace(self._index_price_vals(line, version), version.date_from)
        return current._replace(self._index_price_vals(line, current), line.date_from)

    def _index_price_vals(self, line, version):
        """Return what the run changes in a version: price, tiers and least amount, all by the same factor."""
        factor = decimal(line.price_new) / decimal(line.price_old) if line.price_old else 1
        step = decimal(line.run_id.price_step)
        scaled = lambda price: float(price_index.to_step(decimal(price) * factor, step))  # noqa: E731
        tiers = [
            {"quantity_above": tier.quantity_above, "price_unit": scaled(tier.price_unit)} for tier in version.tier_ids
        ]
        return {
            "price_unit": line.price_new,
            "index_value_id": line.run_id._target_value().id,
            "minimum_amount": scaled(version.minimum_amount),
            "tier_ids": [(0, 0, tier) for tier in tiers],
        }

    def _price_held_from(self, version):
        """Return the first day of the price: a version of another quantity only does not make it younger."""
        first = version.date_from
        for earlier in self.price_ids.sorted("date_from", reverse=True):
            if earlier.date_from <= first and earlier.price_unit != version.price_unit:
                break
            first = min(first, earlier.date_from)
        return first

    def _index_candidate(self, version, day, price, new_price):
        ends = filter(None, (self.date_end, self.contract_id.date_end))
        return price_index.Candidate(
            indexed=self.service_id.price_indexed and self.billing_interval in MONTHS,
            price=price,
            new_price=new_price,
            day=day,
            priced_from=self._price_held_from(version) if version else None,
            date_end=min(ends, default=None),
            fixed_until=self.price_fixed_until or None,
            price_days=frozenset(self.price_ids.mapped("date_from")),
        )

    def _index_first_day(self, run):
        if self.billing_interval not in MONTHS:
            return max(run.date_effective, self.date_start)
        rhythm = self._prepare_rhythm()
        billed_to = self.date_billed_to or None
        return price_index.first_day(rhythm, run.date_effective, self.date_start, billed_to, run.whole_periods)

    def _index_quantity(self, version):
        """Return the quantity that the yearly effect is reckoned on: the latest reading's where there is a meter."""
        if self.service_id.quantity_source != "meter":
            return version.quantity
        readings = self._meter_readings().get(self)
        if not readings:
            return 0.0
        latest = max(readings, key=lambda reading: (reading.date, reading.id))
        return float(charges.started_blocks(decimal(latest.quantity), decimal(self.service_id.block_size)))

    def _prepare_portal_vals(self):
        """Customers see the next price they have been told."""
        today = fields.Date.context_today(self)
        later = self.price_ids.filtered(lambda price: price.date_from > today).sorted("date_from")[:1]
        changed = later and later.price_unit != self.price_unit
        coming = {"date": later.date_from, "price": later.price_unit} if changed else False
        return dict(super()._prepare_portal_vals(), price_next=coming)

    def _months_in_interval(self):
        return MONTHS.get(self.billing_interval, 12)
