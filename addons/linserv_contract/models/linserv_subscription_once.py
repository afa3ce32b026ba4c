from odoo import _, fields, models
from odoo.exceptions import UserError

from ..domain import charges, prices, states
from .linserv_contract_billing import decimal


class LinservSubscription(models.Model):
    _inherit = "linserv.subscription"

    invoice_text = fields.Text("Text on the invoice", help="Added below the service on every invoice line of it.")
    origin_key = fields.Char(
        readonly=True, copy=False, index=True, help="What a one-off charge came from, so that it is charged once."
    )

    _sql_constraints = [
        ("origin_key_unique", "unique (origin_key)", "This has been charged already."),
    ]

    def _withdraw_once(self):
        """Take back one-off charges that no invoice in force has; what was invoiced and credited is cancelled."""
        self.pack_ids.write({"subscription_id": False})
        known = self.with_context(active_test=False).filtered("billed_period_ids")
        known.write({"state": "cancelled", "origin_key": False})
        (self - known).unlink()

    def _once_amount(self):
        """Return what a one-off charge came to, or will, less what was credited of it by hand."""
        self.ensure_one()
        rows = self.billed_period_ids
        if rows:
            return sum(decimal(row.amount) - decimal(row.amount_credited) for row in rows)
        terms = [one for one in self.contract_id._prepare_terms()[self.contract_id] if one.key == self.id]
        rounding = decimal(self.currency_id.rounding)
        return sum((charges.plan(one, self.date_start, rounding).amount for one in terms), prices.ZERO)


class LinservContract(models.Model):
    _inherit = "linserv.contract"

    # Odoo copies what is in a field that is copied: the services, not what was charged once.
    subscription_ids = fields.One2many(copy=False)
    recurring_ids = fields.One2many(
        "linserv.subscription",
        "contract_id",
        string="Recurring services",
        domain=[("billing_interval", "!=", "once")],
        copy=True,
    )
    once_ids = fields.One2many(
        "linserv.subscription",
        "contract_id",
        string="One-off charges",
        domain=[("billing_interval", "=", "once")],
    )

    def _charge_once(self, service_code, date, quantity=1.0, price_unit=None, instance=None, text=None, origin=None):
        """Charge a service once, due on ``date``; return the subscription that stands for it.

        ``price_unit`` is by default the service's. Called again with the same ``origin`` (a text that names what the
        charge is for) it changes nothing and returns what was made the first time.
        """
        self.ensure_one()
        subscriptions = self.env["linserv.subscription"]
        known = origin and subscriptions.search([("origin_key", "=", origin)])
        if known:
            return known
        vals = self._prepare_once_vals(service_code, date, quantity, price_unit, instance)
        return subscriptions.create({**vals, "invoice_text": text, "origin_key": origin})

    def _prepare_once_vals(self, service_code, date, quantity, price_unit, instance):
        service = self.env["linserv.service"].with_context(active_test=False).search([("code", "=", service_code)])
        if not service:
            raise UserError(_("There is no service with the code %s.", service_code))
        return {
            "contract_id": self.id,
            "service_id": service.id,
            "instance_id": instance.id if instance else False,
            "billing_interval": "once",
            "billing_timing": "advance",
            "date_start": date,
            "quantity": quantity,
            "price_unit": service.price_unit if price_unit is None else price_unit,
            "state": "active" if self.state in states.BILLABLE else "draft",
        }
