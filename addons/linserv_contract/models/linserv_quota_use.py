from odoo import fields, models

STATES = [("used", "Used"), ("returned", "Given back")]


class LinservQuotaUse(models.Model):
    """One use of a quota: what it was for, when, and whether it counts."""

    _name = "linserv.quota.use"
    _description = "Quota Use"
    _order = "date desc, id desc"

    quota_id = fields.Many2one("linserv.quota", required=True, readonly=True, ondelete="cascade", index=True)
    contract_id = fields.Many2one(related="quota_id.contract_id", store=True, index=True)
    company_id = fields.Many2one(related="quota_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="quota_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    work_type_id = fields.Many2one(related="quota_id.work_type_id", store=True)
    instance_id = fields.Many2one(related="quota_id.instance_id", store=True)
    date = fields.Date("Planned for", required=True, readonly=True, help="The day of the work.")
    name = fields.Char("What for", readonly=True)
    origin_key = fields.Char(required=True, readonly=True, index=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="used")
    is_charged = fields.Boolean(
        "Beyond the quota", readonly=True, help="All were used: the customer accepted to pay for it."
    )
    date_returned = fields.Date(readonly=True)
    user_id = fields.Many2one("res.users", "Ordered by", readonly=True, default=lambda self: self.env.user)
    subscription_id = fields.Many2one(
        "linserv.subscription", "Fee", readonly=True, ondelete="set null", help="The one-off fee, where there is one."
    )

    _sql_constraints = [("origin_unique", "unique (origin_key)", "This use has been counted already.")]
