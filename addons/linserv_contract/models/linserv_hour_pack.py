from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..domain import hours, packs
from .linserv_contract_billing import decimal

STATES = [("active", "In use"), ("empty", "Empty"), ("expired", "Expired"), ("cancelled", "Cancelled")]


class LinservHourPack(models.Model):
    """Hours that the customer has paid in advance, drawn first in, first out."""

    _name = "linserv.hour.pack"
    _description = "Prepaid Hours"
    _inherit = ["mail.thread"]
    _order = "date_start, id"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    contract_id = fields.Many2one("linserv.contract", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    subscription_id = fields.Many2one(
        "linserv.subscription", "Sold as", readonly=True, ondelete="restrict", help="The one-off charge of the pack."
    )
    date_start = fields.Date("From", required=True, readonly=True)
    date_end = fields.Date("Last day", tracking=True, help="Empty: the hours never expire.")
    minutes = fields.Integer(required=True, readonly=True)
    minutes_left = fields.Integer(readonly=True, help="Negative when more was drawn than was bought.")
    overdraw_minutes = fields.Integer(
        "May be overdrawn by (minutes)", tracking=True, help="So much more may be drawn when every pack is empty."
    )
    overdraw_user_id = fields.Many2one("res.users", "Overdraw approved by", readonly=True, tracking=True)
    hours = fields.Float(compute="_compute_hours", store=True)
    hours_left = fields.Float(compute="_compute_hours", store=True)
    hours_drawn = fields.Float(compute="_compute_hours", store=True)
    percent = fields.Float("Used (%)", compute="_compute_percent")
    is_cancelled = fields.Boolean("Cancelled", readonly=True)
    state = fields.Selection(STATES, compute="_compute_state")
    draw_ids = fields.One2many("linserv.hour.draw", "pack_id", string="Draws")

    _sql_constraints = [
        ("subscription_unique", "unique (subscription_id)", "The pack has been made already."),
        ("minutes_positive", "CHECK (minutes > 0)", "A pack has hours in it."),
        ("overdraw_positive", "CHECK (overdraw_minutes >= 0)", "An overdraw cannot be negative."),
        ("dates_ordered", "CHECK (date_end >= date_start)", "A pack cannot expire before it begins."),
    ]

    @api.depends("minutes", "date_start")
    def _compute_name(self):
        for pack in self:
            pack.name = _("%(hours)s hours from %(date)s", hours=pack.minutes // 60, date=pack.date_start or "")

    @api.depends("minutes", "minutes_left")
    def _compute_hours(self):
        for pack in self:
            pack.hours, pack.hours_left = pack.minutes / 60, pack.minutes_left / 60
            pack.hours_drawn = pack.hours - pack.hours_left

    @api.depends("minutes", "minutes_left")
    def _compute_percent(self):
        for pack in self:
            pack.percent = min(100.0, 100.0 - 100.0 * pack.minutes_left / pack.minutes) if pack.minutes else 0.0

    @api.depends("minutes_left", "date_end", "is_cancelled")
    def _compute_state(self):
        today = fields.Date.context_today(self)
        for pack in self:
            if pack.is_cancelled:
                pack.state = "cancelled"
            elif pack.date_end and pack.date_end < today:
                pack.state = "expired"
            else:
                pack.state = "active" if pack.minutes_left > 0 else "empty"

    @api.constrains("date_end")
    def _check_drawn(self):
        for pack in self:
            days = pack.draw_ids.filtered("month_id").mapped("date")
            if pack.date_end and days and max(days) > pack.date_end:
                raise ValidationError(_("Hours have been drawn from %s after that day.", pack.name))

    def write(self, vals):
        if vals.get("overdraw_minutes"):
            vals = dict(vals, overdraw_user_id=self.env.uid)
        return super().write(vals)

    def action_cancel(self):
        """Take the pack back: what is left is credited, or never invoiced, and nothing more can be drawn."""
        for pack in self:
            pack._cancel()

    def _cancel(self):
        self._lock()
        if self.is_cancelled:
            return
        left = max(0, self.minutes_left)
        subscription = self.subscription_id
        if subscription and not subscription.date_billed_to and left == self.minutes:
            self.contract_id._uncharge_once(subscription)
        elif subscription and left:
            self._credit(left)
        self._draw(left, text=_("Cancelled"), kind="cancel")
        self.is_cancelled = True

    def _credit(self, left):
        """Credit the unused hours on the next invoice, at the price they were bought for."""
        paid = self.subscription_id.sudo()._once_amount()
        worth = packs.value_left(paid, self.minutes, left, decimal(self.currency_id.rounding))
        if worth:
            self.contract_id.sudo()._charge_once(
                self.subscription_id.service_id.code,
                max(fields.Date.context_today(self), self.contract_id.date_start),
                price_unit=-float(worth),
                text=_("Credit of unused hours: %s", hours.format_minutes(left)),
                origin="linserv.hour.pack,%d,credit" % self.id,
            )

    def _lock(self):
        """Hold the rows until the transaction ends; whoever else changed them meanwhile makes this one begin anew."""
        if self:
            self.flush()
            self.env.cr.execute(
                "SELECT id FROM linserv_hour_pack WHERE id IN %s ORDER BY id FOR UPDATE", [tuple(self.ids)]
            )
            self.invalidate_cache(["minutes_left", "overdraw_minutes", "is_cancelled"])

    def _draw(self, minutes, text, kind="draw", month=None, day=None):
        """Take minutes from the pack, which must be locked, and write down why; negative minutes are put back."""
        self.ensure_one()
        if not minutes:
            return self.env["linserv.hour.draw"]
        self.minutes_left -= minutes
        return self.env["linserv.hour.draw"].create(
            {
                "pack_id": self.id,
                "month_id": month.id if month else False,
                "minutes": minutes,
                "kind": kind,
                "date": day or fields.Date.context_today(self),
                "name": text,
            }
        )

    def _as_domain(self):
        """Return the packs as the rules see them."""
        return [
            packs.Pack(pack.id, pack.date_start, pack.date_end or None, pack.minutes_left, pack.overdraw_minutes)
            for pack in self
            if not pack.is_cancelled
        ]

    def unlink(self):
        if self:
            raise UserError(_("Prepaid hours are not deleted: cancel them, what is left is then credited."))
        return super().unlink()
