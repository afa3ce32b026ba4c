from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

LARGEST_ID = 2**31 - 1


class ContractPortal(CustomerPortal):
    """The customer's own contracts. Record rules decide what is theirs; anything else does not exist."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "linserv_contract_count" in counters:
            values["linserv_contract_count"] = request.env["linserv.contract"].search_count(self._get_contract_domain())
        return values

    @http.route(["/my/contracts", "/my/contracts/page/<int:page>"], type="http", auth="user", website=True)
    def portal_my_contracts(self, page=1, **kw):
        """List the contracts of the customer."""
        contracts = request.env["linserv.contract"]
        domain = self._get_contract_domain()
        paging = pager(url="/my/contracts", total=contracts.search_count(domain), page=page, step=self._items_per_page)
        found = contracts.search(domain, limit=self._items_per_page, offset=paging["offset"])
        values = self._prepare_portal_layout_values()
        values.update({"page_name": "linserv_contract", "contracts": found, "pager": paging})
        return request.render("linserv_contract.portal_my_contracts", values)

    @http.route("/my/contracts/<int:contract_id>", type="http", auth="user", website=True)
    def portal_my_contract(self, contract_id, **kw):
        """Show one contract: services, next invoice, terms, invoices."""
        contract = self._browse_contract(contract_id)
        values = self._prepare_portal_layout_values()
        values.update({"page_name": "linserv_contract", "contract": contract}, **contract._prepare_portal_values())
        return request.render("linserv_contract.portal_my_contract", values)

    @http.route("/my/contracts/<int:contract_id>/evidence/<int:attachment_id>", type="http", auth="user", website=True)
    def portal_my_contract_evidence(self, contract_id, attachment_id, **kw):
        """Download what proves a quantity on one of the contract's invoices."""
        attachment = self._browse_contract(contract_id)._portal_evidence(attachment_id)
        if not attachment:
            raise NotFound()
        headers = [
            ("Content-Type", "application/octet-stream"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Disposition", content_disposition(attachment.name)),
        ]
        return request.make_response(attachment.raw, headers)

    def _browse_contract(self, contract_id):
        """Return the contract if the visitor's record rules let them read it; else it does not exist."""
        if not 0 < contract_id <= LARGEST_ID:
            raise NotFound()
        contract = request.env["linserv.contract"].search([*self._get_contract_domain(), ("id", "=", contract_id)])
        if not contract:
            raise NotFound()
        return contract

    def _get_contract_domain(self):
        partner = request.env.user.partner_id.commercial_partner_id
        return [("commercial_partner_id", "=", partner.id), ("state", "in", ("active", "ended"))]
