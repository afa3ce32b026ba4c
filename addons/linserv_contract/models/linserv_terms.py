import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class LinservTerms(models.Model):
    """A version of the legal text that customers sign with the quotation. What has been signed does not change."""

    _name = "linserv.terms"
    _description = "Legal Terms"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    name = fields.Char(required=True, help="With its version, as the customer sees it.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for every company.")
    date_from = fields.Date("Used from", required=True, default=fields.Date.context_today)
    text = fields.Html(
        required=True,
        help="Words in braces are filled in from the quotation: {term_months}, {renewal_months}, {notice_months}, "
        "{payment_terms}, {currency}, {company}, {customer}.",
    )
    order_ids = fields.One2many("sale.order", "linserv_terms_id", string="Quotations")
    is_signed = fields.Boolean("Signed by customers", compute="_compute_is_signed")

    @api.depends("order_ids.state")
    def _compute_is_signed(self):
        """sudo: a text that any customer has signed is fixed, also for who may not see that customer's order."""
        orders = self.env["sale.order"].sudo()
        for terms in self:
            domain = [("linserv_terms_id", "=", terms.id), ("state", "in", ("sale", "done"))]
            terms.is_signed = bool(orders.search_count(domain))

    def write(self, vals):
        if {"text", "name"} & set(vals):
            self._check_not_signed()
        return super().write(vals)

    def unlink(self):
        self._check_not_signed()
        return super().unlink()

    def _check_not_signed(self):
        for terms in self.filtered("is_signed"):
            raise UserError(_("%s has been signed by customers. Duplicate it and change the copy.", terms.name))

    @api.model
    def _current(self, company, day):
        """Return the text that a new quotation of the company is made on."""
        domain = [("company_id", "in", (False, company.id)), ("date_from", "<=", day)]
        return self.search(domain, limit=1)

    def _fill(self, values):
        """Return the text with the words in braces filled in from ``values``; an unknown word stays as it is."""
        self.ensure_one()
        return PLACEHOLDER.sub(lambda match: str(values.get(match.group(1), match.group(0))), self.text or "")
