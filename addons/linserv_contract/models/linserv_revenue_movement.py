from odoo import api, fields, models

from .bulk_insert import insert_rows, stored_related

KINDS = [
    ("new", "New"),
    ("reactivation", "Back again"),
    ("expansion", "Expansion"),
    ("contraction", "Contraction"),
    ("churn", "Lost"),
    ("moved", "Handed over"),
]


class LinservRevenueMovement(models.Model):
    """The ledger of recurring revenue: what changed on which day, by how much and why.

    The sum of the movements up to a day is the recurring revenue of that day, also of a day to come. Rows are added
    and never changed: what becomes known late is a further row on the day it concerns. Rules 80-84.
    """

    _name = "linserv.revenue.movement"
    _description = "Movement of Recurring Revenue"
    _order = "date desc, id desc"
    _rec_name = "date"

    date = fields.Date("From", required=True, index=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, index=True, readonly=True)
    amount = fields.Monetary(
        "Per month",
        currency_field="company_currency_id",
        readonly=True,
        help="Change of what a month brings, excl. VAT.",
    )
    amount_year = fields.Monetary("Per year", currency_field="company_currency_id", readonly=True)
    amount_currency = fields.Monetary("Per month, contract's currency", readonly=True, group_operator=False)
    rate = fields.Float(
        digits=(16, 10), readonly=True, group_operator=False, help="Company currency for one unit of the contract's."
    )
    is_correction = fields.Boolean(
        "Correction", readonly=True, help="Became known after the day had been recorded: a change of what was known."
    )
    subscription_id = fields.Many2one(
        "linserv.subscription", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(related="subscription_id.company_id", store=True, index=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company currency")
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    contract_id = fields.Many2one(related="subscription_id.contract_id", store=True, index=True)
    service_id = fields.Many2one(related="subscription_id.service_id", store=True, index=True)
    instance_id = fields.Many2one(related="subscription_id.instance_id", store=True)
    commercial_partner_id = fields.Many2one(
        related="subscription_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    user_id = fields.Many2one(related="contract_id.user_id", string="Salesperson", store=True, index=True)

    def name_get(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        return [(row.id, "%s %s" % (row.date, kinds[row.kind])) for row in self]

    @api.model
    def _insert(self, rows):
        """Add rows, given as values of ``create``, in one statement. Returns them."""
        subscriptions = self.env["linserv.subscription"].browse(row["subscription_id"] for row in rows)
        related = {each.id: self._prepare_related(each) for each in set(subscriptions)}
        ids = insert_rows(self, [{**row, **related[row["subscription_id"]]} for row in rows])
        self.invalidate_cache()
        return self.browse(ids)

    @api.model
    def _prepare_related(self, subscription):
        values = stored_related(self, subscription, "subscription_id")
        return {**values, **stored_related(self, subscription.contract_id, "contract_id")}
