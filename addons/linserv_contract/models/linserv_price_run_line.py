from odoo import _, api, fields, models
from odoo.exceptions import UserError

REASONS = [
    ("not_indexed", "The service does not follow price changes"),
    ("ends_before", "Ends before the new price"),
    ("no_price", "Has no price"),
    ("fixed", "The price is fixed longer"),
    ("price_that_day", "Has another price from that day already"),
    ("too_young", "The price is too young"),
    ("unchanged", "The price stays the same"),
    ("changed", "The price was changed after the preview"),
]
PREVIEWED = {"subscription_id", "price_old", "date_from", "quantity", "base_value_id", "run_id"}


class LinservPriceRunLine(models.Model):
    """One service in a price run: its price before and after, and from which day."""

    _name = "linserv.price.run.line"
    _description = "Price Run Line"
    _order = "run_id, contract_id, id"
    _rec_name = "subscription_id"

    run_id = fields.Many2one("linserv.price.run", required=True, ondelete="cascade", index=True)
    state = fields.Selection(related="run_id.state")
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    subscription_id = fields.Many2one("linserv.subscription", required=True, ondelete="cascade", index=True)
    contract_id = fields.Many2one(related="subscription_id.contract_id", store=True, index=True)
    partner_id = fields.Many2one(related="contract_id.partner_id", string="Customer", store=True, index=True)
    service_id = fields.Many2one(related="subscription_id.service_id", store=True)
    instance_id = fields.Many2one(related="subscription_id.instance_id")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Currency of the company")
    billing_interval = fields.Selection(related="subscription_id.billing_interval")
    date_from = fields.Date("From", required=True)
    base_value_id = fields.Many2one("linserv.price.index.value", string="Index from", ondelete="restrict")
    price_old = fields.Float("Price before", digits="Product Price", readonly=True)
    price_new = fields.Float("New price", digits="Product Price")
    quantity = fields.Float(digits="Product Unit of Measure", readonly=True)
    change_percent = fields.Float("Change (%)", digits=(16, 2), compute="_compute_amounts", store=True)
    amount_year = fields.Monetary("More a year", compute="_compute_amounts", store=True)
    amount_year_company = fields.Monetary(
        "More a year in company currency",
        compute="_compute_amounts",
        store=True,
        currency_field="company_currency_id",
    )
    included = fields.Boolean("Change")
    reason = fields.Selection(REASONS, string="Why not", readonly=True)
    letter_id = fields.Many2one("linserv.price.letter", ondelete="set null", readonly=True)
    price_id = fields.Many2one(
        "linserv.subscription.price", string="Price set", ondelete="set null", readonly=True, copy=False
    )
    later_price_ids = fields.Many2many(
        "linserv.subscription.price",
        "linserv_price_run_line_later_rel",
        string="Later prices",
        readonly=True,
        copy=False,
        help="Versions of later days that had the same price and got the new one too.",
    )

    _sql_constraints = [
        ("subscription_unique", "unique (run_id, subscription_id)", "The service is in the run already."),
    ]

    @api.depends("price_old", "price_new", "quantity", "date_from")
    def _compute_amounts(self):
        for line in self:
            more = line.price_new - line.price_old
            line.change_percent = 100.0 * more / line.price_old if line.price_old else 0.0
            line.amount_year = more * line.quantity * 12 / line.subscription_id._months_in_interval()
            line.amount_year_company = line.currency_id._convert(
                line.amount_year, line.company_id.currency_id, line.company_id, line.date_from
            )

    def write(self, vals):
        """After the letter a customer can only be left out: their price is no other than the one they were told."""
        if "price_new" in vals or vals.get("included"):
            self._check_draft()
        if "included" in vals and self.price_id:
            raise UserError(_("The new price is set: undo the run to take it back."))
        return super().write(vals)

    def _check_draft(self):
        if self.filtered(lambda line: line.state != "draft"):
            raise UserError(_("The customers have been told: prices in this run can no longer change."))

    def _apply(self):
        """Make the price versions. A service whose price was changed since the customer was told is left out."""
        for line in self.filtered(lambda each: not each.price_id):
            reason = line._reason_not_to_apply()
            if reason:
                line._leave_out(reason)
                continue
            line.price_id = line.subscription_id._set_index_price(line)

    def _reason_not_to_apply(self):
        subscription = self.subscription_id
        ends = list(filter(None, (subscription.date_end, subscription.contract_id.date_end)))
        if subscription.state != "active" or (ends and min(ends) < self.date_from):
            return "ends_before"
        if self.date_from in subscription.price_ids.mapped("date_from"):
            return "price_that_day"
        version = subscription.price_ids._in_force(self.date_from)
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return "changed" if round(version.price_unit - self.price_old, digits) else None

    def _leave_out(self, reason):
        words = dict(self._fields["reason"]._description_selection(self.env))[reason]
        self.write({"included": False, "reason": reason})
        for line in self:
            line.run_id.message_post(
                body=_(
                    "%(service)s keeps its price: %(reason)s.", service=line.subscription_id.display_name, reason=words
                )
            )
