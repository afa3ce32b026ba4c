from odoo import api, fields, models


class LinservContract(models.Model):
    """Where a contract comes from: its quotations, and the papers that were signed."""

    _inherit = "linserv.contract"

    sale_order_ids = fields.One2many(
        "sale.order", "linserv_contract_id", string="Quotations and orders", groups="base.group_user"
    )
    sale_order_count = fields.Integer(compute="_compute_sale_order_count", groups="base.group_user")
    signed_ids = fields.Many2many(
        "ir.attachment",
        "linserv_contract_signed_rel",
        string="Signed agreements",
        copy=False,
        groups="base.group_user",
        help="The signed quotations as the customer saw them.",
    )

    @api.depends("sale_order_ids")
    def _compute_sale_order_count(self):
        """sudo: the number is for everybody who reads contracts; the orders open by their own rules."""
        for contract in self:
            contract.sale_order_count = len(contract.sudo().sale_order_ids)

    def action_view_sale_orders(self):
        """Show the quotations and orders of the contract."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale.action_quotations_with_onboarding")
        return dict(action, domain=[("linserv_contract_id", "=", self.id)], context={"create": False})

    def action_new_quotation(self):
        """Open a new quotation whose services are added to this contract."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "view_mode": "form",
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_linserv_contract_id": self.id,
                "default_company_id": self.company_id.id,
            },
        }

    # What the customer sees. sudo: asked for after the record rules let them read the contract.

    def _prepare_portal_values(self):
        values = super()._prepare_portal_values()
        agreements = self.sudo().sale_order_ids.filtered(lambda order: order.state in ("sale", "done"))
        values["agreements"] = [
            {
                "name": order.name,
                "date": order.date_order.date(),
                "url": "/my/contracts/%d/agreement/%d" % (self.id, order.id),
            }
            for order in agreements
            if self._portal_agreement(order.id)
        ]
        return values

    def _portal_agreement(self, order_id):
        """Return the signed PDF of one of the contract's orders, else nothing."""
        self.ensure_one()
        return self.sudo().signed_ids.filtered(lambda file: file.description == "sale.order,%d" % order_id)[:1]
