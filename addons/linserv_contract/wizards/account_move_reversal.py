from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def reverse_moves(self):
        """Let the new draft of "full refund and new draft invoice" take over the periods of the one it replaces."""
        action = super().reverse_moves()
        replacing = self.new_move_ids.filtered(lambda move: move.move_type in ("out_invoice", "out_refund"))
        if self.refund_method == "modify" and replacing:
            self._linserv_take_over(replacing)
        return action

    def _linserv_take_over(self, replacing):
        """sudo: the ledger is written by no person, only by what makes and replaces invoices."""
        rows = []
        for line in replacing.sudo().invoice_line_ids.filtered("linserv_origin_line_id"):
            periods = line.linserv_origin_line_id.linserv_billed_period_ids
            rows += [period._prepare_copy_vals(line) for period in periods]
        periods = self.env["linserv.billed.period"].sudo().create(rows)
        periods.flush()
        periods.filtered("reading_id").move_id.write({"linserv_evidence_state": "pending"})
