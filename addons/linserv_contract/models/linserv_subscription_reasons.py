from odoo import models

from ..domain import periods


class LinservSubscription(models.Model):
    """What the comparison of two months asks about a service."""

    _inherit = "linserv.subscription"

    def _whole_period(self, day):
        """Return the whole service period that ``day`` lies in; of a one-off fee the day itself."""
        self.ensure_one()
        months = periods.INTERVAL_MONTHS.get(self.billing_interval)
        if not months:
            return periods.Span(day, day)
        calendar = self.contract_id.billing_alignment == "calendar"
        rhythm = periods.Rhythm(self.contract_id.date_start, months, calendar)
        return rhythm.period(rhythm.number_of(day))

    def _is_paused_on(self, day):
        """Whether the service rests on ``day``."""
        return False

    def _is_discounted(self):
        """Whether discounts have been agreed for the service."""
        return False


class LinservSubscriptionPrice(models.Model):
    _inherit = "linserv.subscription.price"

    def _is_indexed(self):
        """Whether an index run made this version."""
        return False
