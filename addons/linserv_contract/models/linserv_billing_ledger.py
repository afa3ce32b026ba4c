from odoo import _, models
from odoo.exceptions import UserError

from .linserv_billing_invoice import QUIET


class LinservBillingInvoice(models.AbstractModel):
    """Writes what was prepared: invoices, their rows in the ledger, and the check that both are the plan."""

    _inherit = "linserv.billing.invoice"

    def _write_moves(self, vals_list):
        """Create the drafts; a draft takes no number, so that two runs do not wait for each other."""
        moves = self.env["account.move"]
        created = dict.fromkeys(range(len(vals_list)))
        for kind in ("out_invoice", "out_refund"):
            chosen = [number for number, vals in enumerate(vals_list) if vals["move_type"] == kind]
            if chosen:
                made = moves.with_context(default_move_type=kind, **QUIET).create([vals_list[each] for each in chosen])
                created.update(zip(chosen, made))
        return moves.concat(*created.values()).with_env(moves.env)

    def _prepare_ledger(self, contracts, plans, vals, move):
        """Return the values of the ledger rows of one invoice: one for each line that is charged."""
        lines = {line.sequence: line for line in move.line_ids if not line.exclude_from_invoice_tab}
        given = iter([line for _x, _y, line in vals["invoice_line_ids"] if not line.get("display_type")])
        charges = [charge for _x, _y, each in self._sections(contracts, plans) for charge in each]
        return [
            self._prepare_billed_period_vals(charge, lines[line["sequence"]]) for charge, line in zip(charges, given)
        ]

    def _prepare_billed_period_vals(self, charge, move_line):
        return {
            "subscription_id": charge.key,
            "date_from": charge.served.date_from,
            "date_to": charge.served.date_to,
            "move_line_id": move_line.id,
            "reading_id": charge.reading.key if charge.reading else False,
            "price_id": charge.version_key or False,
            "quantity": float(charge.quantity),
            "price_unit": float(charge.price_unit),
            "amount": float(charge.amount),
            "layer": charge.layer,
            "value": float(charge.value),
            "value_before": float(charge.value_before),
            "amount_absorbed": float(charge.absorbed),
        }

    def _write_ledger(self, rows):
        """Write the ledger's rows in one statement: five for each invoice, one by one, are a third of the work.

        Nobody has the right to write the ledger by hand, only what makes invoices does.
        """
        ledger = self.env["linserv.billed.period"].sudo()
        if not rows or not ledger._can_insert():
            return ledger.create(rows).flush()
        self.env["account.move.line"].flush(["move_id"])
        return ledger._insert(rows)

    def _check_invoice(self, contracts, plans, move):
        """Refuse an invoice that is not what was planned: better no invoice than a wrong one.

        Prices are without VAT, so a tax that is included in the price is refused here too.
        """
        planned = sum(plans[contract].amount for contract in contracts)
        charges = sum(len(plans[contract].charges) for contract in contracts)
        lines = move.line_ids.filtered(lambda line: not line.exclude_from_invoice_tab and not line.display_type)
        if len(lines) != charges or move.currency_id.compare_amounts(move.amount_untaxed, abs(float(planned))):
            raise UserError(
                _(
                    "The invoice of %(contract)s came to %(amount)s and not to the planned %(planned)s.",
                    contract=", ".join(contracts.mapped("name")),
                    amount=move.amount_untaxed,
                    planned=planned,
                )
            )
