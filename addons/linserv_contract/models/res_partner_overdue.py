from odoo import api, fields, models

OVERDUE = [("none", "Nothing is late"), ("late", "Late"), ("overdue", "Overdue")]
QUERY = """
    SELECT partner.commercial_partner_id, sum(line.amount_residual),
           min(line.date_maturity) FILTER (WHERE line.amount_residual > 0)
    FROM account_move_line AS line
    JOIN account_account AS account ON account.id = line.account_id
    JOIN res_partner AS partner ON partner.id = line.partner_id
    WHERE account.internal_type = 'receivable' AND line.parent_state = 'posted' AND NOT line.reconciled
      AND line.company_id = %s AND partner.commercial_partner_id IN %s
      AND (line.amount_residual < 0 OR line.date_maturity < %s)
    GROUP BY partner.commercial_partner_id
"""


class ResPartner(models.Model):
    """What a customer owes too late, by the books: standard invoices less what has been paid or credited."""

    _inherit = "res.partner"

    @api.model
    def _linserv_overdue_nothing(self):
        return {"state": "none", "amount": 0.0, "days": 0, "date": False}

    def _linserv_overdue(self, company=None, date=None):
        """Return {partner id: {"state": none|late|overdue, "amount", "days", "date"}} in the company's currency.

        Money that is paid but not yet matched counts as paid. ``late`` becomes ``overdue`` after the company's days
        of grace. sudo: whoever sees the customer may see that it is late, without seeing its invoices.
        """
        company, date = company or self.env.company, date or fields.Date.context_today(self)
        owners = {partner.id: partner.commercial_partner_id.id for partner in self.sudo()}
        found = self._linserv_query_overdue(company, date, set(owners.values()))
        return {key: found.get(owner, self._linserv_overdue_nothing()) for key, owner in owners.items()}

    @api.model
    def _linserv_query_overdue(self, company, date, owners):
        if not owners:
            return {}
        self.env["account.move.line"].flush()
        self.env.cr.execute(QUERY, [company.id, tuple(owners), date])
        grace = company.sudo().linserv_overdue_grace_days
        found = {}
        for owner, amount, oldest in self.env.cr.fetchall():
            if oldest and company.currency_id.compare_amounts(amount, 0.0) > 0:
                days = (date - oldest).days
                state = "overdue" if days > grace else "late"
                found[owner] = {"state": state, "amount": amount, "days": days, "date": oldest}
        return found


class LinservContract(models.Model):
    """A contract shows that its customer is late. Nothing is ever switched off by itself."""

    _inherit = "linserv.contract"

    overdue_state = fields.Selection(OVERDUE, "Payment", compute="_compute_overdue", search="_search_overdue_state")
    overdue_amount = fields.Monetary("Overdue amount", compute="_compute_overdue", currency_field="overdue_currency_id")
    overdue_days = fields.Integer("Days late", compute="_compute_overdue")
    overdue_currency_id = fields.Many2one(related="company_id.currency_id", string="Currency of the company")

    def _compute_overdue(self):
        for company in self.company_id:
            contracts = self.filtered(lambda contract, company=company: contract.company_id == company)
            found = contracts.commercial_partner_id._linserv_overdue(company)
            for contract in contracts:
                overdue = found[contract.commercial_partner_id.id]
                contract.overdue_state = overdue["state"]
                contract.overdue_amount = overdue["amount"]
                contract.overdue_days = overdue["days"]
        for contract in self.filtered(lambda contract: not contract.company_id):
            contract.update({"overdue_state": "none", "overdue_amount": 0.0, "overdue_days": 0})

    @api.model
    def _search_overdue_state(self, operator, value):
        wanted = {value} if isinstance(value, str) else set(value or [])
        chosen = [state for state, _label in OVERDUE if (state in wanted) == (operator in ("=", "in"))]
        ids = []
        for company in self.env.companies:
            contracts = self.search([("company_id", "=", company.id)])
            found = contracts.commercial_partner_id._linserv_overdue(company)
            ids += [each.id for each in contracts if found[each.commercial_partner_id.id]["state"] in chosen]
        return [("id", "in", ids)]

    def action_view_overdue(self):
        """Show the customer's invoices that are not paid."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type")
        domain = [
            ("commercial_partner_id", "=", self.commercial_partner_id.id),
            ("company_id", "=", self.company_id.id),
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "in", ("not_paid", "partial")),
            ("invoice_date_due", "<", fields.Date.context_today(self)),
        ]
        return dict(action, domain=domain, context={"create": False})
