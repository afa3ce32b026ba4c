import logging

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

from .account_move import EVIDENCE_ATTEMPTS

_logger = logging.getLogger(__name__)

SEND_ATTEMPTS = 5
UNDELIVERED = ("exception", "bounce")
CLAIM = """SELECT id FROM account_move WHERE id = %s AND linserv_send_state IN ('pending', 'failed')
           FOR UPDATE SKIP LOCKED"""


class AccountMove(models.Model):
    """Sends the invoices of a billing run: each once, in a transaction of its own, with the PDF and the evidence.

    The e-mail and the mark that it was made are written in one transaction, and delivered after it by Odoo's own queue.
    """

    _inherit = "account.move"

    linserv_send_state = fields.Selection(
        [("pending", "To send"), ("done", "Sent"), ("failed", "Not sent")],
        string="E-mail",
        index=True,
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    linserv_send_error = fields.Text("Why it was not sent", readonly=True, copy=False, groups="base.group_user")
    linserv_send_attempts = fields.Integer(default=0, readonly=True, copy=False, groups="base.group_user")
    linserv_send_message_id = fields.Many2one(
        "mail.message", string="Message", readonly=True, copy=False, ondelete="set null", groups="base.group_user"
    )

    def action_linserv_send(self):
        """Try again to send an invoice that was not sent."""
        self.write({"linserv_send_attempts": 0})
        self._linserv_send()
        return True

    @api.model
    def _cron_send_linserv(self, limit=20):
        """Send what an interruption, or a failure that has passed, left out; tell of what never will be."""
        moves = self.search(
            self._get_linserv_send_domain()
            + [
                ("linserv_send_state", "in", ("pending", "failed")),
                ("linserv_send_attempts", "<", SEND_ATTEMPTS),
                ("linserv_billing_run_id.state", "=", "done"),
            ],
            order="linserv_send_attempts, id",
            limit=limit,
        )
        moves._linserv_send()
        moves |= self._linserv_give_up_waiting(limit)
        moves.linserv_billing_run_id._tell_about_unsent()

    @api.model
    def _linserv_give_up_waiting(self, limit):
        """An invoice whose evidence could not be attached is a person's to send."""
        moves = self.search(
            [
                ("linserv_send_state", "=", "pending"),
                ("state", "=", "posted"),
                ("linserv_evidence_state", "=", "failed"),
                ("linserv_evidence_attempts", ">=", EVIDENCE_ATTEMPTS),
            ],
            limit=limit,
        )
        for move in moves:
            move._linserv_note_send_failure(_("The evidence of the invoice is missing: attach it, then send."))
        return moves

    @api.model
    def _get_linserv_send_domain(self):
        """Posted invoices whose evidence is complete, or was never needed."""
        return [("state", "=", "posted"), ("linserv_evidence_state", "in", (False, "done"))]

    def _linserv_plan_send(self):
        """Remember, in the transaction that made them, that these invoices are to be sent."""
        self.write({"linserv_send_state": "pending"})

    def _linserv_send(self):
        """Send these invoices one by one; what cannot be sent says why."""
        for move in self:
            try:
                move._linserv_send_one()
            except psycopg2.OperationalError as error:
                if error.pgcode not in PG_CONCURRENCY_ERRORS_TO_RETRY or self.env["linserv.billing.run"]._testing():
                    raise
                # Somebody changed the invoice meanwhile: the next round looks again.
                self.env.cr.rollback()
                self.env.clear()
            self.env["linserv.billing.run"]._commit()

    def _linserv_send_one(self):
        if self.linserv_send_message_id:
            return self._linserv_deliver_again()
        try:
            self._linserv_check_recipient()
            # Not inside a savepoint: Odoo commits when it renders the first PDF of a style sheet.
            name, content = self._linserv_render_pdf()
        except psycopg2.Error:
            raise
        except Exception as error:  # noqa: BLE001  (a report is any addon's code)
            return self._linserv_note_send_failure(error)
        self.env["linserv.billing.run"]._commit()
        if not self._linserv_claim_send():
            return False
        try:
            with self.env.cr.savepoint():
                message = self._linserv_post_mail(name, content)
        except psycopg2.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001  (a template is any person's code)
            return self._linserv_note_send_failure(error)
        self.write(
            {
                "linserv_send_state": "done",
                "linserv_send_error": False,
                "linserv_send_message_id": message.id,
                "is_move_sent": True,
            }
        )
        self.env["linserv.billing.run"]._commit()
        return self._linserv_check_delivery()

    def _linserv_claim_send(self):
        """Lock the invoice if it is still to be sent; False when another worker has it or has sent it."""
        self.flush()
        self.env.cr.execute(CLAIM, [self.id])
        claimed = bool(self.env.cr.fetchone())
        self.invalidate_cache(["linserv_send_state", "state"], self.ids)
        return claimed and self.state == "posted"

    def _linserv_check_recipient(self):
        if self.state != "posted":
            raise UserError(_("The invoice is not posted: post it, then send it."))
        if not self.partner_id.email:
            raise UserError(
                _(
                    "%s has no e-mail address: write the one for invoices, then send again.",
                    self.partner_id.display_name,
                )
            )

    def _linserv_template(self):
        """Return Odoo's own e-mail of an invoice, in the customer's language."""
        template = self.env.ref("account.email_template_edi_invoice", raise_if_not_found=False)
        if not template:
            raise UserError(_("The e-mail template of invoices is missing."))
        return template.with_context(lang=self.partner_id.lang or self.env.lang)

    def _linserv_render_pdf(self):
        """Return (file name, PDF). sudo: the paper reads what the biller need not."""
        report = self._linserv_template().sudo().report_template or self.env.ref("account.account_invoices").sudo()
        content, kind = report._render_qweb_pdf(self.ids)
        return "%s.%s" % ((self.name or "").replace("/", "_"), kind), content

    def _linserv_post_mail(self, name, content):
        """Post the e-mail on the invoice: Odoo mails it to the customer after the transaction."""
        template = self._linserv_template()
        fields_wanted = ["subject", "body_html", "email_from"]
        rendered = {
            field: template.with_context(safe=field == "subject")._render_field(field, self.ids, post_process=True)[
                self.id
            ]
            for field in fields_wanted
        }
        message = self.with_context(
            lang=self.partner_id.lang or self.env.lang, mail_post_autofollow=False
        ).message_post(
            subject=rendered["subject"],
            body=rendered["body_html"],
            email_from=rendered["email_from"],
            partner_ids=self.partner_id.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[(name, content)],
            email_layout_xmlid="mail.mail_notification_paynow",
            model_description=self.with_context(lang=self.partner_id.lang or self.env.lang).type_name,
        )
        # sudo: the evidence is the customer's; the biller need not own the files.
        message.sudo().attachment_ids |= self.sudo().linserv_evidence_ids
        return message

    def _linserv_deliver_again(self):
        """Give an e-mail that exists to the queue again: never a second e-mail."""
        mails = self.env["mail.mail"].sudo().search([("mail_message_id", "=", self.linserv_send_message_id.id)])
        mails.filtered(lambda mail: mail.state == "exception").mark_outgoing()
        self.write({"linserv_send_state": "done", "linserv_send_error": False})
        self.env["linserv.billing.run"]._commit()
        mails.filtered(lambda mail: mail.state == "outgoing").send()
        return self._linserv_check_delivery()

    def _linserv_check_delivery(self):
        """Report what the mail server refused."""
        self.env["mail.notification"].invalidate_cache()
        notifications = self.linserv_send_message_id.sudo().notification_ids
        refused = notifications.filtered(lambda note: note.notification_status in UNDELIVERED)
        if not refused:
            return True
        reason = refused[0].failure_reason or refused[0].format_failure_reason()
        return self._linserv_note_send_failure(_("The e-mail could not be delivered: %s", reason))

    def _linserv_note_send_failure(self, error):
        text = str(error.args[0]) if isinstance(error, UserError) and error.args else str(error)
        _logger.warning("Invoice %s was not sent: %s", self.id, text)
        self.write(
            {
                "linserv_send_state": "failed",
                "linserv_send_attempts": self.linserv_send_attempts + 1,
                "linserv_send_error": text,
            }
        )
        return False
