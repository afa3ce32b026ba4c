from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ..domain import backup_policy
from .linserv_service_policy import read_policy


class LinservSubscription(models.Model):
    """A service that needs a backup cannot be in force without it, on any day. Rule 65."""

    _inherit = "linserv.subscription"

    policy = fields.Char("Backup policy", tracking=True, help="What this backup gives, for example DB 90/48, FS 90/4.")

    @api.constrains("policy")
    def _check_policy(self):
        for subscription in self:
            read_policy(subscription.policy)

    @api.constrains("state", "date_start", "date_end", "policy", "service_id", "instance_id", "contract_id")
    def _check_required_backup(self):
        for dependent, gap in self._find_backup_gaps():
            raise ValidationError(dependent._describe_backup_gap(gap))

    def _find_backup_gaps(self, end=None):
        """Return [(subscription, (day, Policy))] of the services that are, or would be, without the backup they need.

        Looks at the instances of these subscriptions. ``end``: as if these subscriptions ended on that day.
        sudo: the backup may be on a contract that the caller has no right to.
        """
        subscriptions = self.sudo()
        gaps = []
        for instance in subscriptions.instance_id:
            running = instance.subscription_ids.filtered(lambda sub: sub.state in ("active", "ended"))
            offers = [
                offer for each in running for offer in each._backup_offers(end if each in subscriptions else None)
            ]
            for dependent in running.filtered(lambda sub: sub.state == "active" and sub.service_id.required_policy):
                needs = read_policy(dependent.service_id.required_policy)
                for span in dependent._running_spans(end if dependent in subscriptions else None):
                    gap = backup_policy.first_gap(needs, span.date_from, span.date_to, offers)
                    if gap:
                        gaps.append((dependent, gap))
                        break
        return gaps

    def _left_without_backup(self, end):
        """Return the services that lose the backup they need if these subscriptions end on ``end``."""
        return self.browse([dependent.id for dependent, _gap in self._find_backup_gaps(end)])

    def _backup_offers(self, end=None):
        """Return the domain's Offers of a backup service; nothing for another service."""
        policies = read_policy(self.policy)
        spans = self._running_spans(end) if policies else []
        return [backup_policy.Offer(span.date_from, span.date_to, policies) for span in spans]

    def _running_spans(self, end=None):
        """Return the days on which the service is delivered, as spans of the domain."""
        last = self._last_day(end) or backup_policy.FOREVER
        whole = backup_policy.Span(self.date_start, max(last, self.date_start))
        pauses = [backup_policy.Span(one.date_from, one.date_to or backup_policy.FOREVER) for one in self.pause_ids]
        return backup_policy.without(whole, pauses) if last >= self.date_start else []

    def _last_day(self, end=None):
        """Return the last day of the service by itself, by its contract, or ``end``, or None."""
        return min(filter(None, (self.date_end, self.contract_id.date_end, end)), default=None)

    def _describe_backup_gap(self, gap):
        day, policy = gap
        return _(
            "%(service)s on %(instance)s needs at least the backup %(policy)s, which is missing from %(day)s. "
            "Add BACKUP to the instance, or end both; a backup cannot be ended alone.",
            service=self.service_id.name,
            instance=self.instance_id.name,
            policy=policy,
            day=format_date(self.env, day),
        )

    @api.model
    def _prepare_service_defaults(self, service):
        return dict(super()._prepare_service_defaults(service), policy=service.policy)


class LinservContract(models.Model):
    _inherit = "linserv.contract"

    @api.constrains("date_end", "state")
    def _check_required_backup(self):
        self.subscription_ids._check_required_backup()
