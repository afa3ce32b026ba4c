from odoo import _, fields, models
from odoo.exceptions import UserError, ValidationError

from ..domain import packs
from ..domain.hours import format_minutes
from .linserv_contract_billing import decimal


class LinservContract(models.Model):
    """Hours of a contract: packs bought, time worked, the price of an hour."""

    _inherit = "linserv.contract"

    pack_ids = fields.One2many("linserv.hour.pack", "contract_id", string="Prepaid hours", groups="base.group_user")
    hour_minimum = fields.Integer(
        "Least billed (minutes)", default=lambda self: self.env.company.linserv_hour_minimum, tracking=True
    )
    hour_step = fields.Integer(
        "Billed in steps of (minutes)", default=lambda self: self.env.company.linserv_hour_step, tracking=True
    )
    hour_price = fields.Monetary(
        "Own price of an hour", tracking=True, help="Excluding VAT. 0: by the customer's price level."
    )
    pack_hours_left = fields.Float("Prepaid hours left", compute="_compute_pack_hours_left", groups="base.group_user")

    _sql_constraints = [
        ("hour_step_positive", "CHECK (hour_step > 0)", "Hours are billed in steps of at least one minute."),
        ("hour_minimum_positive", "CHECK (hour_minimum >= 0)", "The least that is billed cannot be negative."),
        ("hour_price_positive", "CHECK (hour_price >= 0)", "The price of an hour cannot be negative."),
    ]

    def _compute_pack_hours_left(self):
        today = fields.Date.context_today(self)
        for contract in self:
            contract.pack_hours_left = contract._pack_minutes(today) / 60

    def _pack_minutes(self, day):
        """Return the minutes that work of ``day`` may still draw from the packs."""
        return sum(max(0, pack.left) for pack in self.sudo().pack_ids._as_domain() if pack.gives(day))

    def _buy_pack(self, hours, origin, price_unit=None, date=None):
        """Sell a pack of that many hours: a one-off charge and the pack.

        :param origin: a key that names the order; a second call with it returns the same pack
        :param price_unit: price of the pack; by default the service's
        :raise UserError: there is no pack of that size, or nobody has written its price
        """
        self.ensure_one()
        service = self.env["linserv.service"].sudo().search([("pack_hours", "=", hours)], limit=1)
        if not service:
            raise UserError(_("There is no pack of %s hours: add it as a service.", hours))
        price = service.price_unit if price_unit is None else price_unit
        if not price:
            raise UserError(_("%s has no price yet: write it on the service.", service.name))
        day = fields.Date.to_date(date) or fields.Date.context_today(self)
        subscription = self.sudo()._charge_once(service.code, day, price_unit=price, origin=origin)
        return subscription.pack_ids

    def _pack_offers(self):
        """Return the packs that can be bought as plain values: hours, name, price; those without price are left out."""
        services = self.env["linserv.service"].sudo().search([("pack_hours", ">", 0), ("price_unit", ">", 0)])
        return [
            {"hours": service.pack_hours, "name": service.name, "price": service.price_unit}
            for service in services.sorted("pack_hours")
        ]

    def _open_pack(self, subscription):
        service, company = subscription.service_id, self.company_id
        minutes = round(60 * service.pack_hours * subscription.quantity)
        if not minutes:
            raise ValidationError(_("%s: how many? The quantity is zero.", service.name))
        older = self.pack_ids
        older._lock()
        pack = self.env["linserv.hour.pack"].create(
            {
                "contract_id": self.id,
                "subscription_id": subscription.id,
                "date_start": subscription.date_start,
                "date_end": packs.last_day(subscription.date_start, company.linserv_pack_months),
                "minutes": minutes,
                "minutes_left": minutes,
            }
        )
        for each in packs.settle(older._as_domain(), pack._as_domain()[0]):
            pack.browse(each.key)._draw(each.minutes, _("Settlement of an overdraw"), kind="settle")
        return pack

    def _uncharge_once(self, subscription):
        """Take back a one-off charge: delete it when it is not invoiced, else credit it on the next invoice."""
        subscription = subscription.sudo()
        if not subscription.date_billed_to:
            subscription._withdraw_once()
            return
        amount = subscription._once_amount()
        quantity, price = decimal(subscription.quantity), decimal(subscription.price_unit)
        listed = quantity * price == amount
        self.sudo()._charge_once(
            subscription.service_id.code,
            max(fields.Date.context_today(self), self.date_start),
            quantity=float(quantity) if listed else 1.0,
            price_unit=-float(price if listed else amount),
            instance=subscription.instance_id or None,
            text=_("Credit of %s", subscription.invoice_text or subscription.service_id.name),
            origin="linserv.subscription,%d,credit" % subscription.id,
        )

    def _prepare_portal_packs(self):
        """Return the packs that still give hours as plain values for the customer's pages."""
        today = fields.Date.context_today(self)
        given = self.pack_ids.filtered(lambda pack: pack.state == "active" and pack.date_start <= today)
        return [
            {
                "name": pack.name,
                "hours": format_minutes(pack.minutes),
                "left": _("%s hours left", format_minutes(pack.minutes_left)),
                "used": _("%s hours used", format_minutes(pack.minutes - pack.minutes_left)),
                "percent_left": 100 * pack.minutes_left // pack.minutes,
                "date_end": pack.date_end,
            }
            for pack in given
        ]

    def _prepare_portal_quotas(self):
        """Return the quotas of the year that runs as plain values: work, instance, used, limit, left, last day."""
        rows = []
        for section in self._prepare_coverage_sections():
            for row in (row for group in section["groups"] for row in group["rows"]):
                if row["quota_limit"]:
                    rows.append(dict(row, instance=section["name"], left=row["quota_limit"] - row["quota_used"]))
        return rows
