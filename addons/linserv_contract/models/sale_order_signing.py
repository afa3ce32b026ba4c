import base64
import logging
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import html_escape

_logger = logging.getLogger(__name__)

GRACE_MINUTES = 10


class SaleOrder(models.Model):
    """The signed quotation becomes the contract: once, however often it is asked for; the signed paper is kept."""

    _inherit = "sale.order"

    def action_confirm(self):
        self._linserv_check()
        result = super().action_confirm()
        for order in self.filtered("linserv_is_contract"):
            order._linserv_make_contract()
        return result

    def _find_mail_template(self, force_confirmation_template=False):
        confirmed = force_confirmation_template or self.state == "sale"
        if confirmed and self.linserv_is_contract and not self.env.context.get("proforma"):
            return self.env.ref("linserv_contract.mail_template_contract_signed").id
        return super()._find_mail_template(force_confirmation_template)

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        """The confirmation carries the signed paper to everyone: Odoo's note of the signature would repeat it."""
        if self.env.context.get("linserv_signing") and message.message_type == "comment" and message.attachment_ids:
            return {}
        return super()._notify_thread(message, msg_vals=msg_vals, **kwargs)

    def _linserv_signing_error(self, name):
        """Return why the customer cannot sign now, or False."""
        self.ensure_one()
        if not self.has_to_be_signed() or not self.linserv_is_contract:
            return False
        if not (name or "").strip():
            return _("Write your name below the signature.")
        problems = self._linserv_find_problems()
        if problems:
            return "%s %s" % (_("The quotation cannot be signed as it is, please contact us."), " ".join(problems))
        return False

    def _linserv_make_contract(self):
        """Make, or add to, the contract; return it. A second call finds everything made and changes nothing.

        sudo: the customer signs, and a salesperson confirms, without rights on contracts.
        """
        self.ensure_one()
        self.flush()
        self.env.cr.execute("SELECT id FROM sale_order WHERE id = %s FOR UPDATE", [self.id])
        order = self.sudo()
        lines = order.order_line.filtered(
            lambda line: line.linserv_service_id and not line.linserv_subscription_ids and not line.display_type
        )
        if not lines:
            return order.linserv_contract_id
        order._linserv_make_instance(lines)
        if not order.linserv_contract_id:
            order.linserv_contract_id = (
                # The confirmation tells the salesperson; "you have been assigned" would say it twice.
                self.env["linserv.contract"]
                .sudo()
                .with_context(mail_auto_subscribe_no_notify=True)
                .create(order._prepare_linserv_contract_vals())
            )
        contract = order.linserv_contract_id
        for line in order._linserv_sorted(lines):
            line._linserv_apply(contract)
        if contract.state == "draft":
            contract.action_activate()
        contract.message_post(body=_("Agreed by quotation %s.", order.name))
        return contract

    def _linserv_sorted(self, lines):
        """A backup comes before what needs it."""
        return lines.sorted(lambda line: bool(line.linserv_service_id.required_policy))

    def _linserv_make_instance(self, lines):
        """Make the instance that the quotation only named."""
        needing = lines.filtered(lambda line: line.linserv_service_id.instance_required)
        missing = needing.filtered(lambda line: not line._linserv_instance())
        if missing and self.linserv_new_instance:
            self.linserv_instance_id = self.env["linserv.instance"].create(
                {
                    "name": self.linserv_new_instance,
                    "partner_id": self.partner_id.commercial_partner_id.id,
                    "company_id": self.company_id.id,
                }
            )

    def _prepare_linserv_contract_vals(self):
        self.ensure_one()
        return {
            "partner_id": self.partner_id.commercial_partner_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "user_id": self.user_id.id,
            "date_start": self._linserv_start(),
            "payment_term_id": self._linserv_payment_term().id,
            "term_months": self.linserv_term_months,
            "renewal_months": self.linserv_renewal_months,
            "notice_months": self.linserv_notice_months,
            "billing_alignment": self.linserv_billing_alignment,
            "licence_edition": self.linserv_licence_edition,
            "licence_number": self.linserv_licence_number,
            "licence_date_end": self.linserv_licence_date_end,
            "analytic_account_id": self.analytic_account_id.id,
        }

    def _linserv_keep_signed(self):
        """Keep the signed quotation as PDF on the contract; kept once. Returns the attachment.

        sudo: the customer signs without rights on the contract's files.
        """
        self.ensure_one()
        contract = self.sudo().linserv_contract_id
        known = contract.signed_ids.filtered(lambda file: file.description == self._linserv_signed_mark())
        if known or not contract:
            return known
        report = self.env.ref("sale.action_report_saleorder").sudo()
        content = self._linserv_signed_file() or report._render_qweb_pdf(self.ids)[0]
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": "%s - %s.pdf" % (contract.name, self.name),
                    "description": self._linserv_signed_mark(),
                    "mimetype": "application/pdf",
                    "datas": base64.b64encode(content),
                    "res_model": contract._name,
                    "res_id": contract.id,
                }
            )
        )
        contract.signed_ids = [(4, attachment.id)]
        return attachment

    def _linserv_signed_mark(self):
        return "%s,%s" % (self._name, self.id)

    def _linserv_signed_file(self):
        """Return the PDF that Odoo's portal has just attached to the signed order, or nothing."""
        domain = [("res_model", "=", self._name), ("res_id", "=", self.id), ("name", "=", "%s.pdf" % self.name)]
        domain.append(("create_date", ">=", self.signed_on or fields.Datetime.now()))
        # sudo: the customer has no right on the attachments of the order.
        return self.env["ir.attachment"].sudo().search(domain, order="id desc", limit=1).raw

    @api.model
    def _cron_finish_signed(self, limit=20):
        """Finish what an interruption left after the customer's signature: the contract, or the paper on it."""
        since = fields.Datetime.now() - timedelta(minutes=GRACE_MINUTES)
        signed = [("signature", "!=", False), ("signed_on", "<", since), ("order_line.linserv_service_id", "!=", False)]
        for order in self.search([("state", "=", "sent"), *signed], limit=limit):
            order._linserv_finish()
        unkept = [("state", "in", ("sale", "done")), ("linserv_contract_id.signed_ids", "=", False), *signed]
        for order in self.search(unkept, limit=limit):
            order._linserv_keep_signed()
            self.env["linserv.billing.run"]._commit()

    def _linserv_finish(self):
        try:
            with self.env.cr.savepoint():
                self.action_confirm()
        except (UserError, ValidationError) as error:
            _logger.warning("Signed quotation %s could not become a contract: %s", self.name, error)
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=_("Signed, but not a contract yet"),
                note=html_escape(str(error.args[0])),
                user_id=self.user_id.id or self.env.uid,
            )
        else:
            self._send_order_confirmation_mail()
            self._linserv_keep_signed()
        self.env["linserv.billing.run"]._commit()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _linserv_apply(self, contract):
        """Put the line on the contract: a subscription, or a one-off charge. Returns it. Called once for each line."""
        self.ensure_one()
        if self.linserv_interval == "once":
            return self._linserv_charge_once(contract)
        subscription = self.env["linserv.subscription"].create(self._prepare_linserv_subscription_vals(contract))
        self._linserv_discount(subscription)
        return subscription

    def _prepare_linserv_subscription_vals(self, contract):
        service = self.linserv_service_id
        return {
            "contract_id": contract.id,
            "service_id": service.id,
            "instance_id": self._linserv_instance().id,
            "date_start": max(self.order_id._linserv_start(), contract.date_start),
            "billing_interval": self.linserv_interval,
            "billing_timing": service.billing_timing,
            "price_unit": self.price_unit,
            "quantity": 1.0 if service.quantity_source == "meter" else self.product_uom_qty,
            "sale_line_id": self.id,
        }

    def _linserv_charge_once(self, contract):
        start = max(self.order_id._linserv_start(), contract.date_start)
        charge = contract._charge_once(
            self.linserv_service_id.code,
            start,
            quantity=self.product_uom_qty,
            price_unit=self.price_unit,
            instance=self._linserv_instance(),
            origin="sale.order.line,%d" % self.id,
        )
        charge.sale_line_id = self
        self._linserv_discount(charge)
        return charge

    def _linserv_discount(self, subscription):
        if not self.discount:
            return
        start, months = subscription.date_start, self.linserv_discount_months
        self.env["linserv.subscription.discount"].create(
            {
                "subscription_id": subscription.id,
                "percent": self.discount,
                "date_from": start,
                "date_to": fields.Date.add(start, months=months, days=-1) if months else False,
                "reason": self.order_id.name,
            }
        )
