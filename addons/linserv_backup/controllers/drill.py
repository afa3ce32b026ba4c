from odoo import http
from odoo.http import content_disposition, request

from odoo.addons.linserv_hosting.controllers.portal import LinservPortalMixin
from odoo.addons.portal.controllers.portal import CustomerPortal


class DrillPortal(LinservPortalMixin, CustomerPortal):
    """Evidence, reports and plans as files, for staff and for the customer whose they are. Record rules decide."""

    @http.route("/my/backups/drills/<int:drill_id>/evidence", type="http", auth="user", website=True)
    def portal_my_drill_evidence(self, drill_id, **kw):
        """Download the signed statements up to this drill."""
        drill = self._linserv_browse("linserv.backup.drill", drill_id)
        return self._linserv_send(drill._get_evidence_file(), drill._get_evidence_name())

    @http.route("/my/backups/reports/<int:report_id>", type="http", auth="user", website=True)
    def portal_my_backup_report(self, report_id, **kw):
        """Download a monthly report."""
        name, content = self._linserv_browse("linserv.backup.report", report_id)._get_pdf()
        return self._linserv_send(content, name)

    @http.route("/my/backups/plans/<int:version_id>", type="http", auth="user", website=True)
    def portal_my_dr_plan(self, version_id, **kw):
        """Download a version of the disaster recovery plan."""
        name, content = self._linserv_browse("linserv.dr.plan.version", version_id)._get_pdf()
        return self._linserv_send(content, name)

    def _linserv_send(self, content, name):
        """Return a file for download; no browser guesses what it is."""
        headers = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", len(content)),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Disposition", content_disposition(name)),
        ]
        return request.make_response(content, headers)
