from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import healing

SIDES = [("backup", "Backup host, from the DR host"), ("dr", "DR host, from the backup host")]
STATES = [
    ("running", "Going on"),
    ("done", "Healed"),
    ("partly", "Partly healed"),
    ("nothing", "Nothing was damaged"),
    ("failed", "Failed"),
]


class LinservBackupHeal(models.Model):
    """A damaged repository is found out about, kept as it is, and given back what another host has of it."""

    _name = "linserv.backup.heal"
    _description = "Healing of a Backup Repository"
    _inherit = ["mail.thread", "linserv.run.origin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    repository_id = fields.Many2one(
        "linserv.backup.repository", required=True, readonly=True, ondelete="restrict", index=True, check_company=True
    )
    instance_id = fields.Many2one(related="repository_id.instance_id", store=True)
    company_id = fields.Many2one(related="repository_id.company_id", store=True, index=True)
    side = fields.Selection(SIDES, string="What is healed", required=True, readonly=True, default="backup")
    state = fields.Selection(STATES, required=True, readonly=True, default="running", tracking=True)
    step = fields.Char(readonly=True)
    step_text = fields.Char(compute="_compute_step_text", string="Step")
    attempt = fields.Integer(readonly=True)
    run_id = fields.Many2one("linserv.run", readonly=True, ondelete="set null")
    run_progress = fields.Integer(related="run_id.progress", string="Progress")
    run_progress_text = fields.Char(related="run_id.progress_text", string="Doing")
    error = fields.Text(readonly=True)
    date_ended = fields.Datetime("Ended on", readonly=True)
    damaged_names = fields.Text("Damaged", readonly=True)
    damaged_count = fields.Integer("Damaged points", readonly=True)
    todo_names = fields.Text("Still to be brought", readonly=True, help="Copies of the DR host.")
    healed_names = fields.Text("Readable again", readonly=True)
    healed_count = fields.Integer("Healed points", readonly=True)
    lost_names = fields.Text("Not to be had back", readonly=True, help="Damaged, and no other host has a copy of it.")
    generation = fields.Integer("Damaged generation", readonly=True)
    public_key = fields.Char("Key for healing", readonly=True)

    def init(self):
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS linserv_backup_heal_open_unique
                ON linserv_backup_heal (repository_id) WHERE state = 'running';
            """
        )

    @api.depends("repository_id.instance_id.name", "create_date")
    def _compute_name(self):
        for heal in self:
            day = fields.Date.to_string(heal.create_date or fields.Datetime.now())
            heal.name = "%s %s" % (heal.repository_id.instance_id.name or "", day)

    @api.depends("step")
    def _compute_step_text(self):
        texts = self._get_step_texts()
        for heal in self:
            heal.step_text = texts.get(heal.step)

    @api.model
    def _get_step_texts(self):
        check, verify = _("Every byte is read"), _("The points are read back and hashed")
        return {
            "check": check,
            "dr_check": check,
            "offer": _("The DR host says what it has copies of"),
            "renew": _("A new generation is begun; the damaged one is only read from now on"),
            "dr_renew": _("A new generation is begun; the damaged one is only read from now on"),
            "authorise": _("The DR host is let in for this occasion"),
            "push": _("The DR host gives back what it has"),
            "refill": _("The copies are made again"),
            "verify": verify,
            "dr_verify": verify,
            "revoke": _("The DR host is let in no longer"),
        }

    @api.model
    def _open(self, repository, side):
        """Begin to heal a repository, or return the healing that goes on.

        :raise UserError: there is no host to heal from
        """
        repository.ensure_one()
        if not repository.host_id or not repository.dr_host_id or not repository.dr_public_key:
            raise UserError(_("%s has no DR host that is connected.", repository.display_name))
        going_on = self.search([("repository_id", "=", repository.id), ("state", "=", "running")])
        if going_on:
            return going_on
        # sudo: nobody writes a healing by hand; managers begin it by the button.
        heal = self.sudo().create([{"repository_id": repository.id, "side": side}])
        heal._order_step(healing.next_step(side, "", (), ()))
        return self.browse(heal.id)

    def action_retry(self):
        """Take up a healing that failed, from its first step: what was brought already is not brought again."""
        for heal in self.filtered(lambda each: each.state == "failed").sudo():
            heal.write({"state": "running", "attempt": heal.attempt + 1, "error": False, "date_ended": False})
            heal._order_step(healing.next_step(heal.side, "", (), ()))

    def action_view_run(self):
        """Open the run of the present step."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "linserv.run",
            "res_id": self.run_id.id,
            "views": [(False, "form")],
        }
