import re
from datetime import datetime, timedelta, timezone

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..domain import retention, slots
from .linserv_backup_repository import KINDS

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,40}")


class LinservBackupPlan(models.Model):
    """What is saved of an instance between two dates: a kind, for how many days, at which slots.

    Plans follow the subscription; a change closes the plan of yesterday and opens another, so that the days that have
    been keep what was promised for them.
    """

    _name = "linserv.backup.plan"
    _description = "Backup Plan"
    _inherit = ["mail.thread"]
    _order = "instance_id, kind, date_from desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    repository_id = fields.Many2one(
        "linserv.backup.repository", required=True, index=True, ondelete="restrict", check_company=True
    )
    instance_id = fields.Many2one(related="repository_id.instance_id", store=True, index=True)
    company_id = fields.Many2one(related="repository_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="repository_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    subscription_id = fields.Many2one(
        "linserv.subscription", index=True, readonly=True, ondelete="restrict", help="Empty: by separate agreement."
    )
    kind = fields.Selection(KINDS, required=True, tracking=True)
    date_from = fields.Date("From", required=True, tracking=True, default=fields.Date.context_today)
    date_to = fields.Date("Last day", tracking=True, copy=False)
    days = fields.Integer("Days kept", required=True, tracking=True)
    points = fields.Integer("Points a day", required=True, tracking=True)
    extra_days = fields.Integer("More days by agreement", tracking=True)
    weekdays = fields.Char(
        required=True,
        default="1234567",
        tracking=True,
        help="The days on which points are taken, Monday = 1 to Sunday = 7, in the host's time zone.",
    )
    times = fields.Char(
        tracking=True,
        help="Times of day in the host's time zone, for example 07:00, 11:00, 15:00, 19:00. "
        "Empty: spread evenly over the UTC day, every :00 and :30 for 48 points.",
    )
    window_from = fields.Float("Window from", tracking=True, help="Only slots between these times (host's time zone).")
    window_to = fields.Float("Window to", tracking=True)
    jitter_seconds = fields.Integer(
        "Spread (s)",
        default=300,
        help="Within so many seconds after the slot the repository has a place of its own, so that not all instances "
        "begin at once.",
    )
    deadline_minutes = fields.Integer("Deadline (min)", required=True, default=120)
    folders = fields.Char(
        "Extra folders",
        tracking=True,
        help="Names of folders in agent.json of the customer's host that are saved too, by agreement.",
    )
    hooks = fields.Char(
        tracking=True, help="Names of hooks in agent.json of the backup host, run by agreement before and after."
    )
    agreement = fields.Text(help="What was agreed beyond the policy, with whom and when.")
    date_begun = fields.Datetime(
        "Begun on", readonly=True, copy=False, default=fields.Datetime.now, help="No slot before this one is owed."
    )
    date_next = fields.Datetime(
        "Next point at",
        readonly=True,
        copy=False,
        index=True,
        help="The next slot and the repository's place after it.",
    )
    date_slots_to = fields.Datetime(
        "Slots settled to", readonly=True, copy=False, help="Every slot up to here has a point or a recorded gap."
    )
    point_ids = fields.One2many("linserv.backup.point", "plan_id", string="Points")

    _sql_constraints = [
        ("days_positive", "check (days > 0 and points > 0 and extra_days >= 0)", "Days and points are at least 1."),
        ("dates_ordered", "check (date_to >= date_from)", "A plan cannot end before it begins."),
        (
            "spread",
            "check (jitter_seconds between 0 and 3600 and deadline_minutes between 1 and 1440)",
            "The spread is at most an hour, the deadline at most a day.",
        ),
    ]

    @api.depends("kind", "days", "points", "extra_days")
    def _compute_name(self):
        for plan in self:
            plan.name = "%s %d/%d" % ((plan.kind or "").upper(), plan.days + plan.extra_days, plan.points)

    @api.constrains("kind", "repository_id", "date_from", "date_to")
    def _check_one_at_a_time(self):
        for plan in self:
            if any(plan._overlaps(other) for other in plan.repository_id.plan_ids - plan):
                raise ValidationError(
                    _("%s has another plan of this kind in these days.", plan.repository_id.display_name)
                )

    def _overlaps(self, other):
        ends_before = self.date_to and self.date_to < other.date_from
        begins_after = other.date_to and other.date_to < self.date_from
        return self.kind == other.kind and not ends_before and not begins_after

    @api.constrains("weekdays", "times", "window_from", "window_to", "points", "repository_id")
    def _check_schedule(self):
        for plan in self:
            try:
                schedule = plan._get_schedule()
            except slots.ScheduleError as error:
                raise ValidationError(
                    _(
                        'The times of a plan cannot be read at "%s". Write weekdays as 12345, times as 07:00, 11:00, '
                        "and at most 1440 points a day.",
                        error.args[0],
                    )
                ) from error
            if slots.next_slot(schedule, plan._epoch(fields.Datetime.now())) is None:
                raise ValidationError(_("The window of the plan leaves none of its times."))

    @api.constrains("folders", "hooks")
    def _check_names(self):
        for plan in self:
            for name in plan._split(plan.folders) + plan._split(plan.hooks):
                if not NAME.fullmatch(name):
                    raise ValidationError(_("%s is no name of a folder or hook in agent.json.", name))

    def _prepare_extra(self):
        """Return what was agreed beyond the policy, as the verbs take it; empty when nothing was."""
        self.ensure_one()
        extra = {"folders": self._split(self.folders), "hooks": self._split(self.hooks)}
        return {name: value for name, value in extra.items() if value}

    @api.model
    def _split(self, text):
        return [part.strip() for part in (text or "").split(",") if part.strip()]

    @api.model
    def _epoch(self, moment):
        """Return a Datetime of Odoo as seconds since 1970."""
        return int(moment.replace(tzinfo=timezone.utc).timestamp())

    @api.model
    def _moment(self, epoch):
        """Return seconds since 1970 as a Datetime of Odoo."""
        return datetime.fromtimestamp(epoch, timezone.utc).replace(tzinfo=None)

    def _get_zone(self):
        """Return the zone in which the plan's times are meant: the customer's host's."""
        self.ensure_one()
        # sudo: times are shown to people who may not see the fleet.
        return self.sudo().instance_id.host_id.timezone or "UTC"

    def _get_schedule(self):
        """Return the plan as the domain's Schedule; raises its ScheduleError."""
        self.ensure_one()
        window = (round(self.window_from * 60), round(self.window_to * 60))
        return slots.Schedule(
            points=self.points,
            zone=self._get_zone(),
            weekdays=slots.read_weekdays(self.weekdays),
            times=slots.read_times(self.times),
            window=window if window[0] != window[1] else None,
        )

    def _get_promise(self):
        """Return what the plan owes as the domain's Promise."""
        self.ensure_one()
        zone = self._get_zone()
        begin = slots.day_start(zone, self.date_from)
        if self.date_begun:
            begin = max(begin, self._epoch(self.date_begun) + 1)
        end = slots.day_start(zone, self.date_to + timedelta(days=1)) if self.date_to else None
        return retention.Promise(self._get_schedule(), self.days + self.extra_days, begin, end)

    def _get_place(self):
        """Return how many seconds after its slots the plan begins."""
        return slots.place("%s:%s" % (self.repository_id.name, self.kind), self.jitter_seconds)

    def _is_open(self):
        """Tell whether the plan has slots still to come."""
        self.ensure_one()
        return not self.date_to or self.date_to >= fields.Date.context_today(self)
