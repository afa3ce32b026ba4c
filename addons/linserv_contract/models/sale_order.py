from collections import defaultdict

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang, html_escape


class SaleOrder(models.Model):
    """A quotation of Linserv's services: what the contract will be made of."""

    _inherit = "sale.order"

    linserv_is_contract = fields.Boolean("Sells services", compute="_compute_linserv_is_contract")
    linserv_contract_id = fields.Many2one(
        "linserv.contract",
        string="Contract",
        copy=False,
        check_company=True,
        index=True,
        domain="[('commercial_partner_id', '=', linserv_customer_id), ('state', '=', 'active')]",
        help="Empty: the signature makes a new contract. Else the services are added to this one.",
    )
    linserv_customer_id = fields.Many2one(related="partner_id.commercial_partner_id", string="Commercial entity")
    linserv_date_start = fields.Date(
        "Services from", copy=False, help="Empty: the services begin on the day of the signature."
    )
    linserv_instance_id = fields.Many2one(
        "linserv.instance",
        string="Instance",
        check_company=True,
        domain="[('commercial_partner_id', '=', linserv_customer_id)]",
        help="For the lines without an instance of their own.",
    )
    linserv_new_instance = fields.Char(
        "New instance", help="The name of an instance that does not exist yet. The signature makes it."
    )
    linserv_term_months = fields.Integer("Minimum term (months)", default=12)
    linserv_renewal_months = fields.Integer("Renewed by (months)", default=12)
    linserv_notice_months = fields.Integer("Notice (months)", default=3)
    linserv_billing_alignment = fields.Selection(
        selection=lambda self: self._linserv_choices("billing_alignment"),
        string="Periods begin on",
        default="contract_day",
        required=True,
    )
    linserv_licence_edition = fields.Selection(
        selection=lambda self: self._linserv_choices("licence_edition"),
        string="Odoo licence",
        default="community",
        required=True,
    )
    linserv_licence_number = fields.Char("Licence number")
    linserv_licence_date_end = fields.Date("Licence ends")
    linserv_terms_id = fields.Many2one(
        "linserv.terms",
        string="Legal terms",
        copy=False,
        check_company=True,
        ondelete="restrict",
        default=lambda self: self.env["linserv.terms"]._current(self.env.company, fields.Date.context_today(self)),
    )

    _sql_constraints = [
        (
            "linserv_terms_positive",
            "CHECK (linserv_term_months >= 0 AND linserv_renewal_months >= 0 AND linserv_notice_months >= 0)",
            "Terms are given in months and cannot be negative.",
        ),
    ]

    @api.model
    def _linserv_choices(self, name):
        """Return what the contract's field ``name`` can be."""
        return self.env["linserv.contract"]._fields[name]._description_selection(self.env)

    @api.depends("order_line.linserv_service_id")
    def _compute_linserv_is_contract(self):
        for order in self:
            order.linserv_is_contract = bool(order.order_line.linserv_service_id)

    @api.onchange("linserv_contract_id")
    def _onchange_linserv_contract_id(self):
        """What is added to a contract follows its terms and licence."""
        contract = self.linserv_contract_id
        if not contract:
            return
        for name in ("term_months", "renewal_months", "notice_months", "billing_alignment", "licence_edition"):
            self["linserv_" + name] = contract[name]
        self.linserv_licence_number = contract.licence_number
        self.linserv_licence_date_end = contract.licence_date_end
        self.payment_term_id = contract.payment_term_id

    @api.onchange("partner_id")
    def _onchange_linserv_partner(self):
        """A customer with one instance: that is the one."""
        customer = self.partner_id.commercial_partner_id
        instances = self.env["linserv.instance"].search(
            [("commercial_partner_id", "=", customer.id), ("kind", "=", "production")]
        )
        self.linserv_instance_id = instances if customer and len(instances) == 1 else False
        if self.linserv_contract_id.commercial_partner_id != customer:
            self.linserv_contract_id = False

    def action_view_linserv_contract(self):
        """Open the contract that the order made or extended."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "linserv.contract",
            "res_id": self.linserv_contract_id.id,
            "view_mode": "form",
        }

    def action_cancel(self):
        for order in self.filtered(lambda order: order.linserv_is_contract and order.state in ("sale", "done")):
            raise UserError(
                _(
                    "%(order)s has become contract %(contract)s: end the contract, or the service on it, instead.",
                    order=order.name,
                    contract=order.linserv_contract_id.name,
                )
            )
        return super().action_cancel()

    def _linserv_terms_text(self):
        """Return the legal text with this quotation's terms, as HTML; empty without services or text."""
        self.ensure_one()
        if not (self.linserv_is_contract and self.linserv_terms_id):
            return ""
        values = {
            "term_months": self.linserv_term_months,
            "renewal_months": self.linserv_renewal_months,
            "notice_months": self.linserv_notice_months,
            "payment_terms": self._linserv_payment_term().name,
            "currency": self.currency_id.name,
            "company": self.company_id.name,
            "customer": self.partner_id.commercial_partner_id.name,
        }
        # sudo: the customer who reads a quotation has no right on the table of texts.
        terms = self.linserv_terms_id.sudo()
        return terms._fill({name: html_escape(str(value or "")) for name, value in values.items()})

    def _linserv_payment_term(self):
        term = self.payment_term_id or self.env.ref("account.account_payment_term_30days", raise_if_not_found=False)
        return term or self.env["account.payment.term"]

    def _linserv_totals(self):
        """Return what the order costs for each interval: [{label, untaxed, tax, total}], the shortest first."""
        self.ensure_one()
        sums = defaultdict(lambda: [0.0, 0.0])
        for line in self.order_line.filtered(lambda line: not line.display_type):
            amounts = sums[line.linserv_interval or "once"]
            amounts[0] += line.price_subtotal
            amounts[1] += line.price_tax
        labels = self._linserv_interval_labels()
        return [
            {"label": labels[key], "untaxed": sums[key][0], "tax": sums[key][1], "total": sum(sums[key])}
            for key in labels
            if key in sums
        ]

    def _linserv_interval_labels(self):
        return {
            "monthly": _("A month"),
            "quarterly": _("A quarter"),
            "yearly": _("A year"),
            "once": _("Once"),
        }

    def _linserv_price_text(self):
        """Return the price in one line: what it costs a month, a year and once, excluding VAT."""
        self.ensure_one()
        parts = [
            "%s %s" % (formatLang(self.env, row["untaxed"], currency_obj=self.currency_id), row["label"].lower())
            for row in self._linserv_totals()
        ]
        return " + ".join(parts)
