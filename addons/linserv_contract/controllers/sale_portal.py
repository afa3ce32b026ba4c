from werkzeug.exceptions import NotFound

from odoo import _, http
from odoo.exceptions import AccessError, MissingError
from odoo.http import content_disposition, request

from odoo.addons.sale_management.controllers.portal import CustomerPortal

from .portal import ContractPortal


class SalePortal(CustomerPortal):
    """Signing a quotation of services: what stands in its way is told before the signature, the paper is kept after."""

    @http.route()
    def portal_quote_accept(self, order_id, access_token=None, name=None, signature=None):
        token = access_token or request.httprequest.args.get("access_token")
        order = self._linserv_order(order_id, token)
        if order and not self._linserv_may_sign(order, token):
            return {"error": _("Invalid order.")}
        error = order and order._linserv_signing_error(name)
        if error:
            return {"error": error}
        if order:
            # Without it Odoo lets the customer's own person sign and then refuses to note it on the order.
            token = order._portal_ensure_token()
            request.context = dict(request.context, linserv_signing=True)
        answer = super().portal_quote_accept(order_id, access_token=token, name=name, signature=signature)
        if order and not (isinstance(answer, dict) and answer.get("error")):
            order._linserv_keep_signed()
        return answer

    @http.route()
    def update_line_dict(self, line_id, order_id=None, access_token=None, **kwargs):
        """Customers choose the number of what they were offered as an option, and nothing else of what is agreed."""
        order = self._linserv_order(order_id, access_token)
        if order:
            # sudo: the visitor showed the order's token, or may read it; lines have no rights of their own.
            line = order.sudo().order_line.filtered(lambda line: line.id == int(line_id))
            if not line.sale_order_option_ids:
                return False
        return super().update_line_dict(line_id, order_id=order_id, access_token=access_token, **kwargs)

    def _linserv_order(self, order_id, token):
        """Return the order of services that the visitor may open (as superuser), or None: then Odoo answers."""
        try:
            order = self._document_check_access("sale.order", order_id, access_token=token)
        except (AccessError, MissingError):
            return None
        return order if order.linserv_is_contract else None

    def _linserv_may_sign(self, order, token):
        """Who follows an order may read it; to sign one must have its link or belong to the customer."""
        has_link = token and order.access_token and token == order.access_token
        customer = request.env.user.partner_id.commercial_partner_id
        return has_link or (customer == order.partner_id.commercial_partner_id and not request.env.user._is_public())


class AgreementPortal(ContractPortal):
    """The signed papers of a contract."""

    @http.route("/my/contracts/<int:contract_id>/agreement/<int:order_id>", type="http", auth="user", website=True)
    def portal_my_contract_agreement(self, contract_id, order_id, **kw):
        """Download what was signed."""
        attachment = self._browse_contract(contract_id)._portal_agreement(order_id)
        if not attachment:
            raise NotFound()
        headers = [
            ("Content-Type", "application/pdf"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Disposition", content_disposition(attachment.name)),
        ]
        return request.make_response(attachment.raw, headers)
