from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from .linserv_backup_repository import KINDS


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
    date_next = fields.Datetime("Next slot", readonly=True, copy=False, index=True)
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
            others = plan.repository_id.plan_ids.filtered(lambda other: other.kind == plan.kind and other != plan)
            if any(plan._overlaps(other) for other in others):
                raise ValidationError(
                    _("%s has another plan of this kind in these days.", plan.repository_id.display_name)
                )

    def _overlaps(self, other):
        ends_before = self.date_to and self.date_to < other.date_from
        begins_after = other.date_to and other.date_to < self.date_from
        return not ends_before and not begins_after
