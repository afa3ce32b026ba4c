from collections import defaultdict
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import accruals
from ..domain.decimals import exact


class LinservAccrual(models.Model):
    """What is prepaid and accrued at the end of a month, and the entry that moves it. Rules 86-89.

    The list is made anew from the books as often as wanted, until its entry is posted. The entry is reversed on the
    first day of the next month, so that each month's list begins from nothing.
    """

    _name = "linserv.accrual"
    _description = "Prepaid and Accrued Income"
    _inherit = ["mail.thread"]
    _order = "date desc, company_id"
    _rec_name = "date"
    _check_company_auto = True

    date = fields.Date(
        "Month's end", required=True, default=lambda self: self._default_date(), index=True, tracking=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    line_ids = fields.One2many("linserv.accrual.line", "accrual_id", string="Amounts", readonly=True)
    amount_prepaid = fields.Monetary("Prepaid income", compute="_compute_amounts", store=True)
    amount_accrued = fields.Monetary("Accrued income", compute="_compute_amounts", store=True)
    amount_change = fields.Monetary(
        "Change of income", compute="_compute_amounts", store=True, help="What the entry does to the month's income."
    )
    move_id = fields.Many2one("account.move", string="Entry", readonly=True, copy=False, check_company=True)
    reversal_id = fields.Many2one("account.move", readonly=True, copy=False, check_company=True)
    state = fields.Selection(
        [("draft", "List"), ("proposed", "Entry proposed"), ("posted", "Entry posted")],
        compute="_compute_state",
        store=True,
    )
    note = fields.Text("Held back", readonly=True, help="What could not be valued, and is not in the list.")

    _sql_constraints = [
        ("month_unique", "unique (company_id, date)", "There is a list for this month's end already: open that one.")
    ]

    @api.model
    def _default_date(self):
        first = fields.Date.context_today(self).replace(day=1)
        return first - timedelta(days=1)

    @api.depends("line_ids.amount", "line_ids.kind")
    def _compute_amounts(self):
        groups = self.env["linserv.accrual.line"].read_group(
            [("accrual_id", "in", self.ids)], ["amount"], ["accrual_id", "kind"], lazy=False
        )
        sums = {(group["accrual_id"][0], group["kind"]): group["amount"] for group in groups}
        for accrual in self:
            accrual.amount_prepaid = sums.get((accrual.id, accruals.PREPAID), 0.0)
            accrual.amount_accrued = sums.get((accrual.id, accruals.ACCRUED), 0.0)
            accrual.amount_change = accrual.amount_accrued - accrual.amount_prepaid

    @api.depends("move_id.state")
    def _compute_state(self):
        for accrual in self:
            move = accrual.move_id
            posted = move.state == "posted"
            accrual.state = "posted" if posted else "proposed" if move.state == "draft" else "draft"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("date"):
                vals["date"] = accruals.month_end(fields.Date.to_date(vals["date"]))
        accrued = super().create(vals_list)
        accrued.action_refresh()
        return accrued

    def write(self, vals):
        if vals.get("date"):
            vals = dict(vals, date=accruals.month_end(fields.Date.to_date(vals["date"])))
        result = super().write(vals)
        if "date" in vals:
            self.action_refresh()
        return result

    def unlink(self):
        if self.move_id.filtered(lambda move: move.state == "posted"):
            raise UserError(_("The entry of this month's end is posted. Reset it to draft first."))
        self.move_id.filtered(lambda move: move.state == "draft").unlink()
        return super().unlink()

    @api.onchange("date")
    def _onchange_date(self):
        if self.date:
            self.date = accruals.month_end(self.date)

    def name_get(self):
        return [(accrual.id, fields.Date.to_string(accrual.date)[:7]) for accrual in self]

    def action_refresh(self):
        """Make the list anew from the books of this moment."""
        for accrual in self:
            accrual._check_open()
            items, note = accrual._collect_items()
            rounding = exact(accrual.currency_id.rounding)
            found = [(accruals.accrue(item, accrual.date, rounding), vals) for item, vals in items]
            accrual.sudo()._replace_lines([accrual._prepare_line_vals(each, vals) for each, vals in found if each])
            accrual.note = note
        return True

    def action_propose(self):
        """Make the draft entry out of the list; a second time the same entry anew."""
        for accrual in self:
            accrual.action_refresh()
            accrual.move_id.filtered(lambda move: move.state == "draft").unlink()
            if accrual.line_ids:
                accrual.move_id = self.env["account.move"].create(accrual._prepare_move_vals())
        return self.action_view_move() if len(self) == 1 and self.move_id else True

    def action_view_move(self):
        """Open the entry."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "form",
            "res_id": self.move_id.id,
            "context": {"create": False},
        }

    def action_view_lines(self):
        """Show the amounts as a list that can be grouped and exported."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_contract.linserv_accrual_line_action")
        return dict(action, domain=[("accrual_id", "=", self.id)])

    def _replace_lines(self, rows):
        """Put these lines in the place of those before: tens of thousands where periods cross the month's end."""
        self.ensure_one()
        self.flush()
        self.env["linserv.accrual.line"].flush()
        self.env.cr.execute("DELETE FROM linserv_accrual_line WHERE accrual_id = %s", self.ids)
        self.env["linserv.accrual.line"]._insert(rows)
        self.invalidate_cache()
        self.modified(["line_ids"])

    def _check_open(self):
        if self.move_id.state == "posted":
            raise UserError(
                _("The entry of %s is posted: reset it to draft before the list is made anew.", self.display_name)
            )

    def _prepare_line_vals(self, found, vals):
        return {
            **vals,
            "accrual_id": self.id,
            "kind": found.kind,
            "date_from": found.days.date_from,
            "date_to": found.days.date_to,
            "amount": float(found.amount),
        }

    def _prepare_move_vals(self):
        """Return the values of the draft entry: income by account and analytic account against the balance accounts."""
        self.ensure_one()
        text = _("Prepaid and accrued income %s", self.display_name)
        return {
            "move_type": "entry",
            "journal_id": self.company_id._linserv_accrual_journal().id,
            "company_id": self.company_id.id,
            "date": self.date,
            "ref": text,
            "linserv_accrual_id": self.id,
            "line_ids": [(0, 0, vals) for vals in self._prepare_move_line_vals()],
        }

    def _prepare_move_line_vals(self):
        labels = dict(self.line_ids._fields["kind"]._description_selection(self.env))
        sums = defaultdict(float)
        for line in self.line_ids:
            sums[line.kind, line.account_id, line.analytic_account_id] += line.amount
        vals_list = []
        for (kind, account, analytic), total in sums.items():
            amount = self.currency_id.round(total)
            if self.currency_id.is_zero(amount):
                continue
            income = -amount if kind == accruals.PREPAID else amount
            balance_account = self.company_id._linserv_accrual_account(kind)
            vals_list.append(self._prepare_side_vals(account, -income, labels[kind], analytic))
            vals_list.append(self._prepare_side_vals(balance_account, income, labels[kind]))
        return vals_list

    def _prepare_side_vals(self, account, balance, name, analytic=None):
        return {
            "account_id": account.id,
            "analytic_account_id": analytic.id if analytic else False,
            "name": name,
            "debit": max(balance, 0.0),
            "credit": max(-balance, 0.0),
            "tax_ids": [(5,)],
        }

    def _after_posting(self):
        """Reverse the posted entry on the first day of the next month; posted by Odoo itself when that day comes."""
        for accrual in self.filtered(lambda each: each.move_id.state == "posted"):
            if accrual.reversal_id.filtered(lambda move: move.state != "cancel"):
                continue
            values = {
                "date": accrual.date + timedelta(days=1),
                "ref": _("Reversal of: %s", accrual.move_id.ref),
                "linserv_accrual_id": False,
            }
            accrual.reversal_id = accrual.move_id._reverse_moves([values])
            accrual.reversal_id._post(soft=True)

    def _before_reset(self):
        """Take the reversal away before its entry is reset or cancelled, or say why that cannot be."""
        for reversal in self.reversal_id:
            if reversal.state == "posted":
                raise UserError(
                    _(
                        "The reversal of this entry, %s, is posted: reset that one to draft first.",
                        reversal.display_name,
                    )
                )
            reversal.with_context(force_delete=True).unlink()
