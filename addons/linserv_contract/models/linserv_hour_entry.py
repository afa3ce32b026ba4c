from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..domain import hours

OUTCOMES = [("covered", "Included"), ("quota", "Within the quota"), ("pack", "Prepaid"), ("charged", "Charged")]
MOVING = {"contract_id", "date", "minutes", "hours", "is_billable", "origin_name", "res_model", "res_id"}
SETTLED = {"month_id", "outcome", "reason", "origin_key", "company_id", "commercial_partner_id"}


class LinservHourEntry(models.Model):
    """Time that somebody worked for a customer, and whether the customer pays for it."""

    _name = "linserv.hour.entry"
    _description = "Hours Worked"
    _order = "date desc, id desc"
    _check_company_auto = True

    contract_id = fields.Many2one(
        "linserv.contract", required=True, ondelete="restrict", index=True, check_company=True
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    instance_id = fields.Many2one("linserv.instance", check_company=True, ondelete="restrict")
    work_type_id = fields.Many2one("linserv.work.type", required=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", "Who", required=True, default=lambda self: self.env.user)
    date = fields.Date(required=True, default=fields.Date.context_today, index=True)
    name = fields.Char("What was done", required=True)
    minutes = fields.Integer(required=True)
    hours = fields.Float("Time", compute="_compute_hours", inverse="_inverse_hours", store=True)
    res_model = fields.Char("Model of the ticket", readonly=True)
    res_id = fields.Integer("Id of the ticket", readonly=True)
    origin_name = fields.Char("Ticket", help="What the customer knows the work by: number and subject.")
    origin_key = fields.Char(compute="_compute_origin_key", store=True, index=True)
    outcome = fields.Selection(OUTCOMES, readonly=True, help="What the contract said when the time was written.")
    reason = fields.Char(readonly=True)
    is_billable = fields.Boolean("Customer pays")
    month_id = fields.Many2one("linserv.hour.month", "Ticket and month", readonly=True, ondelete="set null", index=True)

    _sql_constraints = [
        ("minutes_positive", "CHECK (minutes > 0 AND minutes <= 1440)", "The time is one minute to 24 hours."),
    ]

    @api.depends("minutes")
    def _compute_hours(self):
        for entry in self:
            entry.hours = entry.minutes / 60

    def _inverse_hours(self):
        for entry in self:
            entry.minutes = hours.to_minutes(entry.hours)

    @api.depends("res_model", "res_id", "origin_name")
    def _compute_origin_key(self):
        for entry in self:
            key = "%s,%d" % (entry.res_model, entry.res_id) if entry.res_model else entry.origin_name
            entry.origin_key = key or "entry,%s" % entry.id

    @api.constrains("date", "contract_id", "instance_id")
    def _check_contract(self):
        for entry in self:
            contract = entry.contract_id
            if contract.state not in ("active", "ended") or not contract._is_on(entry.date):
                raise ValidationError(
                    _("Contract %(name)s is not in force on %(date)s.", name=contract.name, date=entry.date)
                )
            owner = entry.instance_id.commercial_partner_id
            if owner and owner != contract.commercial_partner_id:
                raise ValidationError(_("The instance %s is another customer's.", entry.instance_id.name))

    @api.onchange("contract_id", "work_type_id", "instance_id", "date")
    def _onchange_coverage(self):
        if self.contract_id and self.work_type_id and self.date:
            self.update(self._prepare_coverage_vals())

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if "hours" in vals and "minutes" not in vals:
                vals["minutes"] = hours.to_minutes(vals.pop("hours"))
            known = {**self.default_get(["date"]), **vals}
            said = self.new(known)._prepare_coverage_vals()
            vals.update({**said, "is_billable": vals.get("is_billable", said["is_billable"])})
        entries = super().create(vals_list)
        entries._settle()
        return entries

    def write(self, vals):
        if not self.env.su and SETTLED & set(vals):
            raise AccessError(_("What the contract said, and what became of the time, is not written by hand."))
        moving = MOVING & set(vals)
        if moving:
            self._check_may_correct()
        months = self.month_id if moving else self.env["linserv.hour.month"]
        result = super().write(vals)
        if moving:
            self._settle()
            (months - self.month_id)._settle()
        return result

    def unlink(self):
        self._check_may_correct()
        months = self.month_id
        result = super().unlink()
        months._settle()
        return result

    def _check_may_correct(self):
        """What has been invoiced is corrected by a manager: the next invoice credits it."""
        invoiced = self.filtered(lambda entry: entry.month_id.minutes_invoiced)
        if invoiced and not self.env.su and not self.user_has_groups("linserv_contract.linserv_contract_group_manager"):
            raise UserError(
                _("%s has been invoiced: ask a manager of contracts to correct the time.", invoiced[0].name)
            )

    def _prepare_coverage_vals(self):
        """Return what the contract says of this work on this day."""
        contract, instance = self.contract_id._origin, self.instance_id._origin
        answer = contract._coverage_desk(instance, self.date).answer(self.work_type_id._origin.sudo())
        return {"outcome": answer.outcome, "reason": answer.reason, "is_billable": not answer.is_included}

    def _settle(self):
        """Put each entry under its ticket and month, and let packs and invoices follow.

        sudo: who writes time has no right to change packs and charges.
        """
        months = self.env["linserv.hour.month"].sudo()
        for entry in self.sudo():
            month = months._take(entry) if entry.is_billable else months.browse()
            entry.month_id = month
            months |= month
        months._settle()
