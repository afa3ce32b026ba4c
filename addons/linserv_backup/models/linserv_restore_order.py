from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..domain import restores
from .linserv_restore import WORK_TYPES


class LinservRestore(models.Model):
    """Ordering and cancelling: what it costs is said first, and it is counted once, however often somebody presses."""

    _inherit = "linserv.restore"

    cancel_latest = fields.Date("Cancelled free until", compute="_compute_cancel_latest")

    @api.depends("date_wanted", "kind")
    def _compute_cancel_latest(self):
        for restore in self:
            restore.cancel_latest = restore._get_cancellation().latest if restore.date_wanted else False

    @property
    def _origin_key(self):
        return "linserv.restore,%d" % self.id

    @api.model
    def _get_offer(self, instance, kind, day):
        """Return the CoverageAnswer for such a restore on that day: included, one of a quota, or charged, and why."""
        return instance._linserv_coverage(WORK_TYPES[kind], day)

    @api.model
    def _is_chargeable(self, answer):
        return answer.outcome in ("charged", "pack")

    def action_order(self):
        """Order what is included in the contract; what is charged is ordered in the dialogue, which says the price."""
        self._check_user()
        for restore in self:
            restore._place_order(self.env.user.partner_id)

    def _place_order(self, person, accept_charge=False):
        """Order it: it is counted against the contract and waits for its day. Twice is once.

        :param person: the partner who orders
        :param accept_charge: the price was shown and accepted
        :raise UserError: it is charged and nobody has accepted that, or it cannot be made
        """
        self.ensure_one()
        self._lock()
        if self.state != "draft":
            return self
        self._check_orderable()
        restore = self.sudo()
        reader = self.with_context(lang=self._get_lang())  # the customer reads what was told
        answer = reader._get_offer(restore.instance_id, self.kind, self.date_wanted)
        self._check_accepted(answer, accept_charge)
        use = self._take_from_quota(answer, accept_charge)
        restore._move(
            "order",
            ordered_by_id=person.id,
            date_ordered=fields.Datetime.now(),
            contract_id=answer.contract.id,
            is_charged=use.is_charged if use else self._is_chargeable(answer),
            is_counted=bool(use) and not use.is_charged,
            price_text=answer.reason,
        )
        restore._confirm("order")
        return self

    def _take_from_quota(self, answer, accept_charge):
        """Count it. sudo: who orders a copy has no right on quotas."""
        contract, restore = answer.contract.sudo(), self.sudo()
        if not contract:
            return self.env["linserv.quota.use"].sudo()
        return contract._use_quota(
            WORK_TYPES[self.kind],
            restore.instance_id,
            self.date_wanted,
            self._origin_key,
            accept_charge=accept_charge,
            name=self.name,
        )

    def _check_accepted(self, answer, accept_charge):
        if self._is_chargeable(answer) and not accept_charge:
            raise UserError(answer.reason)

    def _check_orderable(self):
        """:raise UserError: what is missing, in words for whoever orders"""
        if self.date_wanted < fields.Date.context_today(self):
            raise UserError(_("The day has passed: choose today or later."))
        point = self._find_point(self.point_time)
        if not point and self.point_time:
            raise UserError(_("There is no backup from before that moment. Choose a later one."))
        if not point:
            raise UserError(_("There is no proved backup of %s yet.", self.instance_id.name))
        if not self.sudo().target_host_id:
            raise UserError(_("Choose the host that it goes to."))

    def _get_cancellation(self, today=None):
        """Return what cancelling means today (a value of the domain)."""
        self.ensure_one()
        work_type = self.env["linserv.work.type"].sudo()._get(WORK_TYPES[self.kind])
        day = today or fields.Date.context_today(self)
        return restores.cancellation(self.state, self.date_wanted, day, work_type.cancel_days)

    def _cancel(self, person, reason="", accept_counted=False, force=False):
        """Cancel before the work has begun and keep a confirmation as the written notice. Twice is once.

        :param accept_counted: cancel also when it is too late: it still counts
        :param force: Linserv's own doing: it does not count, however late
        :raise UserError: it is too late, or the work has begun
        """
        self.ensure_one()
        self._lock()
        if self.state == "cancelled":
            return self
        told = self._get_cancellation()
        if not told.possible and not force:
            raise UserError(self._say_begun())
        if not (told.in_time or accept_counted or force):
            raise UserError(self._say_too_late(told))
        returned = self.env["linserv.contract"]._release_quota(
            self._origin_key, fields.Date.context_today(self), force=force
        )
        had_begun = self.sudo().step
        self.sudo()._move(
            "cancel",
            date_cancelled=fields.Datetime.now(),
            cancelled_by_id=person.id,
            cancel_reason=reason or False,
            is_counted=self.is_counted and not returned,
            is_charged=self.is_charged and not (told.in_time or force),
        )
        self.sudo()._after_cancel(had_begun)
        return self

    def _after_cancel(self, had_begun):
        self._release_point()
        if had_begun:
            self._order_step("drop")
        self._confirm("cancel")

    def _say_begun(self):
        return _("%s can no longer be cancelled: the work has begun, or it is over.", self.name)

    def _say_too_late(self, told):
        """Return why it cannot be cancelled for free any more."""
        latest, planned = (format_date(self.env, day) for day in (told.latest, self.date_wanted))
        return _(
            "It is too late to cancel free of charge: a test copy is cancelled in writing at the latest %(days)s days "
            "ahead, which was %(latest)s for %(planned)s. Today it is %(ahead)s days ahead, so it still counts.",
            days=(self.date_wanted - told.latest).days,
            latest=latest,
            planned=planned,
            ahead=told.days_ahead,
        )
