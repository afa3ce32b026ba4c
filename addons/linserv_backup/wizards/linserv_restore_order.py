from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.linserv_restore import KINDS


class LinservRestoreOrder(models.TransientModel):
    """Staff order a restore or a test copy: what it is made of and what it costs is shown before."""

    _name = "linserv.restore.order"
    _description = "Order of a restore"

    kind = fields.Selection(KINDS, required=True, default="test_copy")
    instance_id = fields.Many2one("linserv.instance", required=True)
    company_id = fields.Many2one(related="instance_id.company_id")
    date_wanted = fields.Date("Wanted on", required=True, default=fields.Date.context_today)
    point_time = fields.Datetime("As it was at", help="Empty: the newest there is on that day.")
    source = fields.Selection([("backup", "Backup host"), ("dr", "DR host")], required=True, default="backup")
    target_host_id = fields.Many2one(
        "linserv.host", string="To host", domain="[('company_id', '=', company_id), ('state', '!=', 'retired')]"
    )
    anonymise = fields.Boolean(help="People's names, addresses, numbers and messages are taken out.")
    passwords = fields.Selection(
        [("keep", "Everybody logs in as in production"), ("internal", "Only colleagues can log in")],
        string="Log in",
        required=True,
        default="keep",
    )
    note = fields.Text("What for")
    start_now = fields.Boolean("Begin at once")
    point_id = fields.Many2one("linserv.backup.point", compute="_compute_point_id", string="Newest point as of now")
    reason = fields.Text("Answer", compute="_compute_answer")
    is_charged = fields.Boolean(compute="_compute_answer")
    accept_charge = fields.Boolean("The customer has accepted the price")

    @api.depends("instance_id", "point_time", "source")
    def _compute_point_id(self):
        for order in self:
            vals = {"instance_id": order.instance_id.id, "source": order.source}
            order.point_id = self.env["linserv.restore"].new(vals)._find_point(order.point_time or None)

    @api.depends("instance_id", "kind", "date_wanted")
    def _compute_answer(self):
        for order in self:
            order.update({"reason": False, "is_charged": False})
            if order.instance_id and order.date_wanted:
                answer = self.env["linserv.restore"]._get_offer(order.instance_id, order.kind, order.date_wanted)
                order.update({"reason": answer.reason, "is_charged": answer.outcome in ("charged", "pack")})

    @api.onchange("instance_id", "kind")
    def _onchange_target(self):
        instance = self.instance_id.sudo()
        own = {"test_copy": instance.copy_host_id or instance.host_id, "same": instance.host_id}
        self.target_host_id = own.get(self.kind, self.env["linserv.host"])

    def action_order(self):
        """Order it and show it."""
        self.ensure_one()
        self.env["linserv.restore"]._check_user()
        self.instance_id.check_access_rule("read")
        if self.is_charged and not self.accept_charge:
            raise UserError(_("Ask the customer first: %s", self.reason))
        # sudo: nobody writes restores, users order them here; the instance and the hosts were chosen as themselves.
        restore = self.env["linserv.restore"].sudo().create([self._prepare_restore_vals()])
        restore._place_order(self.env.user.partner_id, accept_charge=self.accept_charge)
        if self.start_now:
            restore.action_start()
        restore._send_confirmation()
        return {
            "type": "ir.actions.act_window",
            "res_model": "linserv.restore",
            "res_id": restore.id,
            "views": [(False, "form")],
        }

    def _prepare_restore_vals(self):
        return {
            "kind": self.kind,
            "instance_id": self.instance_id.id,
            "date_wanted": self.date_wanted,
            "point_time": self.point_time,
            "source": self.source,
            "target_host_id": self.target_host_id.id,
            "anonymise": self.anonymise and self.kind == "test_copy",
            "passwords": self.passwords if self.kind == "test_copy" else "keep",
            "note": self.note,
        }
