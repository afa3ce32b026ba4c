from odoo import fields, models


class LinservInstance(models.Model):
    _inherit = "linserv.instance"

    copy_host_id = fields.Many2one(
        "linserv.host",
        string="Copies go to",
        check_company=True,
        ondelete="restrict",
        groups="base.group_user",
        help="The host that test copies of this instance are restored to. Empty: the instance's own host.",
    )
    restore_ids = fields.One2many("linserv.restore", "instance_id", string="Restores", groups="base.group_user")
    restore_count = fields.Integer(compute="_compute_restore_count", groups="base.group_user")

    def _compute_restore_count(self):
        groups = self.env["linserv.restore"].read_group(
            [("instance_id", "in", self.ids)], ["instance_id"], ["instance_id"]
        )
        counts = {group["instance_id"][0]: group["instance_id_count"] for group in groups}
        for instance in self:
            instance.restore_count = counts.get(instance.id, 0)

    def action_view_restores(self):
        """Show the restores and test copies of the instance."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_backup.linserv_restore_action")
        return dict(action, domain=[("instance_id", "=", self.id)], context={})

    def action_order_restore(self):
        """Open the order of a restore or test copy of the instance."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_backup.linserv_restore_order_action")
        return dict(action, context={"default_instance_id": self.id})
