import logging
import threading
import time
from datetime import timedelta

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

from ..domain import states

_logger = logging.getLogger(__name__)

BATCH_SIZE = 50
LEASE = timedelta(minutes=2)
SLICE_SECONDS = 45
CONFLICT_ATTEMPTS = 5


class LinservBillingRun(models.Model):
    """One billing of everything that is due on a day: preview it, bill it, run it again for what is missing.

    The lines are the run's queue: a line that waits has not been billed. Every batch is a transaction of its own
    under a lease, so that a run whose process was killed is taken up again where it stopped.
    """

    _name = "linserv.billing.run"
    _description = "Billing Run"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(required=True, copy=False, readonly=True, default="/")
    date = fields.Date(
        "Billing date",
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        readonly=True,
        states={"draft": [("readonly", False)]},
        help="Every unbilled period that is due on this day is billed.",
    )
    invoice_date = fields.Date(
        readonly=True,
        states={"draft": [("readonly", False)]},
        help="Date on the invoices; by default the billing date.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        readonly=True,
        states={"draft": [("readonly", False)]},
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    contract_ids = fields.Many2many(
        "linserv.contract",
        string="Only these contracts",
        check_company=True,
        context={"active_test": False},
        ondelete="restrict",
        readonly=True,
        states={"draft": [("readonly", False)]},
        help="Leave empty to bill every contract.",
    )
    mode = fields.Selection(
        [
            ("draft", "Leave the invoices as drafts"),
            ("post", "Post the invoices"),
            ("post_send", "Post the invoices and send them"),
        ],
        required=True,
        default="draft",
        tracking=True,
        readonly=True,
        states={"draft": [("readonly", False)]},
    )
    state = fields.Selection(
        [("draft", "To bill"), ("running", "Billing"), ("done", "Done")],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        tracking=True,
        index=True,
    )
    lease_until = fields.Datetime(copy=False, readonly=True)
    date_preview = fields.Datetime("Previewed", copy=False, readonly=True)
    line_ids = fields.One2many("linserv.billing.run.line", "run_id", string="Contracts", copy=False, readonly=True)
    move_ids = fields.One2many("account.move", "linserv_billing_run_id", string="Invoices", copy=False, readonly=True)
    line_count = fields.Integer("Contracts", compute="_compute_totals")
    billed_count = fields.Integer("Billed", compute="_compute_totals")
    move_count = fields.Integer("Invoices", compute="_compute_totals")
    held_count = fields.Integer("Held back", compute="_compute_totals")
    failed_count = fields.Integer("Failed", compute="_compute_totals")
    amount_total = fields.Monetary("Amount excl. VAT", compute="_compute_totals")
    progress = fields.Float(
        compute="_compute_totals", help="Percentage of the contracts, and of the e-mails, that have been dealt with."
    )

    @api.depends("state", "line_ids.state", "line_ids.amount", "line_ids.held", "line_ids.move_id")
    def _compute_totals(self):
        for run in self:
            lines = run.line_ids
            run.line_count = len(lines)
            run.billed_count = len(lines.filtered(lambda line: line.state == "billed"))
            run.move_count = len(lines.sudo().move_id)
            run.held_count = len(lines.filtered("held"))
            run.failed_count = len(lines.filtered(lambda line: line.state == "failed"))
            run.amount_total = sum(lines.mapped("amount_company"))
            done, whole = run._count_steps()
            run.progress = 100.0 * done / whole if whole and run.state != "draft" else 0.0

    def _count_steps(self):
        """Return (steps dealt with, all steps) of the run: a contract is one."""
        dealt_with = self.line_ids.filtered(lambda line: line.state not in ("waiting", "planned"))
        return len(dealt_with), len(self.line_ids)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
                vals["name"] = self.env["ir.sequence"].with_company(company).next_by_code("linserv.billing.run")
        return super().create(vals_list)

    def unlink(self):
        if self.move_ids:
            raise UserError(_("A billing run that has made invoices is kept."))
        return super().unlink()

    def action_preview(self):
        """Show on the lines what action_bill would do now. Writes nothing but these lines."""
        self.ensure_one()
        if self.state == "running":
            raise UserError(_("The run is billing right now."))
        self._mark({"approval_state": "none"})
        lines = self._open_lines(self._contracts_to_compare())
        for batch in self._batches(lines):
            batch._preview()
        self.write({"date_preview": fields.Datetime.now()})
        self._settle_approval()
        return True

    def action_bill(self):
        """Bill what is due. Goes on in the background when it takes longer than a request may."""
        self.ensure_one()
        self._check_approved()
        self._take()
        self._open_lines()
        self._commit()
        self._work_off(self.env.context.get("linserv_slice_seconds", SLICE_SECONDS))
        return True

    @api.model
    def _cron_resume(self):
        """Go on with runs that were interrupted or took longer than a request may."""
        runs = self.search([("state", "=", "running")] + self._lease_over_domain())
        for run in runs:
            run._take()
            run._commit()
            run._work_off(SLICE_SECONDS)

    def _take(self):
        """Start or resume the run under a lease that no other worker holds."""
        self.env.cr.execute("SELECT lease_until FROM linserv_billing_run WHERE id = %s FOR UPDATE", [self.id])
        self.invalidate_cache(["lease_until", "state"], self.ids)
        if self.state == "running" and self.lease_until and self.lease_until > fields.Datetime.now():
            raise UserError(_("%s is being billed right now. Wait until it is done.", self.name))
        if not states.is_allowed(states.BILLING_RUN, self.state, "running"):
            raise UserError(_("%s cannot be billed.", self.name))
        self._mark({"state": "running", "lease_until": fields.Datetime.now() + LEASE})

    def _is_lease_over(self):
        return not self.lease_until or self.lease_until <= fields.Datetime.now()

    def _open_lines(self, also=None):
        """Make every line that made no invoice a waiting one; one for each contract that may owe something.

        ``also`` are contracts to look at beside those. An approved run bills the lines that were approved, no others.
        sudo: lines are written by the run alone.
        """
        lines = self.line_ids.filtered(lambda line: not line.move_id).sudo()
        if self._is_approved():
            lines.filtered(lambda line: line.state == "planned").write({"state": "waiting"})
            return self.line_ids.filtered(lambda line: line.state == "waiting")
        contracts = self._contracts_due() | (also or self.env["linserv.contract"])
        kept = lines.filtered(lambda line: line.contract_id in contracts)
        (lines - kept).unlink()
        kept.write({"state": "waiting", "attempts": 0})
        vals_list = [{"run_id": self.id, "contract_id": contract.id} for contract in contracts - kept.contract_id]
        return kept | self.env["linserv.billing.run.line"].sudo().create(vals_list)

    def _contracts_due(self):
        """Return the contracts that may owe something on the billing date and that the biller may read, by customer."""
        contracts = self.env["linserv.contract"].with_context(active_test=False)
        chosen = self.with_context(active_test=False).contract_ids
        due = contracts._search_due(self.company_id, self.date, chosen or None)
        return contracts.search([("id", "in", due)], order="commercial_partner_id, id")

    def _work_off(self, seconds):
        """Bill the waiting lines, batch by batch, for about ``seconds``; leave the rest to the scheduled action."""
        stop = time.monotonic() + seconds
        while time.monotonic() < stop:
            lines = self._waiting_lines()
            if lines:
                self._bill_batch(lines)
                self._attach_evidence(lines.exists().move_id, stop)
            elif not self._send_some(stop):
                return self._finish()
        self._mark({"lease_until": False})
        self._commit()
        return False

    def _waiting_lines(self):
        """Return the next batch, ordered by customer; contracts that share an invoice are never cut in two."""
        waiting = [("run_id", "=", self.id), ("state", "=", "waiting")]
        lines = self.env["linserv.billing.run.line"].search(
            waiting, order="commercial_partner_id, id", limit=BATCH_SIZE
        )
        last = lines[-1:]
        if len(lines) == BATCH_SIZE and last._shares_invoice():
            customer = [("commercial_partner_id", "=", last.commercial_partner_id.id)]
            lines |= lines.search(waiting + customer, order="id")
        return lines

    def _bill_batch(self, lines):
        """Bill one batch in one transaction, again from the start when another transaction got in its way."""
        for attempt in range(1, CONFLICT_ATTEMPTS + 1):
            try:
                lines.exists()._bill()
                self._mark({"lease_until": fields.Datetime.now() + LEASE})
                self._commit()
                break
            except psycopg2.OperationalError as error:
                if (
                    error.pgcode not in PG_CONCURRENCY_ERRORS_TO_RETRY
                    or attempt == CONFLICT_ATTEMPTS
                    or self._testing()
                ):
                    raise
                _logger.info("Billing run %s: batch conflicts with another transaction, again", self.id)
                self.env.cr.rollback()
                self.env.clear()
                time.sleep(0.2 * attempt)

    def _attach_evidence(self, moves, stop):
        """Attach the evidence one invoice at a time until ``stop``; the scheduled action completes the rest.

        Evidence takes seconds an invoice, a batch of it longer than the lease.
        """
        for move in moves:
            if time.monotonic() >= stop:
                return
            self._mark({"lease_until": fields.Datetime.now() + LEASE})
            move._linserv_attach_evidence()

    def _finish(self):
        """sudo: lines are written by the run alone."""
        self.line_ids.filtered(lambda line: line.state == "nothing" and not line.amount_before).sudo().unlink()
        self._tell_people()
        self._mark({"state": "done", "lease_until": False})
        self._commit()
        return True

    @api.model
    def _batches(self, records):
        return [records[start : start + BATCH_SIZE] for start in range(0, len(records), BATCH_SIZE)]

    @api.model
    def _lease_over_domain(self):
        return ["|", ("lease_until", "=", False), ("lease_until", "<=", fields.Datetime.now())]

    def _commit(self):
        """Make a batch last. Not inside a test, whose transaction is rolled back."""
        if not self._testing():
            self.env.cr.commit()  # pylint: disable=invalid-commit

    def _testing(self):
        testing = getattr(threading.current_thread(), "testing", False) or self.env.registry.in_test_mode()
        return testing and not self.env.context.get("linserv_commit_in_test")
