from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..domain import prices, states
from .linserv_contract import STATES
from .linserv_service import INTERVALS, TIMINGS


class LinservSubscription(models.Model):
    """One recurring service on a contract, for one instance where that applies."""

    _name = "linserv.subscription"
    _description = "Subscription"
    _inherit = ["mail.thread"]
    _order = "contract_id, sequence, id"
    _check_company_auto = True

    contract_id = fields.Many2one("linserv.contract", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    state = fields.Selection(STATES, required=True, default="draft", copy=False, tracking=True, index=True)
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="contract_id.partner_id", string="Customer")
    commercial_partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    service_id = fields.Many2one("linserv.service", required=True, ondelete="restrict", tracking=True)
    quantity_source = fields.Selection(related="service_id.quantity_source")
    instance_id = fields.Many2one(
        "linserv.instance", check_company=True, ondelete="restrict", index=True, tracking=True
    )
    date_start = fields.Date("Start", required=True, tracking=True)
    date_end = fields.Date("Last day", copy=False, tracking=True)
    billing_interval = fields.Selection(INTERVALS, required=True, tracking=True)
    billing_timing = fields.Selection(TIMINGS, required=True, tracking=True)
    price_unit = fields.Float(
        "Price",
        digits="Product Price",
        compute="_compute_price_unit",
        inverse="_inverse_price_unit",
        compute_sudo=True,
        help="Today's price of one unit for one period, excluding VAT. A new price holds from today; "
        "for another day, add a line to the price history.",
    )
    quantity = fields.Float(
        digits="Product Unit of Measure",
        compute="_compute_price_unit",
        inverse="_inverse_quantity",
        compute_sudo=True,
        help="Today's fixed quantity. Not used when the quantity comes from a meter.",
    )
    price_ids = fields.One2many(
        "linserv.subscription.price",
        "subscription_id",
        string="Price history",
        domain=[("active", "=", True)],
        copy=False,
    )
    reading_ids = fields.One2many("linserv.meter.reading", "subscription_id", string="Readings")
    billed_period_ids = fields.One2many("linserv.billed.period", "subscription_id", string="Billed periods")
    date_billed_to = fields.Date("Billed to", compute="_compute_date_billed_to", compute_sudo=True)

    _sql_constraints = [
        ("dates_ordered", "CHECK (date_end >= date_start)", "A service cannot end before it starts."),
    ]

    @api.depends("price_ids.price_unit", "price_ids.quantity", "price_ids.date_from")
    def _compute_price_unit(self):
        for subscription in self:
            version = subscription.price_ids._in_force(subscription._price_day())
            subscription.price_unit = version.price_unit
            subscription.quantity = version.quantity if version else 1.0

    def _inverse_price_unit(self):
        for subscription in self:
            subscription._set_price({"price_unit": subscription.price_unit})

    def _inverse_quantity(self):
        for subscription in self:
            subscription._set_price({"quantity": subscription.quantity})

    @api.depends("billed_period_ids.date_to", "billed_period_ids.active")
    def _compute_date_billed_to(self):
        groups = self.env["linserv.billed.period"].read_group(
            # Said out loud: whoever asks may be looking at rows out of force too.
            [("subscription_id", "in", self.ids), ("active", "=", True)],
            ["date_to:max"],
            ["subscription_id"],
        )
        dates = {group["subscription_id"][0]: group["date_to"] for group in groups}
        for subscription in self:
            subscription.date_billed_to = dates.get(subscription.id, False)

    @api.onchange("service_id")
    def _onchange_service_id(self):
        once = self.billing_interval == "once"
        for name, value in self._prepare_service_defaults(self.service_id).items():
            self[name] = "once" if once and name == "billing_interval" else value
        if self.contract_id.state == "active" and not self._origin:
            self.state = "active"
        self.date_start = self.date_start or self.contract_id.date_start
        self.quantity = self.quantity or 1.0

    @api.constrains("service_id", "instance_id", "contract_id")
    def _check_instance(self):
        for subscription in self:
            instance = subscription.instance_id
            if subscription.service_id.instance_required and not instance:
                raise ValidationError(_("%s is sold per instance: choose the instance.", subscription.service_id.name))
            if instance and instance.commercial_partner_id != subscription.commercial_partner_id:
                raise ValidationError(
                    _(
                        "The instance %(instance)s belongs to %(owner)s, not to %(customer)s.",
                        instance=instance.name,
                        owner=instance.commercial_partner_id.display_name,
                        customer=subscription.commercial_partner_id.display_name,
                    )
                )

    @api.constrains("date_start", "date_end", "contract_id", "state")
    def _check_dates(self):
        for subscription in self:
            if subscription.date_start < subscription.contract_id.date_start:
                raise ValidationError(_("%s cannot start before the contract does.", subscription.service_id.name))
            if subscription.state == "ended" and not subscription.date_end:
                raise ValidationError(_("%s has ended: write its last day.", subscription.service_id.name))

    @api.model_create_multi
    def create(self, vals_list):
        prices = [
            {name: vals.pop(name) for name in ("price_unit", "quantity") if name in vals}
            for vals in self._complete(vals_list)
        ]
        subscriptions = super().create(vals_list)
        for subscription, price in zip(subscriptions, prices):
            if not subscription.price_ids:
                subscription._set_price(price, subscription.date_start)
        return subscriptions

    def write(self, vals):
        if "state" in vals:
            self._check_transition(vals["state"])
        if "date_start" in vals:
            self._move_start(fields.Date.to_date(vals["date_start"]))
            if set(self.mapped("billing_interval")) == {"once"}:
                vals = dict(vals, date_end=vals["date_start"])
        self._check_rhythm(vals)
        return super().write(vals)

    def copy_data(self, default=None):
        """Copy the price of today with its tiers and minimums, not the history."""
        copies = super().copy_data(default)
        for subscription, vals in zip(self, copies):
            version = subscription.price_ids._in_force(subscription._price_day())
            if version and "price_ids" not in vals:
                vals["price_ids"] = [(0, 0, version._prepare_first_vals(vals.get("date_start")))]
        return copies

    def unlink(self):
        if self.with_context(active_test=False).billed_period_ids:
            raise UserError(_("A service that has been billed cannot be deleted. End it instead."))
        return super().unlink()

    def name_get(self):
        names = []
        for subscription in self:
            parts = [subscription.contract_id.name, subscription.service_id.name, subscription.instance_id.name]
            names.append((subscription.id, " / ".join(part for part in parts if part)))
        return names

    def action_activate(self):
        """Put the subscription into force."""
        self.write({"state": "active"})

    def action_end(self):
        """End the subscription on its last day."""
        for subscription in self:
            if not subscription.date_end:
                raise UserError(_("Write the last day of %s first.", subscription.service_id.name))
            subscription._end(subscription.date_end)

    def _is_in_force(self):
        """Tell whether the service runs, or has been agreed to run."""
        self.ensure_one()
        over = self.date_end and self.date_end < fields.Date.context_today(self)
        return self.state == "draft" or (self.state in states.BILLABLE and not over)

    def _end(self, last_day):
        """End on ``last_day`` what runs longer, and say what has been billed beyond it."""
        running = self.filtered(lambda sub: sub.state in ("draft", "active") and sub.billing_interval != "once")
        for subscription in running:
            if subscription.date_start > last_day:
                subscription.write({"state": "cancelled"})
                continue
            end = min(subscription.date_end or last_day, last_day)
            subscription.write({"state": "ended", "date_end": end})
            if subscription.date_billed_to and subscription.date_billed_to > end:
                subscription._note_billed_beyond(end)

    def _end_on(self, last_day):
        """End on exactly ``last_day``, also what was to end on another day; never after the contract."""
        self.ensure_one()
        earlier = self.date_end and self.date_end < last_day
        if self.state != "ended" and not earlier:
            return self._end(last_day)
        return self.write({"state": "ended", "date_end": min(last_day, self.contract_id.date_end or last_day)})

    def _price_day(self):
        return max(fields.Date.context_today(self), self.date_start or fields.Date.context_today(self))

    def _set_price(self, values, date_from=None):
        """Let ``values`` (price_unit, quantity) hold from ``date_from``, by default today.

        A draft's price is corrected in place: nobody has agreed to it yet. A value holds in later versions too, as far
        as these only repeat the one before. Rule 38.
        """
        self.ensure_one()
        day = date_from or self._price_day()
        current = self.price_ids._in_force(day)
        if current and current.date_from <= day:
            self._carry_price(current, values, day)
        if current and (current.date_from == day or self.state == "draft") and not current._is_billed():
            return current.write(values)
        first = {"price_unit": 0.0, "quantity": 1.0} if not current else {}
        return current._replace({**first, "subscription_id": self.id, **values}, day)

    def _carry_price(self, current, values, day):
        """Change the versions after ``day`` that only repeat a value of ``current`` too."""
        later = self.price_ids.filtered(lambda version: version.date_from > day).sorted("date_from")
        given = [(version, {name: version[name] for name in values}) for version in later]
        for version, changed in prices.carried(given, {name: current[name] for name in values}, values):
            if version._is_billed():
                version._replace(changed, version.date_from)
            else:
                version.write(changed)

    def _move_start(self, date_start):
        """Move the first price along with the start of a service that is not billed yet."""
        for subscription in self.filtered(lambda sub: sub.date_start != date_start):
            if subscription.date_billed_to:
                raise UserError(_("%s has been billed: its start cannot change.", subscription.service_id.name))
            first = subscription.price_ids.sorted("date_from")[:1]
            if first.date_from == subscription.date_start:
                first.date_from = date_start

    def _complete(self, vals_list):
        """Fill in what the service and the contract decide where the caller did not."""
        for vals in vals_list:
            if vals.get("billing_interval") == "once" and vals.get("date_start"):
                vals["date_end"] = vals["date_start"]
            contract = self.env["linserv.contract"].browse(vals.get("contract_id"))
            service = self.env["linserv.service"].browse(vals.get("service_id"))
            defaults = self._prepare_service_defaults(service)
            defaults["date_start"] = contract.date_start
            if contract.state == "active":
                defaults["state"] = "active"
            for name, value in defaults.items():
                vals.setdefault(name, value)
        return vals_list

    @api.model
    def _prepare_service_defaults(self, service):
        return {
            "billing_interval": service.billing_interval,
            "billing_timing": service.billing_timing,
            "price_unit": service.price_unit,
        }

    def _check_rhythm(self, vals):
        """What has been billed stands on these: another service or rhythm is another subscription."""
        for subscription in self.filtered("date_billed_to"):
            for name in {"billing_interval", "billing_timing", "service_id"} & set(vals):
                field = self._fields[name]
                if field.convert_to_write(subscription[name], subscription) != vals[name]:
                    raise UserError(
                        _(
                            "%s has been billed: its service, interval and timing can no longer change. "
                            "End it and add a new service.",
                            subscription.service_id.name,
                        )
                    )

    def _check_transition(self, target):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for subscription in self:
            if not states.is_allowed(states.SUBSCRIPTION, subscription.state, target):
                raise UserError(
                    _(
                        "%(name)s is %(state)s and cannot become %(target)s.",
                        name=subscription.display_name,
                        state=labels[subscription.state].lower(),
                        target=labels.get(target, target).lower(),
                    )
                )
            if target == "cancelled" and subscription.date_billed_to:
                raise UserError(_("%s has been billed: end it instead.", subscription.display_name))
