from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .linserv_dr_plan_parts import WHO

RECORD = "linserv_backup.linserv_dr_exercise_pdf"

KINDS = [
    ("talk", "Walked through at a table"),
    ("restore", "Restored from the DR host"),
    ("full", "Everything, to a new host"),
]
STATES = [("planned", "Planned"), ("running", "Going on"), ("done", "Done"), ("cancelled", "Cancelled")]
RESULTS = [
    ("passed", "Passed"),
    ("remarks", "Passed with remarks"),
    ("failed", "Not passed"),
]


class LinservDrExercise(models.Model):
    """A recorded exercise of a plan: steps with times, who did them, what came of it, the drills that prove it."""

    _name = "linserv.dr.exercise"
    _description = "Disaster Recovery Exercise"
    _inherit = ["mail.thread", "mail.activity.mixin", "linserv.backup.paper"]
    _order = "date_planned desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    plan_id = fields.Many2one("linserv.dr.plan", required=True, ondelete="restrict", index=True)
    partner_id = fields.Many2one(related="plan_id.partner_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="plan_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    version_id = fields.Many2one("linserv.dr.plan.version", "Version exercised", readonly=True, ondelete="restrict")
    kind = fields.Selection(KINDS, required=True, default="restore", tracking=True)
    state = fields.Selection(STATES, required=True, default="planned", readonly=True, copy=False, tracking=True)
    date_planned = fields.Date("Planned for", required=True, default=fields.Date.context_today, tracking=True)
    date_started = fields.Datetime("Began", readonly=True, copy=False)
    date_ended = fields.Datetime("Ended", readonly=True, copy=False)
    leader_id = fields.Many2one("res.users", "Led by", required=True, default=lambda self: self.env.user)
    participants = fields.Char(help="Everybody who took part, of both sides.")
    step_ids = fields.One2many("linserv.dr.exercise.step", "exercise_id", string="Steps", copy=False)
    drill_ids = fields.Many2many("linserv.backup.drill", string="Drills as evidence", copy=False)
    minutes = fields.Float("Time (min)", compute="_compute_minutes", store=True, digits=(16, 1))
    planned_minutes = fields.Integer("Planned (min)", compute="_compute_minutes", store=True)
    result = fields.Selection(RESULTS, copy=False, tracking=True)
    conclusion = fields.Text(copy=False, help="What was learnt; it is kept with the plan.")
    measures = fields.Text("To be changed", copy=False, help="What is done about it, by whom and until when.")

    @api.depends("partner_id.name", "date_planned")
    def _compute_name(self):
        for exercise in self:
            exercise.name = "%s %s" % (exercise.partner_id.name or "", exercise.date_planned or "")

    @api.depends("step_ids.minutes", "step_ids.planned_minutes")
    def _compute_minutes(self):
        for exercise in self:
            exercise.minutes = sum(exercise.step_ids.mapped("minutes"))
            exercise.planned_minutes = sum(exercise.step_ids.mapped("planned_minutes"))

    def write(self, vals):
        self._check_open(vals)
        return super().write(vals)

    def unlink(self):
        if self.filtered(lambda exercise: exercise.state in ("running", "done")):
            raise UserError(_("An exercise that was begun is kept: it stands in the plan."))
        return super().unlink()

    def _check_open(self, vals):
        """:raise UserError: the exercise is over, and more than its conversation would change"""
        chatter = all(name.startswith(("message_", "activity_", "website_message_")) for name in vals)
        if not chatter and self.filtered(lambda exercise: exercise.state == "done"):
            raise UserError(_("An exercise that is over stays as it was recorded."))

    def action_start(self):
        """Begin: the steps are those of the plan as it is now."""
        for exercise in self.filtered(lambda one: one.state == "planned"):
            if not exercise.step_ids:
                exercise.step_ids = [(0, 0, vals) for vals in exercise._prepare_steps()]
            exercise.write(
                {
                    "state": "running",
                    "date_started": fields.Datetime.now(),
                    "version_id": exercise.plan_id.version_id.id,
                }
            )

    def _prepare_steps(self):
        return [
            {
                "sequence": step.sequence,
                "name": step.name,
                "who": step.who,
                "planned_minutes": step.minutes,
                "description": step.description,
            }
            for step in self.plan_id.step_ids
        ]

    def action_order_drills(self):
        """Restore every instance of the customer on its DR host (or its backup host); the drills become evidence."""
        self.ensure_one()
        if self.state != "running":
            raise UserError(_("Begin the exercise first: what was measured belongs to it."))
        for repository in self.plan_id._get_repositories():
            zone, point = repository._get_exercise_point()
            open_drill = repository.drill_ids.filtered(lambda each, z=zone: each.zone == z and each.state == "ordered")
            drill = open_drill or self.env["linserv.backup.drill"]._order_drill(repository, point, zone)
            self.drill_ids |= drill

    def action_finish(self):
        """Close the record: every step has an outcome, and the result is said."""
        for exercise in self:
            exercise._check_finished()
            exercise.write({"state": "done", "date_ended": fields.Datetime.now()})
            exercise._keep_pdf(RECORD, "%s.pdf" % exercise._get_record_name())
            exercise.plan_id.message_post(body=_("Exercise %s: see its record.", exercise.name))

    def _get_record_name(self):
        """Return the name of the exercise's paper, in its language."""
        paper = self.with_context(lang=self.paper_language())
        return paper._say_record_name()

    def _say_record_name(self):
        return _("Disaster recovery exercise, %s", self.name)

    def _check_finished(self):
        self.ensure_one()
        if self.state != "running":
            raise UserError(_("Only an exercise that goes on can be finished."))
        open_steps = self.step_ids.filtered(lambda step: not step.outcome)
        if open_steps:
            raise UserError(_("Say what came of the step: %s", open_steps[0].name))
        if not self.result or not self.conclusion:
            raise UserError(_("Say the result and what was learnt: the exercise is kept as evidence."))
        if self.drill_ids.filtered(lambda drill: drill.state == "ordered"):
            raise UserError(_("A drill of the exercise is still going on. Wait for what it shows."))

    def action_cancel(self):
        """Give up an exercise that was not finished."""
        self.filtered(lambda one: one.state in ("planned", "running")).write({"state": "cancelled"})


class LinservDrExerciseStep(models.Model):
    """A step as it was done: when, by whom, with which outcome."""

    _name = "linserv.dr.exercise.step"
    _description = "Step of a Disaster Recovery Exercise"
    _order = "exercise_id, sequence, id"

    exercise_id = fields.Many2one("linserv.dr.exercise", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="exercise_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char("Step", required=True)
    who = fields.Selection(WHO, required=True, default="technician")
    description = fields.Text()
    planned_minutes = fields.Integer("Planned (min)")
    person = fields.Char("Done by")
    date_started = fields.Datetime("Began")
    date_ended = fields.Datetime("Ended")
    minutes = fields.Float("Time (min)", compute="_compute_minutes", store=True, digits=(16, 1))
    outcome = fields.Selection([("done", "Done"), ("remark", "Done, with a remark"), ("failed", "Did not work")])
    remark = fields.Char()

    _sql_constraints = [("ordered", "check (date_ended >= date_started)", "A step cannot end before it begins.")]

    @api.depends("date_started", "date_ended")
    def _compute_minutes(self):
        for step in self:
            both = step.date_started and step.date_ended
            step.minutes = (step.date_ended - step.date_started).total_seconds() / 60 if both else 0.0

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps.exercise_id._check_open({"step_ids": True})
        return steps

    def write(self, vals):
        self.exercise_id._check_open({"step_ids": True})
        return super().write(vals)

    def unlink(self):
        self.exercise_id._check_open({"step_ids": True})
        return super().unlink()

    def action_begin(self):
        """Note when the step began."""
        for step in self.filtered(lambda each: not each.date_started):
            step.write({"date_started": fields.Datetime.now(), "person": step.person or self.env.user.name})

    def action_done(self):
        """Note when the step ended, and that it worked."""
        now = fields.Datetime.now()
        for step in self.filtered(lambda each: not each.date_ended):
            begun = step.date_started or now
            vals = {"date_started": begun, "date_ended": now, "outcome": step.outcome or "done"}
            step.write(dict(vals, person=step.person or self.env.user.name))


class LinservBackupRepository(models.Model):
    _inherit = "linserv.backup.repository"

    def _get_exercise_point(self):
        """Return (zone, point) that an exercise restores: the DR copy, or the newest point where there is none."""
        self.ensure_one()
        if self.dr_host_id and self.last_dr_point_id:
            return "dr", self.last_dr_point_id
        return "backup", self.last_db_point_id
