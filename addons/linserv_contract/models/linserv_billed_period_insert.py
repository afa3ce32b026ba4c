from odoo import models

from .bulk_insert import insert_rows


class LinservBilledPeriod(models.Model):
    """Many rows of the ledger in one statement, as a billing run writes them."""

    _inherit = "linserv.billed.period"

    def _can_insert(self):
        """Tell whether every stored field is given, has a default or is the subscription's own."""
        return not any(
            field.compute and field.store and not self._is_of_subscription(field) for field in self._fields.values()
        )

    @staticmethod
    def _is_of_subscription(field):
        return bool(field.related) and field.related[0] == "subscription_id" and len(field.related) == 2

    def _insert(self, rows):
        """Insert rows, given as values of ``create`` that all name the same fields.

        Raises IntegrityError where a day is billed already, as ``create`` does.
        """
        related = {
            name: field.related[1]
            for name, field in self._fields.items()
            if field.store and self._is_of_subscription(field)
        }
        given = {name for row in rows for name in row}
        defaults = self.default_get([name for name in self._fields if name not in given and name not in related])
        subscriptions = self.env["linserv.subscription"].sudo().browse([row["subscription_id"] for row in rows])
        complete = [
            {**defaults, **row, **{name: subscription[path].id for name, path in related.items()}}
            for row, subscription in zip(rows, subscriptions)
        ]
        insert_rows(self, complete)
        self.env["linserv.subscription"].invalidate_cache(["billed_period_ids", "date_billed_to"])
        self.env["account.move.line"].invalidate_cache(["linserv_billed_period_ids"])
        # As create does: when a service is due has changed, not what it is worth.
        subscriptions.with_context(linserv_ledger_only=True)._on_terms_changed()
