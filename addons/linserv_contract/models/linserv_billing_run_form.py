from odoo import models

FORM_SECONDS = 3


class LinservBillingRun(models.Model):
    """What the form of a run does beside billing: ask first, show what was made, go on while somebody looks."""

    _inherit = "linserv.billing.run"

    def action_confirm(self):
        """Preview, and ask whether to bill it."""
        if not self._is_approved():
            self.action_preview()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_contract.linserv_billing_confirm_action")
        return dict(action, context={"default_run_id": self.id})

    def action_continue(self):
        """Go on for a few seconds, from an open form; what is not the reader's to do the scheduled action does.

        Returns what the form shows: the state and the progress.
        """
        self.ensure_one()
        self.check_access_rule("read")
        if self.state == "running" and self._is_lease_over() and self.check_access_rights("write", False):
            self._take()
            self._commit()
            self._work_off(FORM_SECONDS)
        return {"state": self.state, "progress": self.progress}

    def action_view_moves(self):
        """Show the invoices of the run."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type")
        return dict(action, domain=[("linserv_billing_run_id", "=", self.id)], context={"create": False})
