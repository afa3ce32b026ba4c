import re

from werkzeug.exceptions import NotFound

from odoo import SUPERUSER_ID, http
from odoo.http import content_disposition, request

from odoo.addons.linserv_hosting.controllers.portal import LinservPortalMixin
from odoo.addons.portal.controllers.portal import CustomerPortal, pager


class ContractPortal(LinservPortalMixin, CustomerPortal):
    """The customer's own contracts. Record rules decide what is theirs; anything else does not exist."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "linserv_contract_count" in counters:
            values["linserv_contract_count"] = self._count_contracts()
        return values

    @http.route(["/my/contracts", "/my/contracts/page/<int:page>"], type="http", auth="user", website=True)
    def portal_my_contracts(self, page=1, **kw):
        """List the contracts of the customer."""
        contracts, domain = request.env["linserv.contract"], self._get_contract_domain()
        paging = pager(url="/my/contracts", total=self._count_contracts(), page=page, step=self._items_per_page)
        if self._may_read_contracts():
            contracts = contracts.search(domain, limit=self._items_per_page, offset=paging["offset"])
        values = self._prepare_portal_layout_values()
        values.update({"page_name": "linserv_contract", "contracts": contracts, "pager": paging})
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

    def _show_report(self, model, report_type, report_ref, download=False):
        """Render a paper that the caller has checked the visitor's access to.

        Odoo evaluates a report with the visitor's own rights, and customers have none on the taxes of their invoice's
        lines: without this neither the invoice's page nor its PDF opens for them.
        """
        if not model.env.su or report_type not in ("html", "pdf"):
            return super()._show_report(model, report_type, report_ref, download=download)
        report = request.env.ref(report_ref).with_user(SUPERUSER_ID).with_company(model.company_id)
        render = {"html": report._render_qweb_html, "pdf": report._render_qweb_pdf}[report_type]
        content = render(model.ids, data={"report_type": report_type})[0]
        kind = "application/pdf" if report_type == "pdf" else "text/html"
        headers = [("Content-Type", kind), ("Content-Length", len(content))]
        if report_type == "pdf" and download:
            name = "%s.pdf" % re.sub(r"\W+", "-", model._get_report_base_filename())
            headers.append(("Content-Disposition", content_disposition(name)))
        return request.make_response(content, headers)

    def _browse_contract(self, contract_id):
        """Return the contract if the visitor's record rules let them read it; else it does not exist."""
        if not self._may_read_contracts():
            raise NotFound()
        contract = self._linserv_browse("linserv.contract", contract_id)
        if not contract.filtered_domain(self._get_contract_domain()):
            raise NotFound()
        return contract

    def _count_contracts(self):
        if not self._may_read_contracts():
            return 0
        return request.env["linserv.contract"].search_count(self._get_contract_domain())

    def _get_contract_domain(self):
        return [("commercial_partner_id", "=", self._linserv_customer().id), ("state", "in", ("active", "ended"))]

    def _may_read_contracts(self):
        """A colleague without rights on contracts has no contracts in the portal either."""
        return request.env["linserv.contract"].check_access_rights("read", raise_exception=False)
