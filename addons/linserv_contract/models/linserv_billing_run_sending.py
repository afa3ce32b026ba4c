import time
from datetime import timedelta

from odoo import fields, models

LEASE = timedelta(minutes=2)
SENT_AT_A_TIME = 20


class LinservBillingRun(models.Model):
    """The sending phase of a run: after all is billed, every invoice is e-mailed once."""

    _inherit = "linserv.billing.run"

    sent_count = fields.Integer("Sent", compute="_compute_sent")
    unsent_count = fields.Integer("Not sent", compute="_compute_sent")

    def _compute_sent(self):
        groups = (
            self.env["account.move"]
            .sudo()
            .read_group(
                [("linserv_billing_run_id", "in", self.ids), ("linserv_send_state", "!=", False)],
                ["linserv_billing_run_id"],
                ["linserv_billing_run_id", "linserv_send_state"],
                lazy=False,
            )
        )
        counts = {(row["linserv_billing_run_id"][0], row["linserv_send_state"]): row["__count"] for row in groups}
        for run in self:
            run.sent_count = counts.get((run.id, "done"), 0)
            run.unsent_count = counts.get((run.id, "failed"), 0)

    def _count_steps(self):
        done, whole = super()._count_steps()
        if self.mode != "post_send":
            return done, whole
        billed = len(self.sudo().line_ids.move_id)
        return done + min(billed, self.sent_count + self.unsent_count), whole + billed

    def _send_some(self, stop):
        """Send some of what is to be sent, until ``stop``; False when nothing is left for this run.

        What waits for its evidence, or failed, is sent by the scheduled action.
        """
        moves = self.env["account.move"]
        domain = [("linserv_billing_run_id", "=", self.id), ("linserv_send_state", "=", "pending")]
        moves = moves.search(moves._get_linserv_send_domain() + domain, order="id", limit=SENT_AT_A_TIME)
        for move in moves:
            if time.monotonic() >= stop:
                break
            self._mark({"lease_until": fields.Datetime.now() + LEASE})
            move._linserv_send()
        return bool(moves)

    def action_view_unsent(self):
        """Show the invoices that could not be sent."""
        return dict(
            self.action_view_moves(),
            domain=[("linserv_billing_run_id", "=", self.id), ("linserv_send_state", "=", "failed")],
        )

    def action_send_again(self):
        """Send what could not be sent, after it has been put right."""
        self.ensure_one()
        self.move_ids.filtered(lambda move: move.linserv_send_state == "failed").action_linserv_send()
        self._tell_about_unsent()
        return True
