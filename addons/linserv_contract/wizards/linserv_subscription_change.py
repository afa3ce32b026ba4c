from dataclasses import replace
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..domain import agreement, charges, periods, prices
from ..models.linserv_contract_billing import decimal


class LinservSubscriptionChange(models.TransientModel):
    """Changes the price or quantity of a service from a day, or ends it; shows first what that charges or credits."""

    _name = "linserv.subscription.change"
    _description = "Change a Service"

    subscription_id = fields.Many2one("linserv.subscription", required=True, ondelete="cascade", readonly=True)
    contract_id = fields.Many2one(related="subscription_id.contract_id")
    currency_id = fields.Many2one(related="subscription_id.currency_id")
    quantity_source = fields.Selection(related="subscription_id.quantity_source")
    date_billed_to = fields.Date(related="subscription_id.date_billed_to")
    kind = fields.Selection([("change", "New price or quantity"), ("end", "End the service")], required=True)
    when = fields.Selection(
        [("next", "From the next period"), ("day", "From a day")],
        string="From",
        required=True,
        default="next",
    )
    date = fields.Date(
        compute="_compute_date",
        store=True,
        readonly=False,
        help="The first day at the new price, or the last day of the service.",
    )
    price_unit = fields.Float("New price", digits="Product Price")
    quantity = fields.Float("New quantity", digits="Product Unit of Measure")
    price_then = fields.Float("Price on that day", digits="Product Price", readonly=True)
    quantity_then = fields.Float("Quantity on that day", digits="Product Unit of Measure", readonly=True)
    amount_difference = fields.Monetary(
        "On the next invoice", compute="_compute_preview", help="Excluding VAT. What is invoiced already is corrected."
    )
    preview = fields.Text(compute="_compute_preview")

    @api.model
    def default_get(self, names):
        values = super().default_get(names)
        subscription = self.env["linserv.subscription"].browse(values.get("subscription_id"))
        if subscription:
            version = subscription.price_ids._in_force(values.get("date") or subscription._next_period_start())
            values.update(price_unit=version.price_unit, quantity=version.quantity)
            values.update(price_then=version.price_unit, quantity_then=version.quantity)
        return values

    @api.onchange("date")
    def _onchange_date(self):
        """Propose what holds on the day where nothing else has been written: a new price may have been set already."""
        version = self.subscription_id.price_ids._in_force(self.date) if self.date else None
        for name, then in (("price_unit", "price_then"), ("quantity", "quantity_then")) if version else ():
            if self[name] == self[then]:
                self[name] = version[name]
            self[then] = version[name]

    @api.depends("when", "kind", "subscription_id")
    def _compute_date(self):
        for wizard in self:
            subscription = wizard.subscription_id
            if not subscription or (wizard.when == "day" and wizard.date and wizard.kind == "change"):
                continue
            begins = subscription._next_period_start()
            if wizard.kind == "end":
                wizard.date = subscription.date_end or begins - timedelta(days=1)
            elif wizard.when == "next" or not wizard.date:
                wizard.date = begins

    @api.depends("subscription_id", "kind", "date", "price_unit", "quantity")
    def _compute_preview(self):
        for wizard in self:
            found = wizard._planned_adjustments() if wizard.subscription_id and wizard.date else []
            wizard.amount_difference = float(sum(charge.amount for charge in found))
            wizard.preview = "\n".join(wizard._describe(charge) for charge in found)

    def action_apply(self):
        """Do what was chosen; the next billing charges or credits what was billed already."""
        self.ensure_one()
        self._check_date()
        if self.kind == "end":
            self.subscription_id._end_on(self.date)
        else:
            self.subscription_id._set_price(self._prepare_price(), self.date)
            self.subscription_id.message_post(body=self._change_message())
        return {"type": "ir.actions.act_window_close"}

    def action_apply_and_credit(self):
        """Do it, and make the draft of the credit note now; show it."""
        self.action_apply()
        move = self.contract_id._credit_now(self.subscription_id)
        if not move:
            return {"type": "ir.actions.act_window_close"}
        return {"type": "ir.actions.act_window", "res_model": "account.move", "res_id": move.id, "view_mode": "form"}

    def _prepare_price(self):
        return {"price_unit": self.price_unit, "quantity": self.quantity}

    def _change_message(self):
        return _(
            "From %(day)s: %(quantity)s × %(price)s.",
            day=format_date(self.env, self.date),
            quantity=self.subscription_id._format_quantity(self.quantity),
            price=self.subscription_id._format_money(self.price_unit),
        )

    def _check_date(self):
        if self.date < self.subscription_id.date_start:
            raise UserError(_("%s starts later than that.", self.subscription_id.display_name))

    def _planned_adjustments(self):
        """Return the adjustments that the planner would bill after the change. Writes nothing."""
        contract = self.contract_id
        terms = [one for one in contract._prepare_terms()[contract] if one.key == self.subscription_id.id]
        if not terms:
            return []
        rounding = decimal(contract.currency_id.rounding)
        planned = charges.plan(self._changed(terms[0]), fields.Date.context_today(self), rounding)
        return [charge for charge in planned.charges if charge.kind == agreement.ADJUSTMENT]

    def _changed(self, terms):
        """Return the planner's terms as they would be."""
        if self.kind == "end":
            last = self.contract_id.date_end
            return replace(terms, date_end=min(self.date, last or self.date))
        current = prices.price_on(terms.versions, self.date) or terms.versions[0]
        new = {"price_unit": decimal(self.price_unit), "quantity": decimal(self.quantity)}
        later = sorted(
            (version for version in terms.versions if version.date_from > self.date), key=lambda one: one.date_from
        )
        if current.date_from <= self.date:
            given = [(version, self._values_of(version)) for version in later]
            carried = dict(prices.carried(given, self._values_of(current), new))
            later = [replace(version, **carried.get(version, {})) for version in later]
        before = [version for version in terms.versions if version.date_from < self.date]
        return replace(terms, versions=(*before, replace(current, date_from=self.date, **new), *later))

    @staticmethod
    def _values_of(version):
        return {"price_unit": version.price_unit, "quantity": version.quantity}

    def _describe(self, charge):
        subscription = self.subscription_id
        return "%s: %s\n%s" % (
            self.contract_id._format_span(charge.served),
            subscription._format_money(charge.amount),
            subscription._adjustment_text(charge),
        )


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    def action_open_change(self):
        """Ask for a new price or quantity, and from which day."""
        return self._open_change("change")

    def action_open_end(self):
        """Ask for the last day, and show what is credited."""
        return self._open_change("end")

    def _open_change(self, kind):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_contract.linserv_subscription_change_action")
        title = _("End %s", self._short_name()) if kind == "end" else _("Change %s", self._short_name())
        return dict(action, name=title, context={"default_subscription_id": self.id, "default_kind": kind})

    def _next_period_start(self):
        """Return the first day of the first period that has not begun and has not been billed."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        day = max(filter(None, (today, self.date_billed_to, self.date_start)))
        rhythm = self._prepare_rhythm()
        if rhythm.once or (self.date_start > today and not self.date_billed_to):
            return self.date_start
        return rhythm.period(rhythm.number_of(day)).date_to + periods.ONE_DAY
