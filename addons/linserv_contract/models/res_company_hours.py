from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    """How the company bills hours, where the contract does not say otherwise."""

    _inherit = "res.company"

    linserv_hour_minimum = fields.Integer("Least billed (minutes)", default=30)
    linserv_hour_step = fields.Integer("Billed in steps of (minutes)", default=30)
    linserv_ticket_minutes = fields.Integer("Authorised by a ticket (minutes)", default=240)
    linserv_pack_months = fields.Integer("Prepaid hours are valid (months)", default=0)

    @api.constrains("linserv_hour_minimum", "linserv_hour_step", "linserv_ticket_minutes", "linserv_pack_months")
    def _check_linserv_hours(self):
        for company in self:
            if company.linserv_hour_step < 1:
                raise ValidationError(_("Hours are billed in steps of at least one minute."))
            if min(company.linserv_hour_minimum, company.linserv_ticket_minutes, company.linserv_pack_months) < 0:
                raise ValidationError(_("Minutes and months cannot be negative."))


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    linserv_hour_minimum = fields.Integer(related="company_id.linserv_hour_minimum", readonly=False)
    linserv_hour_step = fields.Integer(related="company_id.linserv_hour_step", readonly=False)
    linserv_ticket_minutes = fields.Integer(related="company_id.linserv_ticket_minutes", readonly=False)
    linserv_pack_months = fields.Integer(related="company_id.linserv_pack_months", readonly=False)
