import re

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

KINDS = [("db", "Database"), ("fs", "Files"), ("dr", "Disaster recovery")]
STATES = [
    ("draft", "Not connected"),
    ("connecting", "Connecting"),
    ("ready", "Connected"),
    ("failed", "Cannot be connected"),
    ("closed", "Closed"),
]
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class LinservBackupRepository(models.Model):
    """Where the points of one instance are kept: on its backup host, and in another form on a DR host."""

    _name = "linserv.backup.repository"
    _description = "Backup Repository"
    _inherit = ["mail.thread", "mail.activity.mixin", "linserv.run.origin"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(
        required=True,
        copy=False,
        tracking=True,
        help="The folder of the repository on its hosts; made from the instance when left empty.",
    )
    active = fields.Boolean(default=True)
    instance_id = fields.Many2one(
        "linserv.instance", required=True, index=True, ondelete="restrict", check_company=True, tracking=True
    )
    company_id = fields.Many2one(related="instance_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="instance_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    source_host_id = fields.Many2one(related="instance_id.host_id", string="Customer's host", store=True, index=True)
    host_id = fields.Many2one(
        "linserv.host",
        string="Backup host",
        domain="[('backup_role', '=', 'backup'), ('company_id', '=', company_id)]",
        check_company=True,
        ondelete="restrict",
        index=True,
        tracking=True,
    )
    dr_host_id = fields.Many2one(
        "linserv.host",
        string="DR host",
        domain="[('backup_role', '=', 'dr'), ('company_id', '=', company_id)]",
        check_company=True,
        ondelete="restrict",
        index=True,
        tracking=True,
    )
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    generation = fields.Integer(readonly=True, copy=False, help="Grows when a damaged repository is replaced.")

    plan_ids = fields.One2many("linserv.backup.plan", "repository_id", string="Plans")
    last_db_point_id = fields.Many2one(
        "linserv.backup.point", string="Last proved database", readonly=True, copy=False, ondelete="set null"
    )
    last_fs_point_id = fields.Many2one(
        "linserv.backup.point", string="Last proved files", readonly=True, copy=False, ondelete="set null"
    )
    last_dr_point_id = fields.Many2one(
        "linserv.backup.point", string="Last proved DR copy", readonly=True, copy=False, ondelete="set null"
    )

    frozen = fields.Boolean(
        readonly=True, copy=False, tracking=True, help="Nothing is deleted while something here needs a person."
    )
    freeze_codes = fields.Char(readonly=True, copy=False)
    freeze_text = fields.Text(compute="_compute_freeze_text", string="Why nothing is deleted")

    date_listed = fields.Datetime("Listed on", readonly=True, copy=False)
    clock_skew = fields.Integer("Clock ahead of Odoo's (s)", readonly=True, copy=False)
    free_bytes = fields.Float("Free on the backup host (bytes)", digits=(20, 0), readonly=True, copy=False)
    total_bytes = fields.Float("Disk of the backup host (bytes)", digits=(20, 0), readonly=True, copy=False)
    repository_bytes = fields.Float("Size of the repository (bytes)", digits=(20, 0), readonly=True, copy=False)
    growth_bytes = fields.Float(
        "Growth a day (bytes)", digits=(20, 0), readonly=True, copy=False, help="Mean of the last 7 days."
    )
    recovery_sheet_date = fields.Date(
        "Recovery sheet locked away on",
        copy=False,
        tracking=True,
        help="The day on which the repository's key and passphrase were printed on the backup host and locked away. "
        "Without them nobody can read the repository when the backup host is lost.",
    )

    _sql_constraints = [
        ("name_unique", "unique (name)", "There is a repository with this name already."),
        ("instance_unique", "unique (instance_id)", "The instance has a repository already."),
    ]

    @api.constrains("name")
    def _check_name(self):
        for repository in self:
            if not NAME.fullmatch(repository.name or ""):
                raise ValidationError(
                    _("A repository's name has small letters a to z, digits, dots, dashes and underscores, at most 63.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._complete_vals(dict(vals)) for vals in vals_list])

    def write(self, vals):
        if "name" in vals and any(each.public_key and each.name != vals["name"] for each in self):
            raise UserError(_("A repository that was made on its host keeps its name."))
        return super().write(vals)

    @api.model
    def _complete_vals(self, vals):
        instance = self.env["linserv.instance"].browse(vals.get("instance_id"))
        if not vals.get("name"):
            vals["name"] = self._make_name(instance)
        for field, role in (("host_id", "backup"), ("dr_host_id", "dr")):
            if field not in vals:
                vals[field] = self._choose_host(instance.company_id, role).id
        return vals

    @api.model
    def _make_name(self, instance):
        """Return the instance's technical name, with its number where another repository has the name already."""
        name = instance.technical_name or "instance"
        if self.with_context(active_test=False).sudo().search_count([("name", "=", name)]):
            name = "%s-%d" % (name[:50], instance.id)
        return name

    @api.model
    def _choose_host(self, company, role):
        """Return the host of a role with the fewest repositories; none where there is none."""
        hosts = self.env["linserv.host"].search(
            [("backup_role", "=", role), ("company_id", "=", company.id), ("state", "!=", "retired")]
        )
        field = "host_id" if role == "backup" else "dr_host_id"
        return min(hosts, key=lambda host: self.sudo().search_count([(field, "=", host.id)]), default=hosts)

    def _get_last_point(self, kind):
        """Return the newest proved point of a kind (db, fs or dr)."""
        self.ensure_one()
        return self["last_%s_point_id" % kind]

    @api.model
    def _for_instance(self, instance):
        """Return the repository of an instance, a new one where it has none; it is connected by a person."""
        known = self.with_context(active_test=False).search([("instance_id", "=", instance.id)], limit=1)
        return known or self.create([{"instance_id": instance.id}])
