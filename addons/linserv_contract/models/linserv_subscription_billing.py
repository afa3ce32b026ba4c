from collections import defaultdict

from odoo import _, models
from odoo.tools import format_date, formatLang

from ..domain import charges, periods
from .linserv_contract_billing import decimal


class LinservSubscription(models.Model):
    """Billing of a subscription: its terms for the planner, and the words of an invoice line."""

    _inherit = "linserv.subscription"

    def _prepare_terms(self, billed, readings):
        """Return the planner's Terms of one subscription from its ledger spans and its readings."""
        self.ensure_one()
        contract, service = self.contract_id, self.service_id
        metered = service.quantity_source == "meter"
        return charges.Terms(
            key=self.id,
            rhythm=periods.Rhythm(
                anchor=contract.date_start,
                months=periods.INTERVAL_MONTHS[self.billing_interval],
                calendar=contract.billing_alignment == "calendar",
                in_advance=self.billing_timing == "advance",
            ),
            date_start=self.date_start,
            date_end=min(filter(None, (self.date_end, contract.date_end)), default=None),
            versions=tuple(
                charges.PriceVersion(
                    version.date_from, decimal(version.price_unit), decimal(version.quantity), version.id
                )
                for version in self.price_ids
            ),
            meter=charges.Meter(decimal(service.block_size), service.max_reading_age_days) if metered else None,
            readings=tuple(
                charges.Reading(reading.id, reading.date, decimal(reading.quantity)) for reading in readings
            ),
            billed=tuple(billed),
        )

    def _billed_spans(self):
        """Return {subscription id: [Span]} of the ledger rows in force."""
        spans = defaultdict(list)
        rows = self.env["linserv.billed.period"].search([("subscription_id", "in", self.ids)])
        for row in rows:
            spans[row.subscription_id.id].append(periods.Span(row.date_from, row.date_to))
        return spans

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
        texts = [
            self._short_name(),
            _("Service period: %s", self.contract_id._format_span(charge.served)),
        ]
        if charge.reading:
            texts.append(self._reading_text(charge))
        if charge.prorated:
            texts.append(self._proration_text(charge))
        return "\n".join(texts)

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
        }
