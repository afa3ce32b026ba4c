from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class LinservInstance(models.Model):
    _inherit = "linserv.instance"

    subscription_ids = fields.One2many("linserv.subscription", "instance_id", groups="base.group_user")
    contract_ids = fields.Many2many("linserv.contract", compute="_compute_contract_ids", groups="base.group_user")
    reading_ids = fields.One2many("linserv.meter.reading", "instance_id", groups="base.group_user")

    @api.constrains("partner_id", "company_id")
    def _check_services(self):
        """sudo: who manages instances need not have rights on contracts, but may not take one from under them."""
        for instance in self.sudo():
            services = instance.subscription_ids.filtered(lambda service: service._is_in_force())
            foreign = services.filtered(
                lambda service, instance=instance: (
                    service.commercial_partner_id != instance.commercial_partner_id
                    or service.company_id != instance.company_id
                )
            )
            if foreign:
                raise ValidationError(
                    _(
                        "%(instance)s has services in force on contract %(contract)s. End them before the instance "
                        "gets another customer or company.",
                        instance=instance.name,
                        contract=foreign[0].contract_id.name,
                    )
                )

    @api.depends("subscription_ids.contract_id")
    def _compute_contract_ids(self):
        for instance in self:
            instance.contract_ids = instance.subscription_ids.contract_id
