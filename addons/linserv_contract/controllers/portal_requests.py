import uuid
from datetime import date

import psycopg2

from odoo import _, fields, http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.portal.controllers.portal import pager

from .portal import ContractPortal

TEXT_LIMIT = 5000


class RequestPortal(ContractPortal):
    """What a customer does with a contract: asks for a change, gives notice, buys hours.

    Each page shows and asks on GET and changes nothing; what changes something is a POST with Odoo's token against
    forged forms, which looks the contract up and checks everything again. What costs or binds is shown on a page of
    its own first.
    """

    @http.route(
        ["/my/contracts/<int:contract_id>/invoices", "/my/contracts/<int:contract_id>/invoices/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_contract_invoices(self, contract_id, page=1, **kw):
        """List all invoices of one contract."""
        contract = self._browse_contract(contract_id)
        url, total = "/my/contracts/%d/invoices" % contract.id, contract.sudo()._portal_invoice_count()
        paging = pager(url=url, total=total, page=page, step=self._items_per_page)
        moves = contract.sudo()._portal_invoices(limit=self._items_per_page, offset=paging["offset"])
        invoices = [contract.sudo()._prepare_portal_invoice_vals(move) for move in moves]
        return self._render("portal_my_contract_invoices", contract, invoices=invoices, pager=paging)

    @http.route(
        "/my/contracts/<int:contract_id>/change", type="http", auth="user", website=True, methods=["GET", "POST"]
    )
    def portal_my_contract_change(self, contract_id, **form):
        """Ask for a change of the contract."""
        contract = self._browse_contract(contract_id)
        errors = {}
        if self._is_post():
            values, errors = self._read_change(contract.sudo(), form)
            if not errors:
                return self._act(
                    contract, "change", lambda: contract.sudo()._portal_request_change(self._person(), values)
                )
        return self._render(
            "portal_contract_change",
            contract,
            form=form,
            errors=errors,
            kinds=contract._request_kinds(),
            subscriptions=self._choices(contract.sudo()),
        )

    @http.route(
        "/my/contracts/<int:contract_id>/notice", type="http", auth="user", website=True, methods=["GET", "POST"]
    )
    def portal_my_contract_notice(self, contract_id, **form):
        """Give notice: see the last day, confirm it."""
        contract = self._browse_contract(contract_id)
        reason = (form.get("reason") or "").strip()[:TEXT_LIMIT]
        try:
            notice = contract.sudo()._prepare_notice(fields.Date.context_today(contract))
        except UserError as error:
            return self._render("portal_contract_message", contract, message=error.args[0])
        shown = form.get("date_end") == notice["date_end"].isoformat()
        if self._is_post() and form.get("step") == "confirm" and shown:
            return self._act(contract, "notice", lambda: contract.sudo()._portal_give_notice(self._person(), reason))
        confirming = self._is_post() and form.get("step") in ("preview", "confirm")
        template = "portal_contract_notice_confirm" if confirming else "portal_contract_notice"
        moved = form.get("step") == "confirm"
        return self._render(template, contract, notice=notice, reason=reason, moved=moved)

    @http.route(
        "/my/contracts/<int:contract_id>/packs", type="http", auth="user", website=True, methods=["GET", "POST"]
    )
    def portal_my_contract_packs(self, contract_id, **form):
        """Buy prepaid hours: choose, see the price, confirm it."""
        contract = self._browse_contract(contract_id)
        offers = contract.sudo()._portal_pack_offers()
        offer = next((each for each in offers if str(each["hours"]) == form.get("hours")), None)
        if not (self._is_post() and offer):
            values = {"missing": self._is_post(), "packs": contract.sudo()._prepare_portal_packs()}
            return self._render("portal_contract_packs_choose", contract, offers=offers, **values)
        key, priced = self._order_key(form.get("key")), form.get("price") == str(offer["price"])
        if form.get("step") == "confirm" and key and priced:
            return self._act(
                contract, "pack", lambda: contract.sudo()._portal_buy_pack(self._person(), offer["hours"], key)
            )
        moved = form.get("step") == "confirm"
        months = contract.sudo().company_id.linserv_pack_months
        return self._render(
            "portal_contract_packs_confirm", contract, offer=offer, key=str(uuid.uuid4()), moved=moved, months=months
        )

    def _act(self, contract, done, action):
        """Do it and go back to the contract's page; what is refused is told on a page."""
        try:
            with request.env.cr.savepoint():
                action()
        except UserError as error:
            return self._render("portal_contract_message", contract, message=error.args[0])
        except psycopg2.IntegrityError as error:
            # Two clicks at the very same moment: the other one has bought the pack.
            if "origin" not in (error.diag.constraint_name or ""):
                raise
        return request.redirect("/my/contracts/%d?done=%s" % (contract.id, done))

    def _render(self, template, contract, **values):
        layout = self._prepare_portal_layout_values()
        layout.update({"page_name": "linserv_contract", "contract": contract, **values})
        return request.render("linserv_contract.%s" % template, layout)

    def _read_change(self, contract, form):
        """Return the values of the form and {field: what is wrong}."""
        errors, text = {}, (form.get("text") or "").strip()
        kinds = [kind for kind, _name in contract._request_kinds()]
        if form.get("kind") not in kinds:
            errors["kind"] = _("Choose what it is about.")
        if not text:
            errors["text"] = _("Write what you would like to change.")
        elif len(text) > TEXT_LIMIT:
            errors["text"] = _("Write at most %s characters.", TEXT_LIMIT)
        subscription = self._choices(contract).filtered(lambda sub: str(sub.id) == form.get("subscription"))
        if form.get("subscription") and not subscription:
            errors["subscription"] = _("Choose one of your services.")
        day = self._read_day(form.get("date"))
        if day is None:
            errors["date"] = _("Write the day as year-month-day, for example 2027-01-31.")
        return {"kind": form.get("kind"), "text": text, "subscription": subscription, "date": day}, errors

    def _choices(self, contract):
        return contract.subscription_ids.filtered(lambda sub: sub.state == "active" and sub.billing_interval != "once")

    def _read_day(self, text):
        """Return the day, False for none, None for one that cannot be read."""
        try:
            return date.fromisoformat(text) if text else False
        except ValueError:
            return None

    def _order_key(self, text):
        try:
            return str(uuid.UUID(text or ""))
        except ValueError:
            return None

    def _is_post(self):
        return request.httprequest.method == "POST"

    def _person(self):
        return request.env.user.partner_id.sudo()
