from odoo import api, models


class LinservBillableTerms(models.AbstractModel):
    """What belongs to a subscription and decides what it costs or when it is due: a change of it tells the service."""

    _name = "linserv.billable.terms"
    _description = "Terms that Billing Reads"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._billed_subscriptions()._on_terms_changed()
        return records

    def write(self, vals):
        subscriptions = self._billed_subscriptions()
        result = super().write(vals)
        (subscriptions | self._billed_subscriptions())._on_terms_changed()
        return result

    def unlink(self):
        subscriptions = self._billed_subscriptions()
        result = super().unlink()
        subscriptions._on_terms_changed()
        return result

    def _billed_subscriptions(self):
        """Return the subscriptions that these records are about."""
        return self.subscription_id
