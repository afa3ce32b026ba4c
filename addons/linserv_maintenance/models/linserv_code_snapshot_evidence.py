import base64
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..domain.evidence import Billing, evidence_file
from ..domain.price import ORE, Price, as_decimal

REPORT = "linserv_maintenance.linserv_code_snapshot_report"


class LinservCodeSnapshot(models.Model):
    """What a customer gets to check the count with."""

    _inherit = "linserv.code.snapshot"

    def _linserv_evidence_attachments(self, move, period):
        """Return the evidence of this count for an invoice and one of its billed periods.

        The compressed JSON is what docs/verify.py checks, the PDF is what people read.
        """
        self.ensure_one()
        billing = self._prepare_billing(period)
        stem = "%s-%s-code-evidence" % (self.instance_id.technical_name, billing.label())
        return [
            {
                "name": stem + ".json.gz",
                "mimetype": "application/gzip",
                "datas_bytes": self._get_evidence_file(billing),
            },
            {
                "name": stem + ".pdf",
                "mimetype": "application/pdf",
                "datas_bytes": self.with_context(linserv_evidence_stem=stem)._get_annex_pdf(),
            },
        ]

    def _linserv_line_text(self, subscription, quantity):
        """Return what the invoice line says about the quantity, in the language of the context."""
        self.ensure_one()
        return _(
            "%(lines)s lines of code on %(date)s, %(blocks)s started blocks of %(size)s lines",
            lines=self._format_integer(self.code_lines),
            date=format_date(self.env, self.date),
            blocks=self._format_integer(self.block_count),
            size=self.block_size,
        )

    def _get_evidence_file(self, billing=None):
        """Return the bytes of the evidence; without a billed period that of the count's own month."""
        self.ensure_one()
        if self.state != "approved":
            raise UserError(_("Only an approved count has evidence."))
        before = self.previous_id.sudo()
        # A statement tells its customer's name and lines: an earlier owner's stays closed, its hash keeps the chain.
        ours = before.partner_id.commercial_partner_id == self.partner_id.commercial_partner_id
        previous = before._get_signed() if before and ours else None
        key = bytes.fromhex(self.public_key)
        # The list of files is not readable by customers; this file of their own count is.
        tree = self.sudo().tree_id._get_tree()
        return evidence_file(self._get_signed(), key, previous, tree, billing or self._prepare_month_billing())

    def _prepare_billing(self, period):
        """Return the period that an invoice line bills, as the evidence tells it."""
        self.ensure_one()
        if not period:
            return self._prepare_month_billing()
        rhythm = period.subscription_id._prepare_terms([], []).rhythm
        whole = rhythm.period(rhythm.number_of(period.date_from))
        before = (period.date_from - whole.date_from).days
        upto = (period.date_to - whole.date_from).days + 1
        return Billing(
            period.date_from,
            period.date_to,
            period.currency_id.name,
            self.code_lines,
            Price(self._get_billed_price(period), self.block_size),
            (before, upto, whole.days) if (before, upto) != (0, whole.days) else None,
        )

    def _get_billed_price(self, period):
        """Return the price of a block that was billed: after discount, tiers and minimum where that is whole öre."""
        if not period.quantity or (period.amount and not period.value):
            return as_decimal(period.price_unit)
        billed = as_decimal(period.value) / as_decimal(period.quantity)
        return billed if billed == billed.quantize(ORE) else as_decimal(period.price_unit)

    def _prepare_month_billing(self):
        self.ensure_one()
        first = self.date.replace(day=1)
        last = first + relativedelta(months=1) - timedelta(days=1)
        return Billing(first, last, self.currency_id.name, self.code_lines, self._get_price())

    def _get_annex_pdf(self):
        """Return the readable annex as PDF, in the customer's language."""
        self.ensure_one()
        # sudo: a customer who may see the count may have its annex, but reads no file list or secret.
        report = self.env.ref(REPORT).sudo().with_context(**dict(self.env.context, lang=self._get_annex_lang()))
        return report._render_qweb_pdf(self.ids)[0]

    def _get_annex_lang(self):
        self.ensure_one()
        return self.partner_id.lang or self.env.lang or "en_US"

    def _get_evidence_name(self, extension):
        """Return the name of a file of evidence: of the billed month where one is billed, else of the count's own."""
        self.ensure_one()
        month = "%s-%s-code-evidence" % (self.instance_id.technical_name, self.date.strftime("%Y-%m"))
        return "%s.%s" % (self.env.context.get("linserv_evidence_stem") or month, extension)

    def _get_public_key_base64(self):
        """Return the public key as it is published and as docs/verify.py takes it."""
        self.ensure_one()
        return base64.b64encode(bytes.fromhex(self.public_key or "")).decode("ascii")

    def _get_signature_fingerprint(self):
        """Return a short form of the signature that can be compared by eye."""
        self.ensure_one()
        short = (self.signature or "")[:32]
        return " ".join(short[place : place + 4] for place in range(0, len(short), 4))

    def _format_integer(self, number):
        """Return a number of lines as the language of the context writes it."""
        return self._format_number("%d", number)

    @api.model
    def _format_number(self, pattern, number):
        lang = self.env["res.lang"]._lang_get(self.env.context.get("lang") or self.env.user.lang or "en_US")
        # A space that does not break keeps a number on one line.
        return lang.format(pattern, number, grouping=True).replace(" ", "\u00a0")

    def _format_change(self, number):
        """Return a difference with its sign."""
        text = self._format_integer(abs(number))
        return ("+" if number > 0 else "\u2212" if number < 0 else "\u00b1") + text
