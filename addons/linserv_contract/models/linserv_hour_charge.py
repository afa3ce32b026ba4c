from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import formatLang

from ..domain import hours


class LinservHourCharge(models.Model):
    """Hours of a ticket that an invoice charges, or credits: a one-off charge due when the month is over.

    As long as it is not invoiced its minutes follow the time that is written; then the next change makes another.
    """

    _name = "linserv.hour.charge"
    _description = "Charged Hours"
    _order = "month_id, number"

    month_id = fields.Many2one("linserv.hour.month", required=True, readonly=True, ondelete="restrict", index=True)
    contract_id = fields.Many2one(related="month_id.contract_id", store=True, index=True)
    company_id = fields.Many2one(related="month_id.company_id", store=True, index=True)
    number = fields.Integer(required=True, readonly=True)
    minutes = fields.Integer(readonly=True, help="Negative: credited.")
    subscription_id = fields.Many2one("linserv.subscription", "Charge", readonly=True, ondelete="set null")
    is_invoiced = fields.Boolean(compute="_compute_is_invoiced")

    _sql_constraints = [("number_unique", "unique (month_id, number)", "There is a charge with this number already.")]

    @api.depends("subscription_id.billed_period_ids.active")
    def _compute_is_invoiced(self):
        for charge in self:
            charge.is_invoiced = bool(charge.subscription_id.date_billed_to)

    def _set_minutes(self, minutes):
        """Charge so many minutes, of which none has been invoiced yet."""
        self.minutes = minutes
        if self.subscription_id:
            self.contract_id._uncharge_once(self.subscription_id)
        if minutes and not self.month_id.price_missing:
            self.subscription_id = self._charge_once()

    def _charge_once(self):
        month = self.month_id
        contract = month.contract_id
        quantity, price = self._quantity_and_price()
        return contract._charge_once(
            "hours",
            self._due_date(),
            quantity=quantity,
            price_unit=price if self.minutes > 0 else -price,
            instance=month.instance_id or None,
            text=self.with_context(lang=contract.partner_id.lang)._text(),
            origin="linserv.hour.charge,%d,%d" % (self.id, month.version),
        )

    def _quantity_and_price(self):
        """Return hours and price of an hour; 20 minutes, which decimals cannot write, are one item of their amount."""
        price, minutes = self.month_id.price_unit, abs(self.minutes)
        if self._is_even():
            return minutes / 60, price
        return 1.0, self.month_id.currency_id.round(price * minutes / 60)

    def _is_even(self):
        digits = self.env["decimal.precision"].precision_get("Product Unit of Measure")
        return abs(self.minutes) * 10**digits % 60 == 0

    def _due_date(self):
        """Return the day after the month; hours of a contract that has ended are due on its last day."""
        due = self.month_id.date_to + timedelta(days=1)
        last_day = self.contract_id.date_end
        return min(due, last_day) if last_day else due

    def _text(self):
        month = self.month_id
        if self.minutes < 0:
            text = _("Correction of %s", month._label())
        else:
            worked = hours.format_minutes(month.minutes_worked)
            text = _("%(label)s: %(worked)s worked", label=month._label(), worked=worked)
        if self._is_even():
            return text
        price = formatLang(self.env, month.price_unit, currency_obj=month.currency_id)
        billable = hours.format_minutes(abs(self.minutes))
        return "%s\n%s" % (text, _("%(hours)s at %(price)s an hour", hours=billable, price=price))
