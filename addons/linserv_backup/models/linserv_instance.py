from odoo import _, fields, models
from odoo.exceptions import UserError

USERS = "linserv_backup.linserv_backup_group_user"


class LinservInstance(models.Model):
    """An instance and where its points are kept."""

    _inherit = "linserv.instance"

    backup_repository_ids = fields.One2many(
        "linserv.backup.repository", "instance_id", string="Backup repository", groups=USERS
    )
    backup_proof_text = fields.Char(related="backup_repository_ids.proof_text", string="Backups proved", groups=USERS)

    def action_view_backups(self):
        """Open the instance's repository; a manager makes one where there is none."""
        self.ensure_one()
        repository = self.backup_repository_ids
        if not repository:
            if not self.env.user.has_group("linserv_backup.linserv_backup_group_manager"):
                raise UserError(_("The instance is not backed up. A manager of backups can set that up."))
            repository = repository._for_instance(self)
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_backup.linserv_backup_repository_action")
        return dict(action, res_id=repository.id, views=[(False, "form")], view_mode="form")
