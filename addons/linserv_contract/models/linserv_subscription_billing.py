from collections import defaultdict

from odoo import _, models
from odoo.tools import format_date, formatLang

from ..domain import agreement, charges, periods, prices
from .linserv_contract_billing import decimal

# A row without an invoice line is a period that was billed elsewhere: it has no value and is never adjusted.
LEDGER_QUERY = """
    SELECT subscription_id, date_from, date_to, COALESCE(layer, 0),
           CASE WHEN move_line_id IS NOT NULL THEN value END, value_before, quantity, amount_credited, amount_absorbed
    FROM linserv_billed_period
    WHERE active AND subscription_id IN %s
    ORDER BY subscription_id, date_from, layer
"""


def _span(record):
    """Return the days of a discount or pause."""
    return periods.Span(record.date_from, record.date_to or periods.FOREVER)


class LinservSubscription(models.Model):
    """Billing of a subscription: its terms for the planner, and the words of an invoice line."""

    _inherit = "linserv.subscription"

    def _prepare_terms(self, billed, readings):
        """Return the planner's Terms of one subscription from its ledger rows and its readings."""
        self.ensure_one()
        contract, service = self.contract_id, self.service_id
        once = self.billing_interval == "once"
        return charges.Terms(
            key=self.id,
            rhythm=self._prepare_rhythm(),
            date_start=self.date_start,
            date_end=self.date_start if once else min(filter(None, (self.date_end, contract.date_end)), default=None),
            versions=tuple(version._prepare_version() for version in self.price_ids),
            meter=(
                charges.Meter(decimal(service.block_size), service.max_reading_age_days)
                if service.quantity_source == "meter"
                else None
            ),
            readings=tuple(
                charges.Reading(reading.id, reading.date, decimal(reading.quantity)) for reading in readings
            ),
            billed=tuple(billed),
            discounts=tuple(charges.Discount(_span(one), decimal(one.percent)) for one in self.discount_ids),
            pauses=() if once else tuple(_span(one) for one in self.pause_ids),
        )

    def _prepare_rhythm(self):
        contract, once = self.contract_id, self.billing_interval == "once"
        return periods.Rhythm(
            anchor=self.date_start if once else contract.date_start,
            months=periods.INTERVAL_MONTHS[self.billing_interval],
            calendar=contract.billing_alignment == "calendar" and not once,
            in_advance=once or self.billing_timing == "advance",
        )

    def _billed_rows(self):
        """Return {subscription id: [Billed]} of the ledger rows in force."""
        rows = defaultdict(list)
        if not self.ids:
            return rows
        self.env["linserv.billed.period"].flush()
        self.env.cr.execute(LEDGER_QUERY, [tuple(self.ids)])
        for key, first, last, layer, value, before, quantity, credited, absorbed in self.env.cr.fetchall():
            known = [None if number is None else decimal(number) for number in (value, before, quantity)]
            money = [decimal(number or 0) for number in (credited, absorbed)]
            row = charges.Billed(periods.Span(first, last), layer, known[0], known[1] or prices.ZERO, known[2], *money)
            rows[key].append(row)
        return rows

    def _meter_readings(self):
        """Return {subscription: readings}: its own, and those of its instance for the service's meter.

        Only the customer's: what was measured while the instance was another customer's is theirs.
        """
        metered = self.filtered(lambda sub: sub.service_id.quantity_source == "meter")
        readings = self.env["linserv.meter.reading"].search(
            [
                "|",
                ("subscription_id", "in", metered.ids),
                "&",
                ("subscription_id", "=", False),
                ("instance_id", "in", metered.instance_id.ids),
            ]
        )
        found = defaultdict(list)
        for reading in readings:
            owner = (reading.meter, reading.commercial_partner_id.id)
            found[(reading.subscription_id.id, reading.instance_id.id) + owner].append(reading)
        return {
            subscription: found[(subscription.id, False) + owner]
            + found[(subscription.id, subscription.instance_id.id) + owner]
            + found[(False, subscription.instance_id.id) + owner]
            for subscription, owner in ((each, (each.service_id.meter, each.commercial_partner_id.id)) for each in self)
        }

    def _short_name(self):
        names = (self.service_id.name, self.instance_id.name)
        return ", ".join(name for name in names if name)

    def _charge_text(self, charge):
        """Return the text of the invoice line, in the language of the context."""
        return "\n".join(filter(None, (self._short_name(), self._period_text(charge), *self._reason_texts(charge))))

    def _period_text(self, charge):
        if charge.kind == agreement.ONCE:
            return _("Date: %s", format_date(self.env, charge.served.date_from))
        return _("Service period: %s", self.contract_id._format_span(charge.served))

    def _reason_texts(self, charge):
        """Return what explains the amount: what was measured, which days, which discount, what is corrected."""
        if charge.kind == agreement.ADJUSTMENT:
            return [self._adjustment_text(charge), self._absorbed_text(charge), self.invoice_text]
        return [
            self._reading_text(charge) if charge.reading else "",
            self._proration_text(charge) if charge.prorated else "",
            self._tier_text(charge) if not charge.simple else "",
            _("Discount %s %%", self._format_quantity(charge.discount)) if charge.discount else "",
            self.invoice_text,
        ]

    def _adjustment_text(self, charge):
        if charge.cause in (agreement.STOPPED, agreement.PAUSED):
            text = _("Credit of days without the service: %(days)s of %(whole)s days of %(before)s")
        elif charge.cause == agreement.RESTORED:
            text = _("Correction of an earlier adjustment: %(days)s of %(whole)s days of %(value)s")
        elif charge.value_before == 0:
            text = _("Service again: %(days)s of %(whole)s days of %(value)s")
        else:
            text = _("Changed price: %(days)s of %(whole)s days at %(value)s instead of %(before)s")
        return text % {
            "days": charge.served.days,
            "whole": charge.whole.days,
            "before": self._format_money(charge.value_before),
            "value": self._format_money(charge.value or charge.value_before),
        }

    def _absorbed_text(self, charge):
        if not charge.absorbed:
            return ""
        return _("Less what has been credited already: %s", self._format_money(abs(charge.absorbed)))

    def _tier_text(self, charge):
        version = self.env["linserv.subscription.price"].sudo().browse(charge.version_key)
        whole = self._format_money(charge.value * 100 / (100 - charge.discount) if charge.discount < 100 else 0)
        if version.minimum_amount and charge.quantity * charge.price_unit <= decimal(version.minimum_amount):
            return _("Minimum fee %s", self._format_money(version.minimum_amount))
        return _(
            "%(quantity)s units by price tiers: %(amount)s",
            quantity=self._format_quantity(charge.quantity),
            amount=whole,
        )

    def _format_money(self, amount):
        return formatLang(self.env, float(amount), currency_obj=self.currency_id)

    def _reading_text(self, charge):
        reading = self.env["linserv.meter.reading"].sudo().browse(charge.reading.key)
        evidence = reading._evidence()
        if evidence is not None and hasattr(evidence, "_linserv_line_text"):
            evidence = evidence.sudo().with_context(lang=self.env.lang)
            return evidence._linserv_line_text(self, reading.quantity)
        return _(
            "Measured %(date)s: %(quantity)s, %(blocks)s started blocks of %(size)s",
            date=format_date(self.env, reading.date),
            quantity=self._format_quantity(reading.quantity),
            blocks=self._format_quantity(charge.quantity),
            size=self._format_quantity(self.service_id.block_size),
        )

    def _proration_text(self, charge):
        return _(
            "%(days)s of %(whole)s days of %(quantity)s × %(price)s",
            days=charge.served.days,
            whole=charge.whole.days,
            quantity=self._format_quantity(charge.quantity),
            price=formatLang(self.env, float(charge.price_unit), currency_obj=self.currency_id),
        )

    def _format_quantity(self, quantity):
        number = float(quantity)
        return formatLang(self.env, number, digits=0 if number.is_integer() else 2)

    def _prepare_portal_vals(self):
        """Return what a customer sees of one service."""
        self.ensure_one()
        service = self.service_id
        intervals = dict(self._fields["billing_interval"]._description_selection(self.env))
        return {
            "name": service.name,
            "description": service.description,
            "instance": self.instance_id.name,
            "state": self.state,
            "date_start": self.date_start,
            "date_end": self.date_end,
            "date_billed_to": self.date_billed_to,
            "price": self.price_unit,
            "quantity": self._format_quantity(self.quantity),
            "metered": service.quantity_source == "meter",
            "block_size": self._format_quantity(service.block_size),
            "interval": intervals[self.billing_interval].lower(),
            "discount": self._format_quantity(self.discount) if self.discount else False,
            "paused": self.is_paused,
            "tiers": self._prepare_portal_tiers(),
            "minimum": self.price_ids._in_force(self._price_day()).minimum_amount,
        }

    def _prepare_portal_tiers(self):
        tiers = self.price_ids._in_force(self._price_day()).tier_ids
        return [{"above": self._format_quantity(tier.quantity_above), "price": tier.price_unit} for tier in tiers]

    def _prepare_portal_once_vals(self):
        """Return what a customer sees of a charge that is made once."""
        self.ensure_one()
        return {
            "name": self._short_name(),
            "date": self.date_start,
            "text": self.invoice_text,
            "amount": float(self._once_amount()),
            "billed": bool(self.date_billed_to),
        }
