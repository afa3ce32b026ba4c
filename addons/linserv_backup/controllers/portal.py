from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from odoo.addons.linserv_hosting.controllers.portal import LinservPortalMixin
from odoo.addons.portal.controllers.portal import CustomerPortal


class BackupPortal(LinservPortalMixin, CustomerPortal):
    """The backups of the customer's instances. What record rules do not show does not exist."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "linserv_backup_count" in counters:
            values["linserv_backup_count"] = request.env["linserv.instance"].search_count(self._get_backup_domain())
        return values

    @http.route("/my/backups", type="http", auth="user", website=True)
    def portal_my_backups(self, **kw):
        """List the customer's instances: what is saved, and the last proved point of each in words."""
        instances = self._linserv_local(request.env["linserv.instance"].search(self._get_backup_domain()))
        values = self._prepare_portal_layout_values()
        values.update({"page_name": "linserv_backup", "rows": instances._prepare_backup_rows()})
        return request.render("linserv_backup.portal_my_backups", values)

    @http.route("/my/backups/<int:instance_id>", type="http", auth="user", website=True)
    def portal_my_backup(self, instance_id, **kw):
        """Show the backups of one instance: last proved point, 90 days, policies, drills, test copies."""
        instance = self._browse_backup_instance(instance_id)
        values = self._prepare_portal_layout_values()
        values.update({"page_name": "linserv_backup", "instance": instance}, **instance._prepare_backup_values())
        return request.render("linserv_backup.portal_my_backup", values)

    def _browse_backup_instance(self, instance_id):
        """Return the visitor's own instance; anything else does not exist."""
        instance = self._linserv_browse("linserv.instance", instance_id)
        if not instance.filtered_domain(self._get_backup_domain()):
            raise NotFound()
        return self._linserv_local(instance)

    def _linserv_local(self, instances):
        """Return the instances so that times are in the visitor's zone, or in the host's when they have chosen none.

        sudo: customers see no hosts; a time zone says nothing of one.
        """
        zone = request.env.user.tz or instances[:1].sudo().host_id.timezone or "Europe/Stockholm"
        return instances.with_context(tz=zone)

    def _get_backup_domain(self):
        """Colleagues see all instances in the back office; in the portal everyone sees only their own."""
        return [("commercial_partner_id", "=", self._linserv_customer().id), ("kind", "=", "production")]
