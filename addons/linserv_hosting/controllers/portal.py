"""What the portal pages of all addons share."""

from werkzeug.exceptions import NotFound

from odoo.http import request


class LinservPortalMixin:
    """Mixed into portal controllers: records are found as the signed-in customer, never with more rights."""

    def _linserv_browse(self, model, record_id):
        """Return the record that the current user may read.

        The search runs under the user's record rules, so another customer's record and one that does not exist give
        the very same answer.

        :raise NotFound: there is no such record for this user
        """
        if not isinstance(record_id, int) or not 0 < record_id < 2**31:
            raise NotFound()
        record = request.env[model].search([("id", "=", record_id)], limit=1)
        if not record:
            raise NotFound()
        return record

    def _linserv_customer(self):
        """Return the commercial partner of the current user."""
        return request.env.user.partner_id.commercial_partner_id
