from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext, html_escape, plaintext2html


class LinservContract(models.Model):
    """What a customer asks for in the portal, and what the page of the contract shows beside services and invoices.

    The controllers have let the customer's record rules find the contract; these methods are then called with sudo, as
    a customer has no right on services, packs, quotas and activities, and check once more what may be done.
    """

    _inherit = "linserv.contract"

    def _prepare_portal_values(self):
        contract = self.sudo()
        values = super()._prepare_portal_values()
        values.update(
            {
                "may_act": contract.state == "active",
                "term": contract._prepare_portal_term(),
                "quotas": contract._prepare_portal_quotas() if contract.state == "active" else [],
                "packs": contract._prepare_portal_packs(),
                "sells_packs": bool(contract._portal_pack_offers()),
                "letters": contract._portal_letters(),
                "more_invoices": contract._portal_invoice_count() > len(values["invoices"]),
            }
        )
        return values

    def _prepare_portal_term(self):
        """Return the days that decide how long the customer is bound."""
        running = self.state == "active" and not self.date_end
        return {
            "bound_until": running and self.date_term_end,
            "notice_latest": running and self.date_notice_latest,
            "notice_date": self.notice_date,
            "date_end": self.date_end,
        }

    def _portal_letters(self):
        """Return the price letters that have been sent to the customer about this contract, as plain values."""
        letters = self.env["linserv.price.letter"].search(
            [
                ("line_ids.contract_id", "=", self.id),
                ("partner_id.commercial_partner_id", "=", self.commercial_partner_id.id),
                ("state", "in", ("sent", "posted")),
                ("document_id", "!=", False),
            ],
            order="date_letter desc",
        )
        return [
            {
                "name": letter.document_id.name,
                "date": letter.date_letter,
                "url": "/my/contracts/%d/evidence/%d" % (self.id, letter.document_id.id),
                "document": letter.document_id,
            }
            for letter in letters
        ]

    def _portal_evidence(self, attachment_id):
        """The letters are downloaded like evidence."""
        letters = [letter["document"] for letter in self.sudo()._portal_letters()]
        found = [document for document in letters if document.id == attachment_id]
        return found[0] if found else super()._portal_evidence(attachment_id)

    def _portal_pack_offers(self):
        """Return the packs the customer can buy; none where the prices are in another currency than the contract's."""
        if self.state != "active" or self.currency_id != self.company_id.currency_id:
            return []
        return self._pack_offers()

    def _portal_request_change(self, person, values):
        """Tell the salesperson what the customer asks for, and confirm it to the person by mail; twice is once.

        ``values``: kind, subscription (of this contract, or empty), date (or False) and text.
        """
        self._check_portal_may_act()
        note = plaintext2html("\n".join(self._describe_request(person, values)))
        summary = _("The customer asks for a change")
        told = {html2plaintext(each.note or ""): each for each in self.activity_ids if each.summary == summary}
        if html2plaintext(note) in told:
            return told[html2plaintext(note)]
        activity = self._remind_salesperson(summary, note)
        self.message_post(body=note, author_id=person.id, subtype_xmlid="mail.mt_note")
        self._mail_person("linserv_contract.mail_template_change_request", person, request_text=values["text"])
        return activity

    def _describe_request(self, person, values):
        kinds = dict(self._request_kinds())
        texts = [_("%(person)s asks: %(kind)s", person=person.name, kind=kinds[values["kind"]])]
        if values["subscription"]:
            texts.append(_("Service: %s", values["subscription"]._short_name()))
        if values["date"]:
            texts.append(_("From: %s", values["date"]))
        return texts + [values["text"]]

    def _request_kinds(self):
        """Return the kinds of requests in the reader's language."""
        return [
            ("more", _("More of a service")),
            ("less", _("Less of a service")),
            ("new", _("A new service")),
            ("details", _("Addresses or contact persons")),
            ("other", _("Something else")),
        ]

    def _portal_give_notice(self, person, reason):
        """Give notice as the customer, today; the contract's last day."""
        self._check_portal_may_act()
        day = self._give_notice(fields.Date.context_today(self), "customer", reason)
        text = html_escape(_("Notice was given in the portal by %s.", person.name))
        self.message_post(body=text, subtype_xmlid="mail.mt_note")
        if person.email_normalized != self.partner_id.email_normalized:
            self._mail_person("linserv_contract.mail_template_notice", person)
        return day

    def _portal_buy_pack(self, person, hours, key):
        """Sell the customer a pack; ``key`` names the order, so that a second click buys nothing."""
        self._check_portal_may_act()
        if hours not in [offer["hours"] for offer in self._portal_pack_offers()]:
            raise UserError(_("There is no pack of %s hours.", hours))
        origin = "portal,%d,%s" % (self.id, key)
        bought = self.env["linserv.subscription"].search_count([("origin_key", "=", origin)])
        pack = self._buy_pack(hours, origin)
        if not bought:
            text = _("%(person)s has bought %(pack)s in the portal.", person=person.name, pack=pack.name)
            self.message_post(body=html_escape(text), author_id=person.id, subtype_xmlid="mail.mt_note")
            self._mail_person("linserv_contract.mail_template_pack_bought", person, pack=pack)
        return pack

    def _check_portal_may_act(self):
        if self.state != "active":
            raise UserError(_("Contract %s is not in force.", self.name))

    def _mail_person(self, xmlid, person, **context):
        """Send a mail to somebody at the customer, in their language; nothing without an address."""
        if not person.email:
            return False
        template = self.env.ref(xmlid).sudo().with_context(lang=person.lang or self.partner_id.lang, **context)
        values = {"recipient_ids": [(6, 0, person.ids)], "auto_delete": False}
        return template.send_mail(self.id, email_values=values, notif_layout="mail.mail_notification_light")
