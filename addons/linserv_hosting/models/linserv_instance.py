from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..domain import names

KINDS = [("production", "Production"), ("test", "Test"), ("development", "Development")]
SERIES = [(series, "Odoo " + series) for series in ("14.0", "15.0", "16.0", "17.0", "18.0")]


class LinservInstance(models.Model):
    """A customer's Odoo on a host."""

    _name = "linserv.instance"
    _description = "Customer Instance"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    technical_name = fields.Char(
        copy=False,
        tracking=True,
        help="The name of the instance in /etc/linserv/agent.json on the host; made from the database when left empty.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, tracking=True, check_company=True, ondelete="restrict"
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    host_id = fields.Many2one(
        "linserv.host",
        tracking=True,
        check_company=True,
        ondelete="restrict",
        index=True,
        groups="base.group_user",
    )
    kind = fields.Selection(KINDS, required=True, default="production", tracking=True)
    series = fields.Selection(SERIES, string="Odoo series", required=True, default="14.0", tracking=True)
    database = fields.Char(tracking=True)
    url = fields.Char(string="URL")
    run_ids = fields.One2many("linserv.run", "instance_id", string="Runs", groups="base.group_user")
    run_count = fields.Integer(compute="_compute_run_count", groups="base.group_user")

    _sql_constraints = [
        (
            "technical_name_unique",
            "unique (host_id, technical_name)",
            "There is an instance with this technical name on the host already.",
        )
    ]

    def _compute_run_count(self):
        groups = self.env["linserv.run"].read_group([("instance_id", "in", self.ids)], ["instance_id"], ["instance_id"])
        counts = {group["instance_id"][0]: group["instance_id_count"] for group in groups}
        for instance in self:
            instance.run_count = counts.get(instance.id, 0)

    @api.constrains("technical_name")
    def _check_technical_name(self):
        for instance in self:
            if not names.is_technical_name(instance.technical_name or ""):
                raise ValidationError(
                    _("A technical name has small letters a to z, digits, dots, dashes and underscores, at most 63.")
                )

    @api.constrains("url")
    def _check_url(self):
        for instance in self:
            if instance.url and not instance.url.lower().startswith(("http://", "https://")):
                raise ValidationError(_("The URL of an instance starts with http:// or https://."))

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_technical_name(vals) for vals in vals_list])

    @api.model
    def _with_technical_name(self, vals):
        """Return the values with a technical name, made from the database or the name unless one is given."""
        if vals.get("technical_name"):
            return vals
        return dict(vals, technical_name=names.technical_name(vals.get("database"), vals.get("name")))

    def action_view_runs(self):
        """Show the runs about the instance."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_hosting.linserv_run_action")
        return dict(action, domain=[("instance_id", "=", self.id)], context={})

    def _prepare_agent_config(self):
        """Return the instance's part of a new agent.json: what is usual for Debian's Odoo."""
        self.ensure_one()
        return {
            "database": self.database,
            "series": self.series,
            "python": "/usr/bin/python3",
            "odoo_config": "/etc/odoo/odoo.conf",
            "odoo_bin": "/usr/bin/odoo",
            "addons_path": [],
            "core_addons_path": ["/usr/lib/python3/dist-packages/odoo/addons"],
            "unit": "odoo.service",
        }
