from odoo import _, api, fields, models
from odoo.tools import format_date

from ..domain import hours, packs
from .coverage_desk import CoverageDesk


class LinservHourMonth(models.Model):
    """The billable time of one ticket in one month: worked, rounded, drawn from packs, charged.

    Always true: billable = drawn + charged. Its row is where two people meet who write time on a ticket at once.
    """

    _name = "linserv.hour.month"
    _description = "Hours of a Ticket in a Month"
    _order = "date_from desc, contract_id, id desc"
    _rec_name = "origin_name"

    contract_id = fields.Many2one("linserv.contract", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    origin_key = fields.Char(required=True, readonly=True)
    origin_name = fields.Char("Ticket", readonly=True)
    instance_id = fields.Many2one("linserv.instance", readonly=True, ondelete="restrict")
    date_from = fields.Date("Month", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    price_unit = fields.Monetary("Price of an hour", readonly=True)
    price_missing = fields.Boolean(readonly=True)
    minutes_worked = fields.Integer(readonly=True)
    minutes_billable = fields.Integer(readonly=True)
    minutes_drawn = fields.Integer(readonly=True)
    minutes_charged = fields.Integer(readonly=True)
    minutes_invoiced = fields.Integer(compute="_compute_minutes_invoiced", compute_sudo=True)
    hours_worked = fields.Float("Worked", compute="_compute_hours", store=True)
    hours_billable = fields.Float("Billable", compute="_compute_hours", store=True)
    hours_drawn = fields.Float("Prepaid", compute="_compute_hours", store=True)
    hours_charged = fields.Float("Charged", compute="_compute_hours", store=True)
    amount = fields.Monetary(compute="_compute_hours", store=True, help="Charged, excluding VAT.")
    version = fields.Integer(readonly=True)
    entry_ids = fields.One2many("linserv.hour.entry", "month_id", string="Time")
    draw_ids = fields.One2many("linserv.hour.draw", "month_id", string="Draws")
    charge_ids = fields.One2many("linserv.hour.charge", "month_id", string="Charges")

    _sql_constraints = [
        (
            "month_unique",
            "unique (contract_id, origin_key, date_from)",
            "The ticket has this month already.",
        ),
    ]

    @api.depends("minutes_worked", "minutes_billable", "minutes_drawn", "minutes_charged", "price_unit")
    def _compute_hours(self):
        for month in self:
            for name in ("worked", "billable", "drawn", "charged"):
                month["hours_" + name] = month["minutes_" + name] / 60
            month.amount = month.price_unit * month.hours_charged

    def _compute_minutes_invoiced(self):
        for month in self:
            month.minutes_invoiced = sum(month.charge_ids.filtered("is_invoiced").mapped("minutes"))

    @api.model
    def _take(self, entry):
        """Return the row of the entry's ticket and month, made when it is missing."""
        span = hours.month_of(entry.date)
        contract = entry.contract_id
        self.flush()
        self.env.cr.execute(
            """
            INSERT INTO linserv_hour_month (contract_id, company_id, commercial_partner_id, origin_key, origin_name,
                instance_id, date_from, date_to, minutes_worked, minutes_billable, minutes_drawn, minutes_charged,
                hours_worked, hours_billable, hours_drawn, hours_charged, amount, version,
                create_uid, create_date, write_uid, write_date)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                %s, now() at time zone 'UTC', %s, now() at time zone 'UTC')
            ON CONFLICT (contract_id, origin_key, date_from) DO NOTHING
            """,
            [contract.id, contract.company_id.id, contract.commercial_partner_id.id, entry.origin_key]
            + [entry.origin_name or entry.name, entry.instance_id.id or None, span.date_from, span.date_to]
            + [self.env.uid] * 2,
        )
        return self.search(
            [
                ("contract_id", "=", contract.id),
                ("origin_key", "=", entry.origin_key),
                ("date_from", "=", span.date_from),
            ]
        )

    def _settle(self):
        """Let packs and charges hold exactly what is billable of each ticket and month."""
        for month in self.sorted("id"):
            month._lock()
            month._count()
            month._change(
                hours.change(month.minutes_billable, month.minutes_drawn, month._open_minutes(), month.minutes_invoiced)
            )
            month._count()

    def _lock(self):
        """Lock the row and mark it changed: another transaction that wrote time on it meanwhile begins anew."""
        self.flush()
        self.env.cr.execute(
            "UPDATE linserv_hour_month SET version = version + 1 WHERE id = %s RETURNING version", [self.id]
        )
        self.invalidate_cache()
        (self.contract_id.pack_ids)._lock()

    def _count(self):
        contract = self.contract_id
        worked = sum(self.entry_ids.filtered("is_billable").mapped("minutes"))
        self.write(
            {
                "minutes_worked": worked,
                "minutes_billable": hours.billable_minutes(worked, contract.hour_minimum, contract.hour_step),
                "minutes_drawn": sum(self.draw_ids.mapped("minutes")),
                "minutes_charged": sum(self.charge_ids.mapped("minutes")),
            }
        )

    def _open_minutes(self):
        return sum(self.charge_ids.filtered(lambda charge: not charge.is_invoiced).mapped("minutes"))

    def _change(self, change):
        if change.draw:
            self._charge(self._draw(change.draw))
        if change.give_back:
            self._give_back(change.give_back)
        if change.uncharge or change.credit:
            self._charge(-change.uncharge - change.credit)

    def _draw(self, minutes):
        """Draw from the packs and return the minutes that they did not give."""
        days = self.entry_ids.filtered("is_billable").mapped("date")
        draws, rest = packs.draw(self.contract_id.pack_ids._as_domain(), minutes, max(days))
        for each in draws:
            pack = self.env["linserv.hour.pack"].browse(each.key)
            pack._draw(each.minutes, self._label(), month=self, day=max(days))
        return rest

    def _give_back(self, minutes):
        earlier = [packs.Draw(draw.pack_id.id, draw.minutes) for draw in self.draw_ids.sorted("id")]
        for each in packs.give_back(earlier, minutes):
            pack = self.env["linserv.hour.pack"].browse(each.key)
            pack._draw(each.minutes, self._label(), kind="return", month=self, day=self.date_from)

    def _charge(self, minutes):
        """Change what is charged and not invoiced yet by so many minutes."""
        if not minutes:
            return
        self._set_price()
        charge = self.charge_ids.filtered(lambda each: not each.is_invoiced)[:1]
        if not charge:
            number = len(self.charge_ids) + 1
            charge = self.env["linserv.hour.charge"].create({"month_id": self.id, "number": number})
        charge._set_minutes(charge.minutes + minutes)

    def _set_price(self):
        """Fix the price of an hour: that of the first billable day of the ticket in the month."""
        if self.price_unit:
            return
        first = self.entry_ids.filtered("is_billable").sorted(lambda entry: (entry.date, entry.id))[:1]
        desk = CoverageDesk(self.contract_id, first.instance_id, first.date)
        answer = desk.answer(first.work_type_id)
        price = answer.price if answer.price_per == "hour" else desk.hour_price()
        self.write({"price_unit": price or 0.0, "price_missing": not price})

    @api.model
    def _cron_price(self):
        """Charge the hours that waited for somebody to write the price of an hour."""
        for month in self.search([("price_missing", "=", True)]):
            month._lock()
            month._set_price()
            if not month.price_missing:
                charges = month.charge_ids.filtered(lambda charge: charge.minutes and not charge.subscription_id)
                for charge in charges:
                    charge._set_minutes(charge.minutes)

    def _label(self):
        """Return what the customer knows the work by, with its month."""
        month = format_date(self.env, self.date_from, date_format="LLLL y")
        return _("%(ticket)s, %(month)s", ticket=self.origin_name, month=month)
