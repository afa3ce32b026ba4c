from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import content_disposition, request

from odoo.addons.linserv_hosting.controllers.portal import LinservPortalMixin
from odoo.addons.portal.controllers.portal import CustomerPortal


class CodePortal(LinservPortalMixin, CustomerPortal):
    """The customer's instances and their lines of code. What record rules do not show does not exist."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "linserv_instance_count" in counters:
            values["linserv_instance_count"] = request.env["linserv.instance"].search_count(self._get_instance_domain())
        return values

    @http.route("/my/instances", type="http", auth="user", website=True)
    def portal_my_instances(self, **kw):
        """List the customer's instances with their latest count."""
        instances = request.env["linserv.instance"].search(self._get_instance_domain())
        values = self._prepare_portal_layout_values()
        rows = [(instance, self._find_snapshots(instance)[:1]) for instance in instances]
        values.update({"page_name": "linserv_instance", "rows": rows})
        return request.render("linserv_maintenance.portal_my_instances", values)

    @http.route("/my/instances/<int:instance_id>/code", type="http", auth="user", website=True)
    def portal_my_instance_code(self, instance_id, **kw):
        """Show the lines of an instance: now, over time, module by module, with notes and evidence."""
        instance = self._browse_instance(instance_id)
        snapshots = self._find_snapshots(instance)
        values = self._prepare_portal_layout_values()
        values.update({"page_name": "linserv_instance", "instance": instance}, **snapshots._prepare_portal_values())
        return request.render("linserv_maintenance.portal_my_instance_code", values)

    @http.route(
        "/my/instances/<int:instance_id>/code/<int:snapshot_id>/evidence.<string(length=3):kind>",
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_instance_evidence(self, instance_id, snapshot_id, kind, **kw):
        """Download the evidence of a count: `pdf` is the annex, `jgz` the file for verify.py."""
        snapshot = self._find_snapshots(self._browse_instance(instance_id)).filtered(lambda one: one.id == snapshot_id)
        if not snapshot or kind not in ("pdf", "jgz"):
            raise NotFound()
        content = snapshot._get_annex_pdf() if kind == "pdf" else snapshot._get_evidence_file()
        name = snapshot._get_evidence_name("pdf" if kind == "pdf" else "json.gz")
        headers = [
            ("Content-Type", "application/pdf" if kind == "pdf" else "application/gzip"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Disposition", content_disposition(name)),
        ]
        return request.make_response(content, headers)

    def _browse_instance(self, instance_id):
        instance = self._linserv_browse("linserv.instance", instance_id)
        if not instance.filtered_domain(self._get_instance_domain()):
            raise NotFound()
        return instance

    def _get_instance_domain(self):
        """Colleagues see all instances in the back office; in the portal everyone sees only their own."""
        return [("commercial_partner_id", "=", self._linserv_customer().id), ("kind", "!=", "development")]

    def _find_snapshots(self, instance):
        """Return the approved counts that the visitor may read, the latest first."""
        snapshots = request.env["linserv.code.snapshot"]
        if not snapshots.check_access_rights("read", raise_exception=False):
            return snapshots
        domain = [("instance_id", "=", instance.id), ("state", "=", "approved")]
        customer = [("commercial_partner_id", "=", self._linserv_customer().id)]
        return snapshots.search(domain + customer)
