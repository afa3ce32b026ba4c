from odoo import _, fields, models
from odoo.exceptions import AccessError, UserError

MANAGERS = "linserv_backup.linserv_backup_group_manager"
DEADLINE = 120


class LinservBackupPoint(models.Model):
    """What people decide about a point: accept a suspect one, keep one beyond its days."""

    _inherit = "linserv.backup.point"

    def _check_manager(self):
        """:raise AccessError: only managers decide about points, and only about those that they may see"""
        if not self.env.su and not self.env.user.has_group(MANAGERS):
            raise AccessError(_("Only managers of backups decide about points."))
        self.check_access_rule("read")

    def action_accept(self):
        """Accept suspect points: what looked like a loss is as it should be. They count from then on."""
        self._check_manager()
        for point in self:
            if point.state != "suspect":
                raise UserError(_("%s is not suspect.", point.display_name))
            # sudo: nobody has a right to write a point, managers may accept one.
            point.sudo()._accept(self.env.user)

    def _accept(self, user):
        self.write({"accepted_by_id": user.id, "accepted_date": fields.Datetime.now()})
        if self.kind == "dr":
            self._prove_accepted()
        else:
            self._order_on_host("repo.accept", {"name": self.name}, "accept")

    def _prove_accepted(self):
        self._move("proved")
        self._become_last()
        self.repository_id._refresh_freeze()

    def _hold(self, reason):
        """Keep the points beyond their days for a reason, till `_release` with the same one; it may have several."""
        for point in self.sudo():
            reasons = point._get_hold_reasons()
            if point.state not in ("proved", "suspect"):
                raise UserError(_("%s is not there to be held.", point.display_name))
            if reason not in reasons:
                point._set_hold_reasons([*reasons, reason])

    def _release(self, reason):
        """Take back a reason for holding the points; nothing happens where it did not hold them."""
        for point in self.sudo():
            reasons = point._get_hold_reasons()
            if reason in reasons:
                point._set_hold_reasons([each for each in reasons if each != reason])

    def _get_hold_reasons(self):
        return [reason for reason in (self.hold_reason or "").split("; ") if reason]

    def _set_hold_reasons(self, reasons):
        reasons = [reason.replace("; ", ", ") for reason in reasons]
        self.write({"held": bool(reasons), "hold_reason": "; ".join(reasons) or False})
        verb = "%s.%s" % ("dr" if self.kind == "dr" else "repo", "hold" if reasons else "release")
        text = self.hold_reason or _("no longer needed")
        self._order_on_host(verb, {"names": [self.name], "reason": text[:200]}, "hold:%s" % text)

    def _order_on_host(self, verb, args, occasion):
        """Queue a short run about the point at the host that keeps it."""
        host = self._get_host().sudo()
        key = "backup.%s:%d:%s" % (occasion, self.id, fields.Datetime.now().isoformat())
        args = dict(args, repository=self.repository_id.name)
        return host._queue_run(verb, args, origin=self, idempotency_key=key, deadline=DEADLINE, detached=True)

    def action_release(self):
        """Let go what is held, whatever for."""
        self._check_manager()
        for point in self.sudo().filtered("held"):
            point._set_hold_reasons([])

    def action_hold(self):
        """Keep the points beyond their days."""
        self._check_manager()
        self._hold(_("held by %s", self.env.user.name))
