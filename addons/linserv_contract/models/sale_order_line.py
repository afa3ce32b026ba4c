from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import charges
from ..domain.periods import INTERVAL_MONTHS
from .linserv_contract_billing import decimal
from .linserv_service import INTERVALS

AGREED = {
    "product_id",
    "product_uom_qty",
    "price_unit",
    "discount",
    "linserv_instance_id",
    "linserv_interval",
    "linserv_discount_months",
}


class SaleOrderLine(models.Model):
    """A line of a quotation that sells a service: on which instance, how often, and at which discount."""

    _inherit = "sale.order.line"

    linserv_service_id = fields.Many2one(
        "linserv.service", string="Service", compute="_compute_linserv_service_id", store=True, index=True
    )
    linserv_instance_id = fields.Many2one(
        "linserv.instance",
        string="Instance",
        check_company=True,
        domain="[('commercial_partner_id', '=', parent.linserv_customer_id)]",
        help="Empty: the instance of the quotation.",
    )
    linserv_interval = fields.Selection(
        INTERVALS,
        string="Interval",
        compute="_compute_linserv_interval",
        store=True,
        readonly=False,
        help="The price is for one of these.",
    )
    linserv_discount_months = fields.Integer(
        "Discount for (months)", help="0: the discount holds until it is changed on the contract."
    )
    linserv_subscription_ids = fields.One2many("linserv.subscription", "sale_line_id", string="Subscriptions")

    @api.depends("product_id")
    def _compute_linserv_service_id(self):
        """sudo: a salesperson need not have rights on the catalogue of services to sell them."""
        for line in self:
            line.linserv_service_id = line.product_id.sudo().linserv_service_ids[:1]

    @api.depends("linserv_service_id")
    def _compute_linserv_interval(self):
        for line in self:
            line.linserv_interval = line.linserv_service_id.billing_interval

    @api.depends("qty_invoiced", "qty_delivered", "product_uom_qty", "order_id.state")
    def _get_to_invoice_qty(self):
        """Services are invoiced by the contract's billing, never from the order."""
        result = super()._get_to_invoice_qty()
        self.filtered("linserv_service_id").qty_to_invoice = 0.0
        return result

    @api.onchange("linserv_interval")
    def _onchange_linserv_interval(self):
        if self.linserv_service_id:
            self.product_uom_change()

    @api.onchange("product_id", "linserv_instance_id")
    def _onchange_linserv_quantity(self):
        """A metered service is quoted for the latest approved reading; it is invoiced by that of each period."""
        reading = self._linserv_latest_reading()
        if reading:
            size = self.linserv_service_id.block_size
            self.product_uom_qty = float(charges.started_blocks(decimal(reading.quantity), decimal(size)))

    def write(self, vals):
        if AGREED & set(vals):
            # sudo: a salesperson need not have rights on subscriptions.
            for line in self.sudo().filtered("linserv_subscription_ids"):
                raise UserError(
                    _(
                        "%s has been agreed and is on the contract: change it there, or make a new quotation.",
                        line.linserv_service_id.name,
                    )
                )
        return super().write(vals)

    def name_get(self):
        """Odoo names lines as superuser, for whoever asks; a customer learns the names of their own lines only."""
        if self.env.user.share and not self.env.su:
            self.check_access_rights("read")
            self.check_access_rule("read")
        return super().name_get()

    def _get_display_price(self, product):
        """The price list's price is for the service's own interval."""
        return super()._get_display_price(product) * self._linserv_interval_factor()

    def _linserv_interval_factor(self):
        usual = INTERVAL_MONTHS.get(self.linserv_service_id.billing_interval)
        chosen = INTERVAL_MONTHS.get(self.linserv_interval)
        return chosen / usual if usual and chosen else 1

    def _linserv_instance(self):
        """Return the instance that the line is for; none for a service that is not sold per instance."""
        self.ensure_one()
        if self.linserv_instance_id:
            return self.linserv_instance_id
        return (
            self.order_id.linserv_instance_id if self.linserv_service_id.instance_required else self.linserv_instance_id
        )

    def _linserv_instance_name(self):
        """Return the name of the instance as the customer reads it, also of one that is not made yet."""
        # sudo: the customer reads the name on the quotation.
        instance = self._linserv_instance().sudo()
        if instance or not self.linserv_service_id.instance_required:
            return instance.name
        return self.order_id.linserv_new_instance

    def _linserv_latest_reading(self):
        service, instance = self.linserv_service_id, self._linserv_instance() if self else None
        readings = self.env["linserv.meter.reading"]
        if not instance or service.quantity_source != "meter":
            return readings
        # sudo: the quotation needs the count; a salesperson need not have rights on readings.
        domain = [("meter", "=", service.meter), ("commercial_partner_id", "=", instance.commercial_partner_id.id)]
        return readings.sudo().search([("instance_id", "=", instance.id), *domain], order="date desc, id desc", limit=1)

    def _linserv_detail(self):
        """Return what the customer reads below the line: instance, interval, how it is measured, discount."""
        self.ensure_one()
        service = self.linserv_service_id.sudo()
        labels = dict(self._fields["linserv_interval"]._description_selection(self.env))
        parts = [self._linserv_instance_name(), labels.get(self.linserv_interval, "").lower()]
        if service.quantity_source == "meter":
            parts.append(
                _(
                    "the number is an estimate: each invoice is by the latest approved count, per started %g",
                    service.block_size,
                )
            )
        if self.discount and self.linserv_discount_months:
            parts.append(_("discount for %d months", self.linserv_discount_months))
        return " · ".join(part for part in parts if part)
