import hashlib
import json
import logging
import threading

from dateutil.relativedelta import relativedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)
REPORT = "linserv_backup.linserv_dr_plan_pdf"


class LinservDrPlan(models.Model):
    """The disaster recovery plan of a customer: who does what, in which order, with measured times. It has versions."""

    _name = "linserv.dr.plan"
    _description = "Disaster Recovery Plan"
    _inherit = ["mail.thread", "mail.activity.mixin", "linserv.backup.paper"]
    _order = "partner_id, id"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    active = fields.Boolean(default=True)
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, ondelete="restrict", index=True, domain="[('parent_id', '=', False)]"
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    user_id = fields.Many2one(
        "res.users", "Leads the recovery", default=lambda self: self.env.user, tracking=True, check_company=True
    )
    deputy_id = fields.Many2one("res.users", "Stands in", tracking=True, check_company=True)
    contact_ids = fields.One2many("linserv.dr.contact", "plan_id", string="Contacts", copy=True)
    step_ids = fields.One2many("linserv.dr.step", "plan_id", string="Steps", copy=True)
    assumptions = fields.Text(help="What was agreed with the customer beyond the standard, in the customer's language.")
    exercise_months = fields.Integer("Months between exercises", default=12, required=True)
    change_note = fields.Char("What is new", help="Stands beside the next version.")
    version_ids = fields.One2many("linserv.dr.plan.version", "plan_id", string="Versions", readonly=True)
    version_id = fields.Many2one("linserv.dr.plan.version", "Version in force", compute="_compute_version_id")
    exercise_ids = fields.One2many("linserv.dr.exercise", "plan_id", string="Exercises")
    date_last_exercise = fields.Date("Last exercise", compute="_compute_exercise_dates")
    date_next_exercise = fields.Date("Next exercise", compute="_compute_exercise_dates")
    is_outdated = fields.Boolean(compute="_compute_is_outdated", string="Has changed since the last version")

    _sql_constraints = [
        ("partner_unique", "unique (partner_id, company_id)", "The customer has a plan already."),
        ("months_positive", "check (exercise_months > 0)", "A plan is exercised every month at most."),
    ]

    @api.depends("partner_id")
    @api.depends_context("lang")
    def _compute_name(self):
        for plan in self:
            plan.name = _("Disaster recovery plan, %s", plan.partner_id.name or "")

    @api.depends("version_ids")
    def _compute_version_id(self):
        for plan in self:
            plan.version_id = plan.version_ids.sorted("number")[-1:]

    @api.depends("exercise_ids.state", "exercise_ids.date_ended", "exercise_months")
    def _compute_exercise_dates(self):
        for plan in self:
            done = plan.exercise_ids.filtered(lambda exercise: exercise.state == "done")
            last = max(done.mapped("date_ended"), default=None)
            plan.date_last_exercise = last and fields.Date.to_date(last)
            begun = plan.date_last_exercise or fields.Date.to_date(plan.create_date)
            plan.date_next_exercise = begun and begun + relativedelta(months=plan.exercise_months)

    @api.depends("version_ids", "contact_ids", "step_ids", "assumptions", "user_id", "deputy_id")
    def _compute_is_outdated(self):
        for plan in self:
            plan.is_outdated = plan.version_id.digest != plan._get_digest()

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        for plan in plans:
            plan._add_standard_parts()
        return plans

    def _add_standard_parts(self):
        """Give a new plan the standard steps, in the customer's language, and the contacts that are known."""
        self.ensure_one()
        plan = self.with_context(lang=self.paper_language())
        if not plan.step_ids:
            plan.env["linserv.dr.step"].create([dict(vals, plan_id=plan.id) for vals in plan._prepare_standard_steps()])
        if not plan.contact_ids:
            plan.env["linserv.dr.contact"].create([dict(vals, plan_id=plan.id) for vals in plan._prepare_contacts()])

    def action_issue(self):
        """Make the plan's next version: a PDF that stays as it is."""
        for plan in self:
            plan._issue(plan.change_note or False)
        return True

    def _issue(self, note):
        """Render and keep the next version; its number stands in it."""
        self.ensure_one()
        if not self.step_ids or not self.contact_ids:
            raise UserError(_("A plan without steps or contacts helps nobody. Fill them in first."))
        self.env.cr.execute("SELECT id FROM linserv_dr_plan WHERE id = %s FOR UPDATE", [self.id])
        plan = self.with_context(lang=self.paper_language())
        version = self.env["linserv.dr.plan.version"].create([plan._prepare_version_vals(note)])
        name = "%s, v%d.pdf" % (plan.name, version.number)
        version.document_id = self._keep_pdf(REPORT, name)
        version.sha256 = hashlib.sha256(version.document_id.raw).hexdigest()
        self.change_note = False
        self.message_post(body=_("Version %d has been issued.", version.number))
        return version

    def _prepare_version_vals(self, note):
        self.flush()
        return {
            "plan_id": self.id,
            "number": max(self.version_ids.mapped("number"), default=0) + 1,
            "date": fields.Date.context_today(self),
            "note": note or (_("The plan has been reviewed.") if self.version_ids else _("First version")),
            "user_id": self.env.uid,
            "digest": self._get_digest(),
        }

    def _get_digest(self):
        """Return a hash over what makes a new version necessary: not over times that are measured every week."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        told = {
            "people": [self.user_id.name, self.deputy_id.name],
            "contacts": [contact._get_row() for contact in self.contact_ids.sorted()],
            "steps": [[step.who, step.minutes, step.name, step.description or ""] for step in self.step_ids.sorted()],
            "assumptions": self.assumptions or "",
            "instances": [
                [one.instance_id.name, one.source_host_id.name, one.host_id.name, one.dr_host_id.name]
                + [one._get_policy_text(today)]
                for one in self._get_repositories()
            ],
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()

    def _get_repositories(self):
        """Return the repositories of the customer's instances."""
        self.ensure_one()
        domain = [("commercial_partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        return self.env["linserv.backup.repository"].sudo().search(domain)

    @api.model
    def _cron_issue_plans(self):
        """Give every customer with backups a plan, and a new version to each plan that has changed."""
        for company, partner in self._get_customers_without_plan():
            self.create(
                [{"company_id": company.id, "partner_id": partner.id, "user_id": self._default_lead(company).id}]
            )
        self._commit()
        for plan in self.search([("company_id", "!=", False)]).filtered("is_outdated"):
            plan._try_to_issue()

    def _try_to_issue(self):
        """Issue one plan in a transaction of its own; what keeps it from that is logged and keeps no other from it."""
        plan = self.with_context(lang=self.paper_language())
        try:
            self._issue(self.change_note or (self.version_ids and plan._say_what_changed()))
        except (UserError, ValueError) as error:
            self._rollback()
            _logger.warning("the disaster recovery plan %s could not be issued: %s", self.id, error)
        self._commit()

    def _say_what_changed(self):
        return _("Hosts, policies, people or steps have changed")

    @api.model
    def _get_customers_without_plan(self):
        repositories = self.env["linserv.backup.repository"].search([("state", "=", "ready")])
        pairs = {(repository.company_id, repository.commercial_partner_id) for repository in repositories}
        plans = self.with_context(active_test=False).search([("company_id", "in", [pair[0].id for pair in pairs])])
        known = {(plan.company_id, plan.partner_id) for plan in plans}
        return sorted(pairs - known, key=lambda pair: (pair[0].id, pair[1].id))

    @api.model
    def _default_lead(self, company):
        """Return a manager of backups of the company."""
        managers = self.env.ref("linserv_backup.linserv_backup_group_manager").users
        return managers.filtered(lambda user: user.active and not user.share and company in user.company_ids)[:1]

    @api.model
    def _get_portal_plans(self):
        """Return the versions in force that the signed-in customer may read: for the portal."""
        ours = ("commercial_partner_id", "=", self.env.user.commercial_partner_id.id)
        versions = self.env["linserv.dr.plan.version"].search([ours, ("sha256", "!=", False)], order="number desc")
        newest = {}
        for version in versions:
            newest.setdefault(version.plan_id.id, version)
        return versions.browse([version.id for version in newest.values()])

    def _commit(self):
        if not self._testing():
            self.env.cr.commit()  # pylint: disable=invalid-commit

    def _rollback(self):
        if not self._testing():
            self.env.cr.rollback()

    def _testing(self):
        testing = getattr(threading.current_thread(), "testing", False) or self.env.registry.in_test_mode()
        return testing and not self.env.context.get("linserv_commit_in_test")
