import logging

import psycopg2

from odoo import _, api, fields, models

_logger = logging.getLogger(__name__)

EVIDENCE_ATTEMPTS = 5


class AccountMove(models.Model):
    _inherit = "account.move"

    linserv_contract_id = fields.Many2one(
        "linserv.contract",
        string="Contract",
        index=True,
        readonly=True,
        help="Empty where the invoice is of several contracts.",
    )
    linserv_contract_ids = fields.Many2many(
        "linserv.contract",
        "account_move_linserv_contract_rel",
        "move_id",
        "contract_id",
        string="Contracts",
        context={"active_test": False},
        readonly=True,
        groups="base.group_user",
    )
    linserv_billing_run_id = fields.Many2one(
        "linserv.billing.run", string="Billing run", index=True, readonly=True, copy=False, groups="base.group_user"
    )
    linserv_evidence_state = fields.Selection(
        [("pending", "Waiting"), ("done", "Attached"), ("failed", "Failed")],
        string="Evidence",
        index=True,
        readonly=True,
        copy=False,
        help="The proof of the metered quantities on the invoice.",
    )
    linserv_evidence_ids = fields.Many2many(
        "ir.attachment", "account_move_linserv_evidence_rel", string="Evidence files", readonly=True, copy=False
    )
    linserv_evidence_attempts = fields.Integer(default=0, readonly=True, copy=False, groups="base.group_user")
    linserv_evidence_error = fields.Text(readonly=True, copy=False, groups="base.group_user")

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            self._linserv_refresh_ledger()
        return result

    def action_linserv_contract(self):
        """Open the contract, or the contracts, that the invoice was made from."""
        self.ensure_one()
        action = {"type": "ir.actions.act_window", "name": _("Contracts"), "res_model": "linserv.contract"}
        if len(self.linserv_contract_ids) > 1:
            domain = [("id", "in", self.linserv_contract_ids.ids)]
            return dict(action, view_mode="tree,form", domain=domain, context={"active_test": False})
        return dict(action, view_mode="form", res_id=self.linserv_contract_ids.id)

    def action_linserv_periods(self):
        """Show which service periods the invoice billed."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_contract.linserv_billed_period_action")
        lines = self.invoice_line_ids | self.invoice_line_ids.linserv_origin_line_id
        return dict(action, domain=[("move_line_id", "in", lines.ids)], context={"active_test": False})

    def action_linserv_attach_evidence(self):
        """Try again to attach evidence that failed."""
        self.write({"linserv_evidence_attempts": 0})
        self._linserv_attach_evidence()

    def _linserv_refresh_ledger(self):
        """Free, or take again, the service periods of these invoices and of those they credit.

        sudo: an accountant who cancels or credits an invoice has no right to write the ledger, and must not have it.
        """
        lines = self.sudo().invoice_line_ids
        periods = lines.linserv_billed_period_ids | lines.linserv_origin_line_id.linserv_billed_period_ids
        if periods:
            periods._refresh()

    def _linserv_attach_evidence(self):
        """Attach what proves the metered lines, each invoice in its own transaction; a second call adds nothing."""
        for move in self.filtered(lambda move: move.linserv_evidence_state in ("pending", "failed")):
            try:
                # Not inside the savepoint: Odoo commits when it renders the first PDF of a style sheet.
                vals_list = move._linserv_prepare_evidence_vals()
                with self.env.cr.savepoint():
                    move.sudo().linserv_evidence_ids += self.env["ir.attachment"].sudo().create(vals_list)
                    move.write({"linserv_evidence_state": "done", "linserv_evidence_error": False})
            except psycopg2.Error:
                raise
            except Exception as error:  # noqa: BLE001  (the code of evidence is any addon's)
                _logger.warning("Evidence of invoice %s failed: %s", move.id, error)
                move._linserv_note_evidence_failure(error)
            self.env["linserv.billing.run"]._commit()

    def _linserv_prepare_evidence_vals(self):
        """Return the values of the attachments that are not there yet.

        sudo: evidence is read on behalf of the customer; the biller need not have rights on what proves a quantity.
        """
        self.ensure_one()
        move = self.sudo()
        attached = move.linserv_evidence_ids.mapped("description")
        periods = move.invoice_line_ids.linserv_billed_period_ids.filtered("reading_id")
        vals_list = []
        for period in periods.filtered(lambda period: period._evidence_mark() not in attached):
            vals_list += period._evidence_attachment_vals(move)
        return self._linserv_with_own_names(vals_list, move.linserv_evidence_ids.mapped("name"))

    @api.model
    def _linserv_with_own_names(self, vals_list, taken):
        """Number files of one name: the parts of a month whose price changed, or two instances called alike."""
        taken = set(taken)
        for vals in vals_list:
            stem, dot, extension = vals["name"].partition(".")
            number = 1
            while vals["name"] in taken:
                number += 1
                vals["name"] = "%s-%s%s%s" % (stem, number, dot, extension)
            taken.add(vals["name"])
        return vals_list

    def _linserv_note_evidence_failure(self, error):
        self.write(
            {
                "linserv_evidence_state": "failed",
                "linserv_evidence_attempts": self.linserv_evidence_attempts + 1,
                "linserv_evidence_error": _(
                    "The evidence could not be attached: %s\n"
                    "It is tried again by itself; the invoice itself is complete.",
                    error,
                ),
            }
        )

    @api.model
    def _cron_attach_linserv_evidence(self, limit=50):
        """Complete the evidence that an interruption or a failure left out."""
        self.search(
            [
                ("linserv_evidence_state", "in", ("pending", "failed")),
                ("linserv_evidence_attempts", "<", EVIDENCE_ATTEMPTS),
            ],
            order="linserv_evidence_attempts, id",
            limit=limit,
        )._linserv_attach_evidence()
