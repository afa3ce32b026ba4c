from odoo import fields, models

INVOICES_SHOWN = 24


class LinservContract(models.Model):
    """What a customer sees of a contract: plain values, computed after the record rules let them read it.

    sudo throughout: a customer has no right on subscriptions, prices, readings, the ledger or the run; these methods
    choose what of this one contract is shown.
    """

    _inherit = "linserv.contract"

    def _prepare_portal_values(self):
        """Return the values of the customer's page of this contract."""
        self.ensure_one()
        contract = self.sudo()
        shown = contract.subscription_ids.filtered(lambda sub: sub.state in ("active", "ended"))
        return {
            "services": [subscription._prepare_portal_vals() for subscription in shown],
            "next_invoice": contract._prepare_portal_next_invoice(),
            "invoices": [contract._prepare_portal_invoice_vals(move) for move in contract._portal_invoices()],
        }

    def _prepare_portal_next_invoice(self):
        date, plan = self._next_invoices(fields.Date.context_today(self))[self]
        if not date:
            return False
        return {
            "date": date,
            "amount": float(plan.amount),
            "charges": [self._prepare_portal_charge_vals(charge) for charge in plan.charges],
            "waiting": sorted(
                {self.env["linserv.subscription"].sudo().browse(hold.key)._short_name() for hold in plan.holds}
            ),
        }

    def _prepare_portal_charge_vals(self, charge):
        return {
            "name": self.env["linserv.subscription"].sudo().browse(charge.key)._short_name(),
            "period": self._format_span(charge.served),
            "amount": float(charge.amount),
            "preliminary": bool(charge.reading),
        }

    def _portal_invoices(self):
        return (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("linserv_contract_id", "=", self.id),
                    ("commercial_partner_id", "=", self.commercial_partner_id.id),
                    ("move_type", "in", ("out_invoice", "out_refund")),
                    ("state", "=", "posted"),
                ],
                order="invoice_date desc, id desc",
                limit=INVOICES_SHOWN,
            )
        )

    def _prepare_portal_invoice_vals(self, move):
        return {
            "name": move.name,
            "date": move.invoice_date,
            "date_due": move.invoice_date_due,
            "amount": -move.amount_total if move.move_type == "out_refund" else move.amount_total,
            "currency": move.currency_id,
            "paid": move.payment_state in ("paid", "in_payment", "reversed"),
            "credit": move.move_type == "out_refund",
            "url": "/my/invoices/%d" % move.id,
            "evidence": [
                {"name": attachment.name, "url": "/my/contracts/%d/evidence/%d" % (self.id, attachment.id)}
                for attachment in move.linserv_evidence_ids
            ],
        }

    def _portal_evidence(self, attachment_id):
        """Return the attachment if it is evidence on one of the contract's posted invoices, else nothing."""
        self.ensure_one()
        evidence = self.sudo()._portal_invoices().linserv_evidence_ids
        return evidence.filtered(lambda attachment: attachment.id == attachment_id)
