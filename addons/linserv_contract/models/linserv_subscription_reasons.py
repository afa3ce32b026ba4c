from odoo import fields, models

from ..domain import periods


class LinservSubscription(models.Model):
    """What the comparison of two months asks about a service."""

    _inherit = "linserv.subscription"

    def _whole_period(self, day):
        """Return the whole service period that ``day`` lies in; of a one-off fee the day itself."""
        self.ensure_one()
        months = periods.INTERVAL_MONTHS[self.billing_interval]
        if not months:
            return periods.Span(day, day)
        calendar = self.contract_id.billing_alignment == "calendar"
        rhythm = periods.Rhythm(self.contract_id.date_start, months, calendar)
        return rhythm.period(rhythm.number_of(day))

    def _is_paused_on(self, day):
        """Whether the service rests on ``day``."""
        return any(pause.date_from <= day and (not pause.date_to or pause.date_to >= day) for pause in self.pause_ids)

    def _is_discounted(self):
        """Whether discounts have been agreed for the service."""
        return bool(self.discount_ids)


class LinservSubscriptionPrice(models.Model):
    _inherit = "linserv.subscription.price"

    price_run_line_ids = fields.One2many("linserv.price.run.line", "price_id", string="Price runs", readonly=True)

    def _is_indexed(self):
        """Whether a price run made this version."""
        return bool(self.index_value_id or self.price_run_line_ids)
