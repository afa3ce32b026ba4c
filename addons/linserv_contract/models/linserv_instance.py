from odoo import api, fields, models


class LinservInstance(models.Model):
    _inherit = "linserv.instance"

    subscription_ids = fields.One2many("linserv.subscription", "instance_id", groups="base.group_user")
    contract_ids = fields.Many2many("linserv.contract", compute="_compute_contract_ids", groups="base.group_user")
    reading_ids = fields.One2many("linserv.meter.reading", "instance_id", groups="base.group_user")

    @api.depends("subscription_ids.contract_id")
    def _compute_contract_ids(self):
        for instance in self:
            instance.contract_ids = instance.subscription_ids.contract_id
