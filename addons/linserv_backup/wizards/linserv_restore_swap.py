from odoo import _, fields, models
from odoo.exceptions import UserError


class LinservRestoreSwap(models.TransientModel):
    """A manager puts a restored database into service in the place of the one that is there."""

    _name = "linserv.restore.swap"
    _description = "Swap in a restored database"

    restore_id = fields.Many2one("linserv.restore", required=True, readonly=True, ondelete="cascade")
    instance_id = fields.Many2one(related="restore_id.instance_id")
    point_slot = fields.Datetime(related="restore_id.point_slot")
    database = fields.Char(related="restore_id.database")
    confirm = fields.Char("Write the name of the database")

    def action_swap(self):
        """Order it. The database in service stays under another name."""
        self.ensure_one()
        self.restore_id._check_manager()
        if (self.confirm or "").strip() != self.restore_id.database:
            raise UserError(_("Write the name of the database exactly as it is, to show that you mean it."))
        self.restore_id._order_swap(self.env.user)
        return {"type": "ir.actions.act_window_close"}
