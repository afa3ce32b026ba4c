from odoo import fields, models

from ..domain import comparison

REASONS = [
    (comparison.NEW, "New service"),
    (comparison.ENDED, "Ended"),
    (comparison.RESUMED, "Begun again"),
    (comparison.PAUSED, "Paused"),
    (comparison.HELD, "Held back"),
    (comparison.RHYTHM, "Not billed every month"),
    (comparison.CATCH_UP, "Missed periods"),
    (comparison.PART, "Part of a period"),
    (comparison.PRICE, "Price"),
    (comparison.INDEX, "Index"),
    (comparison.QUANTITY, "Quantity"),
    (comparison.DISCOUNT, "Discount"),
    (comparison.ONE_OFF, "One-off fee"),
    (comparison.CORRECTION, "Correction or credit"),
    (comparison.OTHER, "Other"),
]


class LinservBillingDifference(models.Model):
    """Why a contract is billed another amount than last month: one row for each reason, adding up."""

    _name = "linserv.billing.difference"
    _description = "Difference From Last Month"
    _order = "run_id desc, contract_id, id"
    _rec_name = "reason"

    line_id = fields.Many2one("linserv.billing.run.line", required=True, ondelete="cascade", index=True)
    run_id = fields.Many2one(related="line_id.run_id", store=True, index=True)
    company_id = fields.Many2one(related="line_id.company_id", store=True, index=True)
    contract_id = fields.Many2one(related="line_id.contract_id", store=True)
    partner_id = fields.Many2one(related="line_id.commercial_partner_id", string="Customer", store=True)
    subscription_id = fields.Many2one("linserv.subscription", string="Service", required=True, ondelete="cascade")
    reason = fields.Selection(REASONS, required=True, index=True)
    currency_id = fields.Many2one(related="line_id.company_currency_id", string="Company currency")
    amount = fields.Monetary("Difference", help="In the company's currency, excluding VAT.")
