import base64
import logging
import threading
import time

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

_logger = logging.getLogger(__name__)
SLICE_SECONDS = 40


class LinservPriceLetter(models.Model):
    """The letter that tells a customer of new prices: made once, sent once, kept as it was sent."""

    _name = "linserv.price.letter"
    _description = "Price Letter"
    _order = "run_id, partner_id, id"
    _rec_name = "partner_id"

    run_id = fields.Many2one("linserv.price.run", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, ondelete="restrict", index=True)
    email = fields.Char(related="partner_id.email")
    state = fields.Selection(
        [
            ("waiting", "To send"),
            ("to_print", "To print and post"),
            ("failed", "Failed"),
            ("sent", "Sent by e-mail"),
            ("posted", "Sent by post"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        default="waiting",
        index=True,
    )
    date_letter = fields.Date("Date of the letter", required=True)
    line_ids = fields.One2many("linserv.price.run.line", "letter_id", string="Services")
    document_id = fields.Many2one("ir.attachment", string="PDF", ondelete="set null", readonly=True)
    mail_id = fields.Many2one("mail.mail", string="E-mail", ondelete="set null", readonly=True)
    error = fields.Char(readonly=True)

    _sql_constraints = [("partner_unique", "unique (run_id, partner_id)", "The customer has a letter already.")]

    def action_download(self):
        """Open the PDF, making it first where that has not been done."""
        self.ensure_one()
        self._make_document()
        return {"type": "ir.actions.act_url", "url": "/web/content/%d?download=true" % self.document_id.id}

    def action_posted(self):
        """Note that the letter has been printed and posted."""
        self.filtered(lambda letter: letter.state in ("to_print", "failed")).write({"state": "posted", "error": False})

    def action_retry(self):
        """Send again what failed, for example after the customer's address was put right."""
        again = self.filtered(lambda letter: letter.state in ("failed", "to_print"))
        again.write({"state": "waiting", "error": False})
        return again._work_off()

    @api.model
    def _cron_send(self):
        """Send the letters that wait."""
        self.search([("state", "=", "waiting")])._work_off()

    def _work_off(self):
        """Send each letter in a transaction of its own for as long as a request may take; the cron sends the rest."""
        stop = time.monotonic() + SLICE_SECONDS
        for letter in self:
            if time.monotonic() >= stop:
                break
            letter._send_one()
        return True

    def _send_one(self):
        """Make the PDF, then send it: whoever comes second finds the letter sent."""
        try:
            self._make_document()
            self._commit()
            if self._claim():
                self._send()
        except (UserError, ValueError) as error:
            self._rollback()
            self.write({"state": "failed", "error": str(error)})
            _logger.info("Price letter %s could not be sent: %s", self.id, error)
        self._commit()

    def _claim(self):
        """Lock the letter; False when another worker has it or has sent it."""
        self.flush()
        self.env.cr.execute(
            "SELECT id FROM linserv_price_letter WHERE id = %s AND state = 'waiting' FOR UPDATE SKIP LOCKED", [self.id]
        )
        return bool(self.env.cr.fetchone())

    def _send(self):
        if not self.partner_id.email:
            return self.write({"state": "to_print"})
        template = self.env.ref("linserv_contract.mail_template_price_letter")
        mail = template.send_mail(self.id, email_values={"attachment_ids": [(4, self.document_id.id)]})
        self._note_on_contracts()
        return self.write({"state": "sent", "mail_id": mail, "error": False})

    def _note_on_contracts(self):
        for contract in self.line_ids.contract_id:
            contract.message_post(
                body=_("The customer has been told of new prices (%s).", self.run_id.name),
                attachments=[(self.document_id.name, self.document_id.raw)],
            )

    def _make_document(self):
        """Render the letter and keep it. Never inside a savepoint: Odoo commits when it makes a PDF's style sheets."""
        self.ensure_one()
        if self.document_id:
            return
        report = self.env.ref("linserv_contract.report_price_letter")
        content = report._render_qweb_pdf(self.ids)[0]
        name = _("New prices from %(day)s", day=self.format_day(self.run_id.date_effective))
        self.document_id = self.env["ir.attachment"].create(
            {
                "name": "%s - %s.pdf" % (name, self.partner_id.commercial_partner_id.name),
                "datas": base64.b64encode(content),
                "mimetype": "application/pdf",
                "res_model": self._name,
                "res_id": self.id,
            }
        )

    def _withdraw(self):
        """Tell the customers whose letter has gone out that the new prices do not come."""
        template = self.env.ref("linserv_contract.mail_template_price_withdrawn")
        for letter in self:
            if letter.state == "sent":
                template.send_mail(letter.id)
            letter.state = "withdrawn"

    def letter_language(self):
        """Return the language of the letter: the customer's, else the seller's."""
        partner = self.partner_id
        return partner.lang or partner.commercial_partner_id.lang or self.company_id.partner_id.lang or "sv_SE"

    def format_day(self, day):
        letter = self.with_context(lang=self.letter_language())
        return format_date(letter.env, day, date_format="d MMMM y")

    def _contracts(self):
        """Return [(contract, its lines)] in the letter's order."""
        return [
            (contract, self.line_ids.filtered(lambda line, c=contract: line.contract_id == c))
            for contract in self.line_ids.contract_id
        ]

    def _commit(self):
        if not self._testing():
            self.env.cr.commit()  # pylint: disable=invalid-commit

    def _rollback(self):
        if not self._testing():
            self.env.cr.rollback()

    def _testing(self):
        testing = getattr(threading.current_thread(), "testing", False) or self.env.registry.in_test_mode()
        return testing and not self.env.context.get("linserv_commit_in_test")
