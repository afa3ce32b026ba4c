from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

STATES = [("planned", "Planned"), ("done", "Done"), ("cancelled", "Cancelled")]


class LinservContractTransfer(models.Model):
    """Hands a contract over to another company of the customer: it ends there and begins here. Rule 67."""

    _name = "linserv.contract.transfer"
    _description = "Contract Transfer"
    _order = "date desc, id desc"
    _rec_name = "contract_id"
    _check_company_auto = True

    contract_id = fields.Many2one("linserv.contract", required=True, ondelete="cascade", index=True, check_company=True)
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    partner_id = fields.Many2one("res.partner", string="New customer", required=True, check_company=True)
    date = fields.Date("First day", required=True, default=fields.Date.context_today)
    state = fields.Selection(STATES, required=True, default="planned", readonly=True, index=True)
    together_ids = fields.Many2many(
        "linserv.contract",
        compute="_compute_together_ids",
        string="Handed over together",
        help="Contracts with services on the same instances: an instance has one customer.",
    )
    new_contract_ids = fields.Many2many("linserv.contract", string="New contracts", readonly=True, copy=False)

    @api.depends("contract_id")
    def _compute_together_ids(self):
        for transfer in self:
            instances = transfer.contract_id.instance_ids
            others = instances.subscription_ids.filtered(lambda sub: sub.state == "active").contract_id
            transfer.together_ids = transfer.contract_id | others

    @api.constrains("contract_id", "partner_id", "date")
    def _check_partner(self):
        for transfer in self:
            contract = transfer.contract_id
            if transfer.partner_id.commercial_partner_id == contract.commercial_partner_id:
                raise ValidationError(_("Contract %s is that customer's already.", contract.name))
            if transfer.state == "planned" and (contract.state != "active" or transfer.date <= contract.date_start):
                raise ValidationError(_("Contract %s is not in force before that day.", contract.name))

    def action_confirm(self):
        """Hand over now if the day has come; else the scheduled action does it on the day."""
        self.ensure_one()
        if self.date <= fields.Date.context_today(self):
            self._hand_over()
        return {"type": "ir.actions.act_window_close"}

    def action_cancel(self):
        """Call off what has not been done."""
        self.filtered(lambda transfer: transfer.state == "planned").state = "cancelled"

    @api.model
    def _hand_over_due(self, today):
        """Hand over what is planned for today or before, each on its own."""
        due = self.search([("state", "=", "planned"), ("date", "<=", today)])
        for transfer in due:
            transfer.contract_id._try(transfer._hand_over)
        return due

    def _hand_over(self):
        """Do it, once. Returns the new contracts."""
        self.ensure_one()
        contracts = self.together_ids
        contracts._lock()
        if self.state != "planned":
            return self.new_contract_ids
        if any(contract.date_end and contract.date_end < self.date for contract in contracts):
            raise UserError(_("The contract ends before the day it was to be handed over."))
        moved = [(contract, contract._services_on(self.date), contract.date_end) for contract in contracts]
        ends = {service: service._own_end() for _contract, services, _end in moved for service in services}
        for contract in contracts:
            contract.date_end = fields.Date.subtract(self.date, days=1)
        contracts.action_end()
        # sudo: whoever may change contracts need not have the right to change instances.
        contracts.instance_ids.sudo().write({"partner_id": self.partner_id.commercial_partner_id.id})
        for contract, services, end in moved:
            own = {service: ends[service] for service in services}
            self.new_contract_ids |= contract._continue_with(self.partner_id, self.date, own, end)
        self.state = "done"
        return self.new_contract_ids


class LinservContract(models.Model):
    _inherit = "linserv.contract"

    def _services_on(self, date):
        """Return the services that run on ``date`` or begin later, and one-off charges not due before it."""
        return self.subscription_ids.filtered(
            lambda sub: (
                sub.state == "active"
                and not (sub._last_day() and sub._last_day() < date)
                and not (sub.billing_interval == "once" and sub.billed_period_ids)
            )
        )

    def _continue_with(self, partner, date, services, end):
        """Return the contract that goes on with ``services`` ({service: its own end}) for another customer.

        The term goes on: it is counted from the first invoice of the contract before.
        """
        self.ensure_one()
        new = self.create(self._prepare_continuing_vals(partner, date))
        for service, last_day in services.items():
            service._continue_on(new, date, last_day)
        new.action_activate()
        if end:
            given = {name: self[name] for name in ("notice_date", "notice_by", "notice_reason")}
            new.write({**given, "date_end": end})
        words = {"old": self.name, "new": new.name, "day": format_date(self.env, date)}
        for contract in self | new:
            contract.message_post(body=_("Handed over from %(old)s to %(new)s on %(day)s.", **words))
        self._on_handed_over(new)
        return new

    def _prepare_continuing_vals(self, partner, date):
        """Return the values of the contract that goes on for ``partner``: the same terms, without services."""
        vals = self.copy_data({"partner_id": partner.commercial_partner_id.id, "date_start": date})[0]
        vals = {name: value for name, value in vals.items() if self._fields[name].type != "one2many"}
        first = self.date_first_invoice or self.date_start
        return {**vals, "user_id": self.user_id.id, "date_first_invoice": first}

    def _on_handed_over(self, new):
        """Take along what else belongs to the contract: prepaid hours that are left, and the customer's own agreements.

        sudo: whoever hands over need not have the right to change packs.
        """
        packs = self.sudo().pack_ids.filtered(lambda pack: not pack.is_cancelled and pack.minutes_left)
        packs._lock()
        packs.write({"contract_id": new.id})
        deviations = self.deviation_ids.filtered(lambda one: not one.date_to or one.date_to >= new.date_start)
        for deviation in deviations:
            deviation.copy({"contract_id": new.id, "user_id": deviation.user_id.id})
