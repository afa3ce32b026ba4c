from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import coverage, quotas


class LinservContract(models.Model):
    """Taking from a quota and giving back to it."""

    _inherit = "linserv.contract"

    quota_ids = fields.One2many("linserv.quota", "contract_id", string="Quotas", groups="base.group_user")

    def _use_quota(self, work_type_code, instance, date, origin, accept_charge=False, name=""):
        """Take one from the quota of the year that ``date`` lies in, and charge the fee where there is one.

        :param date: the day of the work
        :param origin: a key that names the order, such as "linserv.restore,42"; a second call with it changes nothing
        :param accept_charge: the customer has been told that all are used and has accepted to pay
        :return: the linserv.quota.use; an empty one when the work is covered without a quota, or when it is charged
            and has no quota
        :raise UserError: it is charged and nobody has accepted that, or it needs Linserv's agreement first
        """
        self.ensure_one()
        use = self.env["linserv.quota.use"].sudo().search([("origin_key", "=", origin)])
        if use:
            return use
        day = fields.Date.to_date(date)
        desk = self._coverage_desk(instance, day)
        answer = desk.answer(self.env["linserv.work.type"].sudo()._get(work_type_code))
        if answer.quota_limit and answer.reason_code != coverage.TOO_EARLY:
            quota = self._take_quota(desk, answer)
            # Somebody else may have taken one while this one waited for the row.
            answer = self._coverage_desk(instance, day).answer(answer.work_type)
            self._check_accepted(answer, accept_charge)
            return self._make_quota_use(quota, answer, {"date": day, "origin_key": origin, "name": name})
        self._check_accepted(answer, accept_charge)
        return use

    def _take_quota(self, desk, answer):
        if not desk.instance and len(desk.services.instance_id) > 1:
            raise UserError(
                _("%s is counted for each instance: choose which instance it is for.", answer.work_type.name)
            )
        instance = desk.instance
        if answer.service and not answer.service.instance_required:
            here = desk.here.filtered(lambda sub: sub.service_id == answer.service)
            instance = here.instance_id & desk.instance
        return self.env["linserv.quota"].sudo()._take(desk.contract, answer.work_type, instance, desk.year)

    def _check_accepted(self, answer, accept_charge):
        """Refuse what is charged until somebody has accepted it, and always what Linserv must agree to first."""
        refused = answer.outcome in (coverage.CHARGED, coverage.PACK)
        if refused and (answer.reason_code == coverage.TOO_EARLY or not accept_charge):
            raise UserError(_("%(work)s: %(reason)s", work=answer.work_type.name, reason=answer.reason))

    def _make_quota_use(self, quota, answer, values):
        is_charged = answer.outcome != coverage.QUOTA
        use = quota.use_ids.create(dict(values, quota_id=quota.id, is_charged=is_charged))
        quota.quota_limit = answer.quota_limit
        quota._refresh()
        if answer.price_per == "once":
            use.subscription_id = self._charge_quota_use(use, answer)
        return use

    def _charge_quota_use(self, use, answer):
        """Return the one-off charge of the fee, or of the fixed price beyond the quota."""
        words = [answer.work_type.with_context(lang=self.partner_id.lang).name, use.name]
        return self.sudo()._charge_once(
            "fee",
            use.date,
            price_unit=answer.price,
            instance=answer.instance.sudo() or None,
            text="\n".join(filter(None, words)),
            origin="linserv.quota.use,%d" % use.id,
        )

    @api.model
    def _release_quota(self, origin, date=None, force=False):
        """Give back the use of that order when it is cancelled in time.

        :param date: the day of the cancellation, by default today
        :param force: give it back even so late: the work was not done, and that was not the customer's doing
        :return: True when it no longer counts; False when it was cancelled too late, or there is no such use
        """
        use = self.env["linserv.quota.use"].sudo().search([("origin_key", "=", origin)])
        if not use or use.state == "returned":
            return bool(use)
        day = fields.Date.to_date(date) or fields.Date.context_today(self)
        if not force and not quotas.is_given_back(use.date, day, use.work_type_id.cancel_days):
            return False
        year = quotas.contract_year(use.contract_id.date_start, use.date)
        quota = use.quota_id._take(use.contract_id, use.work_type_id, use.instance_id, year)
        use.write({"state": "returned", "date_returned": day})
        quota._refresh()
        if use.subscription_id:
            use.contract_id._uncharge_once(use.subscription_id)
        return True

    @api.model
    def _cron_open_quotas(self):
        """Show the quotas of the year that runs, also those that nobody has used yet."""
        today = fields.Date.context_today(self)
        for contract in self.search([("state", "=", "active")]):
            contract._open_quotas(today)

    def _open_quotas(self, day):
        """Make the rows of the contract's year, with what they include on ``day``."""
        work_types = self.env["linserv.coverage.rule"].search([("treatment", "=", "quota")]).work_type_id
        work_types |= self.deviation_ids.filtered(lambda each: each.treatment == "quota").work_type_id
        instances = self._covering_services(day).instance_id
        for instance in instances or [instances]:
            desk = self._coverage_desk(instance, day)
            for answer in map(desk.answer, work_types.sorted()):
                if answer.quota_limit and answer.is_included:
                    quota = self._take_quota(desk, answer)
                    if quota.quota_limit != answer.quota_limit:
                        quota.quota_limit = answer.quota_limit
