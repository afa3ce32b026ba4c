from odoo import http
from odoo.http import request

from .portal import ContractPortal


class CoveragePortal(ContractPortal):
    """What the customer's contract includes."""

    @http.route("/my/contracts/<int:contract_id>/coverage", type="http", auth="user", website=True)
    def portal_my_contract_coverage(self, contract_id, section=None, **kw):
        """Show the matrix of one contract: what is included, what is left of the quotas, what costs extra."""
        contract = self._browse_contract(contract_id)
        values = self._prepare_portal_layout_values()
        values.update({"page_name": "linserv_contract", "contract": contract})
        values.update(contract._prepare_portal_coverage_values(section))
        return request.render("linserv_contract.portal_my_contract_coverage", values)
