import uuid

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from odoo.addons.linserv_hosting.controllers.portal import LinservPortalMixin
from odoo.addons.portal.controllers.portal import CustomerPortal

BASE = "/my/backups/<int:instance_id>/copies"
REASON_LIMIT = 500


class CopiesPortal(LinservPortalMixin, CustomerPortal):
    """The customer's test copies. Pages ask on GET and change nothing; what changes something is a POST with a token.

    What record rules do not show does not exist.
    """

    @http.route(BASE, type="http", auth="user", website=True)
    def portal_my_copies(self, instance_id, **kw):
        """List the copies of an instance, and how many are left."""
        instance = self._copy_instance(instance_id)
        copies = request.env["linserv.restore"].search(self._get_copy_domain(instance))
        rows = [copy._prepare_portal_vals() for copy in copies]
        offer = request.env["linserv.restore"]._portal_offer(instance)
        return self._copy_page("portal_my_copies", instance, rows=rows, offer=offer)

    @http.route(BASE + "/order", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_order_copy(self, instance_id, **form):
        """Order a copy: choose the day and the moment, see what it costs, confirm."""
        instance = self._copy_instance(instance_id)
        copies, errors = request.env["linserv.restore"], {}
        if self._copy_is_post():
            vals, errors = copies._portal_read(instance, form)
            if not errors:
                return self._confirm_order(instance, vals, form)
        offer = copies._portal_offer(instance)
        point = copies._portal_point(instance, None)
        newest = copies.new({"instance_id": instance.id})._format_moment(point.slot) if point else ""
        return self._copy_page("portal_copy_order", instance, form=form, errors=errors, offer=offer, newest=newest)

    def _confirm_order(self, instance, vals, form):
        """Show what it costs; with the price that was shown accepted, order."""
        copies = request.env["linserv.restore"]
        offer, key = copies._portal_offer(instance, vals["date_wanted"]), self._copy_key(form.get("key"))
        told = form.get("step") == "confirm" and form.get("token") == offer["token"]
        accepted = not offer["is_charged"] or form.get("accept") == "1"
        if told and key and accepted:
            return self._copy_act(
                instance,
                lambda: copies._portal_order(instance, self._copy_person(), vals, key, offer["is_charged"]),
                "ordered",
            )
        point = copies._portal_point(instance, vals["point_time"] or None)
        draft = copies.new({"instance_id": instance.id, **vals})
        return self._copy_page(
            "portal_copy_confirm",
            instance,
            form=form,
            vals=vals,
            offer=offer,
            key=key or str(uuid.uuid4()),
            moved=form.get("step") == "confirm" and not told,
            unaccepted=told and not accepted,
            taken=draft._format_moment(point.slot) if point and vals["point_time"] else "",
            cancel=draft._get_cancellation(),
        )

    @http.route(BASE + "/<int:copy_id>", type="http", auth="user", website=True)
    def portal_my_copy(self, instance_id, copy_id, **kw):
        """Show one copy."""
        instance = self._copy_instance(instance_id)
        copy = self._browse_copy(instance, copy_id)
        return self._copy_page("portal_my_copy", instance, copy=copy._prepare_portal_vals(), done=kw.get("done"))

    @http.route(BASE + "/<int:copy_id>/cancel", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_cancel_copy(self, instance_id, copy_id, **form):
        """Cancel a copy: at the latest 7 days ahead it does not count; later the page says no, and why."""
        instance = self._copy_instance(instance_id)
        copy = self._browse_copy(instance, copy_id)
        told = copy._get_cancellation()
        refused = copy._say_too_late(told) if told.possible and not told.in_time else ""
        if self._copy_is_post() and form.get("step") == "confirm" and (told.in_time or form.get("accept") == "1"):
            reason = (form.get("reason") or "").strip()[:REASON_LIMIT]
            late = not told.in_time
            return self._copy_act(instance, lambda: copy._portal_cancel(self._copy_person(), reason, late), "cancelled")
        shown = copy._prepare_portal_vals()
        return self._copy_page("portal_copy_cancel", instance, copy=shown, refused=refused)

    @http.route(BASE + "/<int:copy_id>/notice", type="http", auth="user", website=True)
    def portal_copy_notice(self, instance_id, copy_id, **kw):
        """Download the confirmation of a cancellation."""
        copy = self._browse_copy(self._copy_instance(instance_id), copy_id)
        # sudo: the file belongs to a copy that the visitor may read.
        notice = copy.sudo().notice_id
        if not notice:
            return request.redirect("/my/backups/%d/copies/%d" % (instance_id, copy_id))
        headers = [
            ("Content-Type", "application/pdf"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Disposition", content_disposition(notice.name)),
        ]
        return request.make_response(notice.raw, headers)

    def _copy_act(self, instance, action, done):
        """Do it, send the confirmation, and show the copy; what is refused is told on a page."""
        try:
            with request.env.cr.savepoint():
                copy = action()
        except UserError as error:
            return self._copy_page("portal_copy_message", instance, message=error.args[0])
        copy.sudo()._send_confirmation()
        return request.redirect("/my/backups/%d/copies/%d?done=%s" % (instance.id, copy.id, done))

    def _copy_page(self, template, instance, **values):
        layout = self._prepare_portal_layout_values()
        layout.update({"page_name": "linserv_copies", "instance": instance, **values})
        return request.render("linserv_backup.%s" % template, layout)

    def _copy_instance(self, instance_id):
        """Return one of the customer's production or test instances; anything else does not exist."""
        instance = self._linserv_browse("linserv.instance", instance_id)
        customer = [("commercial_partner_id", "=", self._linserv_customer().id), ("kind", "!=", "development")]
        if not instance.filtered_domain(customer) or not self._may_read():
            raise NotFound()
        return instance

    def _browse_copy(self, instance, copy_id):
        copy = self._linserv_browse("linserv.restore", copy_id)
        if not copy.filtered_domain(self._get_copy_domain(instance)):
            raise NotFound()
        return copy

    def _get_copy_domain(self, instance):
        customer = ("commercial_partner_id", "=", self._linserv_customer().id)
        return [("instance_id", "=", instance.id), customer, ("kind", "=", "test_copy"), ("state", "!=", "draft")]

    def _may_read(self):
        return request.env["linserv.restore"].check_access_rights("read", raise_exception=False)

    def _copy_key(self, text):
        try:
            return str(uuid.UUID(text or ""))
        except ValueError:
            return None

    def _copy_is_post(self):
        return request.httprequest.method == "POST"

    def _copy_person(self):
        return request.env.user.partner_id.sudo()
