from collections import defaultdict

from odoo import api, fields, models

from ..domain import terms

PARTIES = [("customer", "The customer"), ("linserv", "Linserv")]


class LinservContract(models.Model):
    """How long a contract binds: its term, the last day of notice, and a notice that was given."""

    _inherit = "linserv.contract"

    date_first_invoice = fields.Date(
        "First invoice",
        copy=False,
        tracking=True,
        help="The term is counted from this day. Set by the first posted invoice; write it for a contract that was "
        "invoiced elsewhere before. Until then the term is counted from the start.",
    )
    date_term_end = fields.Date(
        "Bound until",
        compute="_compute_date_term_end",
        store=True,
        index=True,
        help="The end that can still be chosen: too late for this term means the end of the next. "
        "Empty: the contract runs until further notice.",
    )
    date_notice_latest = fields.Date(
        "Last day of notice",
        compute="_compute_date_term_end",
        store=True,
        index=True,
        help="Notice on this day or before ends the contract on the day it is bound until.",
    )
    notice_date = fields.Date("Notice given", copy=False, tracking=True, readonly=True)
    notice_by = fields.Selection(PARTIES, "Notice given by", copy=False, tracking=True, readonly=True)
    notice_reason = fields.Text("Reason of the notice", copy=False, readonly=True)
    is_early_exit = fields.Boolean("Left early", copy=False, readonly=True)
    date_notice_reminded = fields.Date(
        copy=False, readonly=True, help="The last day of notice that a reminder has been sent about."
    )

    @api.depends(
        "date_first_invoice", "date_start", "term_months", "renewal_months", "notice_months", "date_end", "state"
    )
    def _compute_date_term_end(self):
        today = fields.Date.context_today(self)
        for contract in self:
            bound = contract._binding(today)
            contract.date_term_end = bound.term_end
            contract.date_notice_latest = bound.notice_latest

    def _agreement(self):
        """Return what the domain needs to know of the contract's terms."""
        self.ensure_one()
        first = self.date_first_invoice or self.date_start
        return terms.Agreement(first, self.term_months, self.renewal_months, self.notice_months)

    def _binding(self, day):
        """Return the domain's Binding on ``day``; a contract that ends, or has ended, is bound to its last day."""
        self.ensure_one()
        if self.date_end or self.state in ("ended", "cancelled") or not self.date_start:
            return terms.Binding(self.date_end or None, None)
        return terms.binding(self._agreement(), day)

    def _refresh_terms(self, today):
        """Go on to the next term where the last day of notice has passed. Returns the contracts that changed."""
        passed = self.search([("state", "=", "active"), ("date_notice_latest", "<", today)])
        for contract in passed:
            bound = contract._binding(today)
            contract.write({"date_term_end": bound.term_end, "date_notice_latest": bound.notice_latest})
        return passed

    def _note_first_invoices(self, moves):
        """Let the term of these contracts begin with the first of ``moves``, which have just been posted.

        sudo: whoever posts an invoice need not have the right to change contracts.
        """
        new, days = self.sudo().filtered(lambda contract: not contract.date_first_invoice), {}
        for move in moves if new else ():
            for contract in move.linserv_contract_ids & new:
                days[contract] = min(move.invoice_date, days.get(contract, move.invoice_date))
        groups = defaultdict(self.browse)
        for contract, day in days.items():
            groups[day] |= contract
        for day, contracts in groups.items():
            contracts.sudo().with_context(tracking_disable=True).write({"date_first_invoice": day})

    def _forget_first_invoices(self, moves):
        """Count the term anew where one of ``moves``, which are no longer posted, was the first invoice."""
        days = set(moves.mapped("invoice_date"))
        for contract in self.sudo().filtered(lambda contract: contract.date_first_invoice in days):
            others = (
                self.env["account.move"]
                .sudo()
                .search(
                    [
                        ("linserv_contract_ids", "in", contract.ids),
                        ("move_type", "=", "out_invoice"),
                        ("state", "=", "posted"),
                    ],
                    order="invoice_date",
                    limit=1,
                )
            )
            contract.date_first_invoice = others.invoice_date
