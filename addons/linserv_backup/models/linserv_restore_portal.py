from datetime import datetime, time, timedelta

import pytz

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import restores

AHEAD_DAYS = 365


class LinservRestore(models.Model):
    """What the customer's pages show and do. The controllers have found instance and copy by the visitor's rules."""

    _inherit = "linserv.restore"

    @api.model
    def _portal_offer(self, instance, day=None):
        """Return what one more copy on that day costs, as plain values.

        sudo: a customer has no right on quotas and rules; only the answer about their own instance leaves this method.
        """
        answer = self._get_offer(instance.sudo(), "test_copy", day or fields.Date.context_today(self))
        return {
            "used": answer.quota_used,
            "limit": answer.quota_limit,
            "left": answer.quota_left,
            "to": answer.quota_to,
            "outcome": answer.outcome,
            "reason": answer.reason,
            "price": answer.price,
            "price_per": answer.price_per,
            "currency": answer.currency,
            "is_charged": self._is_chargeable(answer),
            "token": "%s:%s:%s" % (answer.outcome, answer.price or 0, answer.price_per),
            "possible": bool(answer.contract),
        }

    @api.model
    def _portal_point(self, instance, moment):
        """Return the point that a copy is made of at that moment (None: of now), empty where there is none."""
        return self.new({"instance_id": instance.id, "kind": "test_copy"})._find_point(moment)

    @api.model
    def _portal_read(self, instance, form):
        """Return the values of the order's form and {field: what is wrong}."""
        errors, today = {}, fields.Date.context_today(self)
        day = self._read_day(form.get("date"))
        if not day:
            errors["date"] = _("Write the day of the copy as year-month-day, for example 2027-01-31.")
        elif not today <= day <= today + timedelta(days=AHEAD_DAYS):
            errors["date"] = _("Choose a day from today and at most a year ahead.")
        moment = False
        if form.get("point") == "moment":
            moment = self._read_moment(instance, form.get("point_date"), form.get("point_time"))
            errors.update(self._check_moment(instance, moment))
        note = (form.get("note") or "").strip()[:1000]
        vals = {"date_wanted": day, "point_time": moment or False, "note": note or False}
        vals["anonymise"] = form.get("anonymise") == "1"
        return vals, errors

    def _check_moment(self, instance, moment):
        if not moment:
            return {"point_date": _("Write a day and a time, for example 2027-01-31 and 14:30.")}
        if moment > fields.Datetime.now():
            return {"point_date": _("That moment lies ahead: choose the latest data instead.")}
        if not self._portal_point(instance, moment):
            return {"point_date": _("There is no backup from before that moment. Choose a later one.")}
        return {}

    @api.model
    def _read_day(self, text):
        try:
            return fields.Date.to_date(text or False)
        except ValueError:
            return False

    @api.model
    def _read_moment(self, instance, day, clock):
        """Return a moment in UTC, as the customer wrote it in the host's time zone."""
        try:
            written = datetime.combine(fields.Date.to_date(day), time.fromisoformat(clock or ""))
            zone = pytz.timezone(instance.sudo().host_id.timezone or "Europe/Stockholm")
            return zone.localize(written.replace(second=0, tzinfo=None)).astimezone(pytz.utc).replace(tzinfo=None)
        except (TypeError, ValueError, OverflowError):
            return None

    @api.model
    def _portal_order(self, instance, person, vals, key, accept_charge):
        """Order a copy as the customer; the same key is the same order, however often the button is pressed.

        sudo: customers order by this method and have no right to write restores.
        """
        restores_ = self.sudo()
        order_key = "portal,%d,%s" % (instance.id, key)
        self._one_at_a_time(instance)
        known = restores_.search([("order_key", "=", order_key)])
        if known:
            return known
        if not self._portal_offer(instance, vals["date_wanted"])["possible"]:
            raise UserError(_("There is no contract in force that test copies can be ordered on. Contact us."))
        made = restores_.create([dict(vals, kind="test_copy", instance_id=instance.id, order_key=order_key)])
        return made._place_order(person, accept_charge=accept_charge)

    def _one_at_a_time(self, instance):
        """Let a second order of the same moment wait for the first one's end, and begin anew with it in sight.

        A transaction that wants the same row fails as soon as the first one has changed it, and Odoo repeats its
        request from the start.
        """
        query = "UPDATE linserv_instance SET write_date = write_date WHERE id = %s"
        self.env.cr.execute(query, [instance.id], log_exceptions=False)

    def _prepare_portal_vals(self):
        """Return one copy as its pages show it, in the reader's language."""
        self.ensure_one()
        copy = self.sudo()
        told = self._get_cancellation()
        return {
            "id": self.id,
            "name": self.name,
            "state": self._portal_state(),
            "date": self.date_wanted,
            "wanted": copy._format_moment(self.point_time) if self.point_time else "",
            "taken": copy._format_moment(self.point_slot),
            "url": self.url if self.state == "published" else "",
            "expires": copy._format_moment(self.date_expires) if self.state == "published" else "",
            "removed": self.state == "expired",
            "is_charged": self.is_charged,
            "is_counted": self.is_counted,
            "price_text": self.price_text,
            "anonymise": self.anonymise,
            "note": self.note or "",
            "ordered": copy._format_moment(self.date_ordered),
            "ordered_by": copy.ordered_by_id.name or "",
            "cancelled": copy._format_moment(self.date_cancelled),
            "cancelled_by": copy.cancelled_by_id.name or "",
            "cancel": told,
            "has_notice": bool(copy.notice_id),
        }

    def _portal_state(self):
        """Return the state in the customer's words: (key, text)."""
        if self.state in restores.WORKING or self.state in ("failed", "ready"):
            return "working", _("Being made")
        texts = {
            "draft": _("Not ordered"),
            "ordered": _("Ordered"),
            "published": _("Ready to use"),
            "expired": _("Removed"),
            "cancelled": _("Called off"),
        }
        return self.state, texts[self.state]

    def _portal_cancel(self, person, reason, accept_counted):
        """Cancel as the customer; in time it does not count, later only when they accept that it does."""
        return self.sudo()._cancel(person, reason, accept_counted=accept_counted)
