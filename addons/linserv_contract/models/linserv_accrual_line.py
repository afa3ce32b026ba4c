from odoo import api, fields, models

from .bulk_insert import insert_rows, stored_related


class LinservAccrualLine(models.Model):
    """One amount that stands in the wrong month at a month's end, with the invoice line it comes from."""

    _name = "linserv.accrual.line"
    _description = "Prepaid or Accrued Amount"
    _order = "kind desc, account_id, commercial_partner_id, id"
    _rec_name = "date_from"

    accrual_id = fields.Many2one("linserv.accrual", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="accrual_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="accrual_id.currency_id")
    date = fields.Date(related="accrual_id.date", string="Month's end", store=True)
    kind = fields.Selection([("prepaid", "Prepaid income"), ("accrued", "Accrued income")], required=True)
    commercial_partner_id = fields.Many2one("res.partner", string="Customer", index=True)
    subscription_id = fields.Many2one("linserv.subscription", index=True, ondelete="set null")
    contract_id = fields.Many2one(related="subscription_id.contract_id", store=True)
    service_id = fields.Many2one(related="subscription_id.service_id", store=True)
    move_line_id = fields.Many2one(
        "account.move.line", string="Invoice line", ondelete="cascade", index=True, help="Empty: not invoiced yet."
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Invoice")
    account_id = fields.Many2one("account.account", string="Income account", required=True)
    analytic_account_id = fields.Many2one("account.analytic.account", string="Analytic account")
    date_from = fields.Date("Days from", required=True)
    date_to = fields.Date("Days to", required=True)
    amount_whole = fields.Monetary("Amount of the line", help="Excluding VAT, in company currency.")
    amount = fields.Monetary(help="The part of it that belongs to the other side of the month's end.")

    @api.model
    def _insert(self, rows):
        """Add rows, given as values of ``create``, in one statement."""
        of_subscription = self._related_by("subscription_id", rows)
        of_accrual = self._related_by("accrual_id", rows)
        insert_rows(
            self, [{**row, **of_subscription[row["subscription_id"]], **of_accrual[row["accrual_id"]]} for row in rows]
        )

    @api.model
    def _related_by(self, name, rows):
        """Return {id: values of the fields related through ``name``} of these rows; the id may be False."""
        keys = {row[name] for row in rows}
        model = self.env[self._fields[name].comodel_name]
        found = {record.id: stored_related(self, record, name) for record in model.browse(filter(None, keys))}
        return {False: stored_related(self, model, name), **found}
