from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self._linserv_count_terms(vals["state"])
        return result

    def _linserv_count_terms(self, state):
        """The first posted invoice of a contract is where its term begins.

        sudo: links to contracts are read for whoever posts or cancels an invoice.
        """
        moves = self.sudo().filtered(lambda move: move.move_type == "out_invoice" and move.linserv_contract_ids)
        if state == "posted":
            moves.linserv_contract_ids._note_first_invoices(moves)
        else:
            moves.linserv_contract_ids._forget_first_invoices(moves)
