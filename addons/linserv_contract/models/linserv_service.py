from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

INTERVALS = [("monthly", "Monthly"), ("quarterly", "Quarterly"), ("yearly", "Yearly"), ("once", "Once")]
TIMINGS = [("advance", "In advance"), ("arrears", "In arrears")]


class LinservService(models.Model):
    """A service that can be sold, with the defaults of its subscriptions."""

    _name = "linserv.service"
    _description = "Service"
    _order = "sequence, id"

    code = fields.Char(required=True, copy=False, help="Short name that other parts of the suite refer to.")
    name = fields.Char(required=True, help="The name of the service on invoices, in every language.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    description = fields.Text(translate=True, help="What the customer gets.")
    product_id = fields.Many2one(
        "product.product",
        required=True,
        ondelete="restrict",
        help="Gives the income account and the taxes of the invoice lines.",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    price_unit = fields.Float(
        "Price", digits="Product Price", help="Default price of one unit for one period, excluding VAT."
    )
    billing_interval = fields.Selection(INTERVALS, required=True, default="monthly")
    billing_timing = fields.Selection(TIMINGS, required=True, default="advance")
    instance_required = fields.Boolean("Per instance", help="Each subscription is for one customer instance.")
    quantity_source = fields.Selection(
        [("fixed", "Fixed quantity"), ("meter", "Meter reading")], required=True, default="fixed"
    )
    meter = fields.Char(help="Code of the meter, for example loc for lines of code.")
    block_size = fields.Float(
        default=1.0, digits="Product Unit of Measure", help="The price is for each started block of this many units."
    )
    max_reading_age_days = fields.Integer(
        "Oldest reading (days)", default=45, help="With an older reading nothing is billed: the line is held back."
    )

    _sql_constraints = [
        ("code_unique", "unique (code)", "There is a service with this code already."),
        ("block_size_positive", "CHECK (block_size > 0)", "A block has more than zero units."),
        ("max_reading_age_positive", "CHECK (max_reading_age_days >= 0)", "The oldest reading cannot be negative."),
    ]

    @api.depends_context("company")
    def _compute_currency_id(self):
        for service in self:
            service.currency_id = self.env.company.currency_id

    @api.constrains("quantity_source", "meter", "billing_interval")
    def _check_meter(self):
        for service in self:
            if service.quantity_source == "meter" and service.billing_interval == "once":
                raise ValidationError(_("%s is charged once: its quantity cannot come from a meter.", service.name))
            if service.quantity_source == "meter" and not service.meter:
                raise ValidationError(_("%s is billed by a meter: write the code of the meter.", service.name))

    def write(self, vals):
        if "quantity_source" in vals:
            self._check_source(vals["quantity_source"])
        result = super().write(vals)
        if {"quantity_source", "meter", "block_size"} & set(vals):
            self.env["linserv.subscription"].sudo().search([("service_id", "in", self.ids)])._on_terms_changed()
        return result

    def _check_source(self, source):
        """What has been billed by a meter would be billed anew at the fixed quantity, and the other way round."""
        # sudo: the ledger of every company stands on the service.
        ledger = self.env["linserv.billed.period"].sudo()
        for service in self.filtered(lambda each: each.quantity_source != source):
            if ledger.search_count([("service_id", "=", service.id), ("move_line_id", "!=", False)]):
                raise UserError(
                    _(
                        "%s has been billed: where its quantity comes from can no longer change. Make a new service.",
                        service.name,
                    )
                )
