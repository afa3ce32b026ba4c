from collections import defaultdict

from odoo import fields, models

from ..domain import ocr
from .linserv_billing_invoice import QUIET, Memory

SAVE_REFERENCES = """
    UPDATE account_move AS move SET payment_reference = given.reference
    FROM unnest(%s, %s) AS given (id, reference) WHERE move.id = given.id
"""
SAVE_LINE_NAMES = """
    UPDATE account_move_line AS line SET name = move.payment_reference
    FROM account_move AS move, account_account AS account
    WHERE line.move_id = move.id AND line.account_id = account.id
      AND account.internal_type IN ('receivable', 'payable') AND move.id IN %s
"""
FOLLOW = """
    INSERT INTO mail_followers (res_model, res_id, partner_id)
    SELECT 'account.move', move.id, move.partner_id
    FROM account_move AS move JOIN res_partner AS partner ON partner.id = move.partner_id
    WHERE move.id IN %s AND partner.active
    ON CONFLICT DO NOTHING RETURNING id
"""
FOLLOW_SUBTYPES = """
    INSERT INTO mail_followers_mail_message_subtype_rel (mail_followers_id, mail_message_subtype_id)
    SELECT follower.id, subtype.id FROM mail_followers AS follower, mail_message_subtype AS subtype
    WHERE follower.id IN %s AND subtype.id IN %s
"""


class AccountMove(models.Model):
    """Posting many invoices as Odoo does, its notes to each invoice gathered into few statements; and the OCR rules."""

    _inherit = "account.move"

    # With these Odoo finds in one query for all invoices that none of them is a payment or a bank statement's line; it
    # asks four times for each invoice otherwise.
    linserv_payment_ids = fields.One2many("account.payment", "move_id", string="Payment", groups="base.group_user")
    linserv_statement_line_ids = fields.One2many(
        "account.bank.statement.line", "move_id", string="Bank statement line", groups="base.group_user"
    )

    def _linserv_post(self):
        """Post the drafts of a billing run. Rule 45: what Odoo's own button would have done, for all at once."""
        self.flush()
        # What making the drafts left in memory would be gone through at every step of posting.
        self.env.clear()
        self.with_context(linserv_posting=True, **QUIET)._post(soft=False)
        self.flush()
        posted = self.with_context(linserv_memory=Memory())
        posted._linserv_write_references()
        posted._linserv_add_followers()
        posted._linserv_increase_ranks()
        return self

    def message_subscribe(self, partner_ids=None, channel_ids=None, subtype_ids=None):
        if self.env.context.get("linserv_posting"):
            return True
        return super().message_subscribe(partner_ids, channel_ids, subtype_ids)

    def _auto_compute_invoice_reference(self):
        return not self.env.context.get("linserv_posting") and super()._auto_compute_invoice_reference()

    def _get_invoice_computed_reference(self):
        """Return the OCR reference where the company is Swedish and the journal asks for no other kind. Rule 44."""
        self.ensure_one()
        company, journal = self.company_id, self.journal_id
        usual = (journal.invoice_reference_type, journal.invoice_reference_model) == ("invoice", "odoo")
        if company.linserv_ocr == "off" or company.country_id.code != "SE" or not usual:
            return super()._get_invoice_computed_reference()
        return ocr.reference(self._linserv_ocr_number(), company.linserv_ocr == "length")

    def _linserv_ocr_number(self):
        """Return the invoice's number; after the journal's own id in all but the company's first sales journal."""
        company = self.company_id
        find = lambda: self.env["account.journal"]._linserv_first_sales_journal(company)  # noqa: E731
        first = Memory.of(self).recall(("first journal", company.id), find)
        return self.name if self.journal_id == first else "%d %s" % (self.journal_id.id, self.name)

    def _linserv_write_references(self):
        """Write payment references as Odoo does on posting, for many invoices in two statements."""
        rows = [
            (move.id, move._get_invoice_computed_reference()) for move in self if move._auto_compute_invoice_reference()
        ]
        if rows:
            self.env.cr.execute(SAVE_REFERENCES, [list(column) for column in zip(*rows)])
            self.env.cr.execute(SAVE_LINE_NAMES, [tuple(row[0] for row in rows)])
            self.invalidate_cache(["payment_reference"])
            self.env["account.move.line"].invalidate_cache(["name"])

    def _linserv_add_followers(self):
        """Let the customers follow their invoices, as Odoo does on posting."""
        if not self:
            return
        self.env.cr.execute(FOLLOW, [tuple(self.ids)])
        followers = tuple(row[0] for row in self.env.cr.fetchall())
        _default, _internal, external = self.env["mail.message.subtype"].default_subtypes(self._name)
        if followers and external:
            self.env.cr.execute(FOLLOW_SUBTYPES, [followers, tuple(external.ids)])
        self.invalidate_cache(["message_follower_ids", "message_partner_ids"])

    def _linserv_increase_ranks(self):
        counts = defaultdict(int)
        for move in self:
            for partner in move.partner_id | move.commercial_partner_id:
                counts[partner] += 1
        groups = defaultdict(lambda: self.env["res.partner"])
        for partner, count in counts.items():
            groups[count] |= partner
        for count, partners in groups.items():
            partners._increase_rank("customer_rank", count)
