from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import interest
from ..domain.periods import ONE_DAY, Span
from .linserv_contract_billing import decimal


class LinservReferenceRate(models.Model):
    """The reference rate that the Riksbank sets for each half-year. Interest is never reckoned without it."""

    _name = "linserv.reference.rate"
    _description = "Reference Rate"
    _order = "date_from desc"
    _rec_name = "date_from"

    date_from = fields.Date("From", required=True, help="1 January or 1 July.")
    percent = fields.Float("Rate (%)", required=True, digits=(6, 2))

    _sql_constraints = [
        ("date_from_unique", "unique (date_from)", "There is a rate from this day already."),
        (
            "half_year",
            "CHECK (extract(day FROM date_from) = 1 AND extract(month FROM date_from) IN (1, 7))",
            "The reference rate is set from 1 January and from 1 July.",
        ),
    ]


class LinservLateCharge(models.Model):
    """A fee or interest that was invoiced for a late invoice, so that it is not invoiced twice."""

    _name = "linserv.late.charge"
    _description = "Late Charge"
    _order = "move_id, date_from, id"
    _rec_name = "kind"

    move_id = fields.Many2one("account.move", string="Late invoice", required=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="move_id.company_id", store=True, index=True)
    charge_line_id = fields.Many2one("account.move.line", string="Invoice line", required=True, ondelete="cascade")
    kind = fields.Selection([("fee", "Reminder fee"), ("interest", "Interest")], required=True)
    date_from = fields.Date("From")
    date_to = fields.Date("To")
    amount = fields.Monetary()
    currency_id = fields.Many2one(related="move_id.currency_id")


class AccountMove(models.Model):
    """Fee and interest of a late invoice: proposed to a person, made as an ordinary draft invoice."""

    _inherit = "account.move"

    linserv_late_charge_ids = fields.One2many(
        "linserv.late.charge", "move_id", string="Late charges", readonly=True, groups="base.group_user"
    )

    def action_linserv_late_charge(self):
        """Make a draft invoice of the fee and the interest up to today on these late invoices of one customer."""
        if not self.env.user.has_group("account.group_account_invoice"):
            raise UserError(_("Only who makes invoices may charge for late payment."))
        proposals = self._linserv_propose_late(fields.Date.context_today(self))
        if not proposals:
            raise UserError(_("There is nothing to charge: nothing is late, or it has been charged already."))
        move = self._linserv_make_late_invoice(proposals)
        return {"type": "ir.actions.act_window", "res_model": "account.move", "res_id": move.id, "view_mode": "form"}

    def _linserv_propose_late(self, today):
        """Return the values of what may be charged on ``today``, one for each fee and each stretch of interest."""
        if len(self.company_id) != 1 or len(self.commercial_partner_id) != 1 or len(self.currency_id) != 1:
            raise UserError(_("Choose invoices of one customer, one company and one currency."))
        if not self.company_id.linserv_late_charge:
            raise UserError(_("Late fees and interest are switched off in the settings."))
        if self.currency_id != self.company_id.currency_id:
            raise UserError(_("Fees and interest are charged in the company's currency: charge this one by hand."))
        late = self.filtered(lambda move: move._linserv_is_late(today))
        return [each for move in late for each in move._linserv_late_values(today)]

    def _linserv_is_late(self, today):
        open_ = self.move_type == "out_invoice" and self.state == "posted" and self.amount_residual > 0
        return bool(open_ and self.invoice_date_due and self.invoice_date_due < today)

    def _linserv_late_values(self, today):
        """sudo: the settings and what was charged before are read for whoever makes invoices."""
        move, values = self.sudo(), []
        charged = move.linserv_late_charge_ids.filtered(lambda row: row.charge_line_id.parent_state != "cancel")
        fee = move.company_id.linserv_reminder_fee
        if fee and not charged.filtered(lambda row: row.kind == "fee"):
            values.append({"move_id": move.id, "kind": "fee", "amount": fee})
        last = max(charged.filtered("date_to").mapped("date_to"), default=move.invoice_date_due)
        if last < today:
            days = Span(last + ONE_DAY, today)
            amount = move._linserv_interest(days)
            span = {"date_from": days.date_from, "date_to": days.date_to}
            values += [{"move_id": move.id, "kind": "interest", "amount": amount, **span}] if amount else []
        return values

    def _linserv_interest(self, days):
        rates = self.env["linserv.reference.rate"].sudo().search([("date_from", "<=", days.date_to)])
        known = [interest.Rate(rate.date_from, decimal(rate.percent)) for rate in rates]
        margin, rounding = decimal(self.company_id.linserv_interest_margin), decimal(self.currency_id.rounding)
        try:
            return float(interest.interest(decimal(self.amount_residual), days, known, margin, rounding))
        except interest.RateMissingError as error:
            raise UserError(
                _("The reference rate from %s is missing: write what the Riksbank has set.", error.date_from)
            ) from error

    def _linserv_make_late_invoice(self, proposals):
        """Make the draft, and remember on each late invoice what was charged. sudo: nobody writes that by hand."""
        first = self[0]
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": first.company_id.id,
                "journal_id": first.journal_id.id,
                "partner_id": first.partner_id.id,
                "currency_id": first.currency_id.id,
                "invoice_origin": ", ".join(self.filtered("name").mapped("name")),
                "invoice_line_ids": [(0, 0, self._prepare_late_line_vals(each)) for each in proposals],
            }
        )
        lines = move.invoice_line_ids.sorted("sequence")
        rows = [dict(each, charge_line_id=line.id) for each, line in zip(proposals, lines)]
        self.env["linserv.late.charge"].sudo().create(rows)
        return move

    @api.model
    def _prepare_late_line_vals(self, proposal):
        move = self.browse(proposal["move_id"])
        product = self.env.ref("linserv_contract.product_late_" + proposal["kind"]).with_company(move.company_id)
        language = self.env["account.move"].with_context(lang=move.partner_id.lang or self.env.lang)
        account = product.product_tmpl_id.get_product_accounts()["income"] or move.journal_id.default_account_id
        return {
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "account_id": account.id,
            "name": language._linserv_late_text(move, proposal),
            "quantity": 1.0,
            "price_unit": proposal["amount"],
            "tax_ids": [(6, 0, [])],
        }

    def _linserv_late_text(self, move, proposal):
        if proposal["kind"] == "fee":
            return _("Reminder fee, invoice %s", move.name)
        return _(
            "Interest, invoice %(invoice)s, %(first)s to %(last)s",
            invoice=move.name,
            first=proposal["date_from"],
            last=proposal["date_to"],
        )
