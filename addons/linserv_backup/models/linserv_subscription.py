from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..domain import policies, slots
from ..domain.policies import Version

DECIDING = {"state", "policy", "date_start", "date_end", "instance_id", "contract_id"}
AGREED = (
    "extra_days",
    "window_from",
    "window_to",
    "jitter_seconds",
    "deadline_minutes",
    "folders",
    "hooks",
    "agreement",
)


class LinservSubscription(models.Model):
    """A backup that is in force has plans; they are made, changed and ended with it."""

    _inherit = "linserv.subscription"

    backup_plan_ids = fields.One2many(
        "linserv.backup.plan", "subscription_id", string="Backup plans", groups="base.group_user"
    )

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        subscriptions._follow_backup_plans()
        return subscriptions

    def write(self, vals):
        result = super().write(vals)
        if DECIDING & set(vals):
            self._follow_backup_plans()
        return result

    def _follow_backup_plans(self):
        """Bring the plans in line with what is in force from today on; asking twice changes nothing.

        What the instance's other services give is looked at too: a backup of the database takes over from the points
        that a DR copy is made of without one. One plan may have to end before another can begin, hence the second try.
        """
        # sudo: whoever changes a contract need not be one who works with backups.
        concerned = (self | self.instance_id.subscription_ids).sudo()
        failed = [each for each in concerned if not each._try_to_follow()]
        for subscription in failed:
            subscription._try_to_follow(last=True)

    def _try_to_follow(self, last=False):
        """Make the plans; tell whether all could be made.

        A plan that cannot be made holds up no contract: it is told where backups are looked after.
        """
        offers = self._backup_offers() if self.state in ("active", "ended") else []
        if not (offers and self.instance_id) and not self.backup_plan_ids:
            return True
        done = True
        for kind in policies.KINDS:
            try:
                with self.env.cr.savepoint():
                    self._follow_backup_kind(kind, offers)
            except ValidationError as error:
                done = False
                if last:
                    self._tell_unfollowed(error)
        return done

    def _tell_unfollowed(self, error):
        repository = self.env["linserv.backup.repository"]._for_instance(self.instance_id)
        repository.message_post(
            body=_("The plans of %(name)s were not changed: %(why)s", name=self.display_name, why=error.args[0])
        )

    def _follow_backup_kind(self, kind, offers):
        plans = self.backup_plan_ids.filtered(lambda plan: plan.kind == kind)
        versions = [Version(plan.date_from, plan.date_to or None, plan.days, plan.points, plan.id) for plan in plans]
        wanted = self._list_wanted(kind, offers)
        elsewhere = plans.filtered(lambda plan: plan.instance_id != self.instance_id)
        changes = policies.follow(versions, [] if elsewhere else wanted, fields.Date.context_today(self))
        self._apply_backup_changes(kind, changes)
        if elsewhere and wanted:
            later = policies.follow([], wanted, fields.Date.context_today(self))
            self._apply_backup_changes(kind, later)

    def _list_wanted(self, kind, offers):
        """Return the versions that a plan of the kind shall have."""
        wanted = self._list_versions(kind, offers)
        if kind != "db" or wanted:
            return wanted
        others = self.instance_id.subscription_ids.filtered(lambda each: each.state in ("active", "ended")) - self
        databases = [version for each in others for version in each._list_versions("db", each._backup_offers())]
        return policies.bases(self._list_versions("dr", offers), databases)

    @api.model
    def _list_versions(self, kind, offers):
        return [
            Version(offer.date_from, self._get_open_end(offer.date_to), policy.days, policy.points)
            for offer in offers
            for policy in offer.policies
            if policy.kind.lower() == kind
        ]

    @api.model
    def _get_open_end(self, day):
        return None if day is None or day.year == 9999 else day

    def _apply_backup_changes(self, kind, changes):
        plans = self.env["linserv.backup.plan"]
        plans.browse(changes.drop).unlink()
        for version in changes.write:
            plan = plans.browse(version.key)
            vals = {"date_from": version.date_from, "date_to": version.date_to or False}
            if (plan.days, plan.points) != (version.days, version.points):
                vals.update(self._prepare_rhythm_vals(kind, version))
            plan.write(vals)
        for version in changes.create:
            plans.create([self._prepare_backup_plan_vals(kind, version)])

    def _prepare_rhythm_vals(self, kind, version):
        rhythm = policies.usual_rhythm(kind, version.points)
        return {
            "days": version.days,
            "points": version.points,
            "weekdays": rhythm.weekdays,
            "times": slots.write_times(rhythm.times) or False,
        }

    def _prepare_backup_plan_vals(self, kind, version):
        """Return the values of a new plan; what was agreed beyond the policy holds in the new version too."""
        before = self.backup_plan_ids.filtered(lambda plan: plan.kind == kind)[:1]
        vals = {name: before[name] for name in AGREED} if before else {}
        vals.update(
            subscription_id=self.id,
            repository_id=self.env["linserv.backup.repository"]._for_instance(self.instance_id).id,
            kind=kind,
            date_from=version.date_from,
            date_to=version.date_to or False,
            **self._prepare_rhythm_vals(kind, version),
        )
        return vals

    @api.model
    def _cron_follow_backup_plans(self):
        """Look at every backup once a day: a contract that ends and a pause that is written reach the plans too."""
        followed = self.env["linserv.instance"]
        for subscription in self.search(["|", ("policy", "!=", False), ("backup_plan_ids", "!=", False)]):
            if subscription.instance_id not in followed:
                with self.env.cr.savepoint():
                    subscription._follow_backup_plans()
                followed |= subscription.instance_id


class LinservSubscriptionPause(models.Model):
    _inherit = "linserv.subscription.pause"

    @api.model_create_multi
    def create(self, vals_list):
        pauses = super().create(vals_list)
        pauses.subscription_id._follow_backup_plans()
        return pauses

    def write(self, vals):
        result = super().write(vals)
        self.subscription_id._follow_backup_plans()
        return result

    def unlink(self):
        subscriptions = self.subscription_id
        result = super().unlink()
        subscriptions._follow_backup_plans()
        return result


class LinservContract(models.Model):
    _inherit = "linserv.contract"

    def write(self, vals):
        result = super().write(vals)
        if {"date_end", "state"} & set(vals):
            self.subscription_ids._follow_backup_plans()
        return result
