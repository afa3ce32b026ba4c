from odoo import _, api, fields, models
from odoo.exceptions import UserError

SIDES = [("linserv", "Linserv"), ("customer", "Customer"), ("supplier", "Supplier")]
WHO = [("lead", "Lead"), ("technician", "Technician"), ("customer", "Customer"), ("supplier", "Supplier")]


class LinservDrContact(models.Model):
    """Somebody who is called, and in which order."""

    _name = "linserv.dr.contact"
    _description = "Contact of a Disaster Recovery Plan"
    _order = "plan_id, sequence, id"
    _rec_name = "partner_id"

    plan_id = fields.Many2one("linserv.dr.plan", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    side = fields.Selection(SIDES, required=True, default="customer")
    partner_id = fields.Many2one("res.partner", "Person", required=True, ondelete="restrict")
    role = fields.Char(required=True)
    phone = fields.Char(compute="_compute_phone", store=True, readonly=False)
    email = fields.Char(related="partner_id.email")
    hours = fields.Char("Reached", help="For example: weekdays 8-17, or always.")

    @api.depends("partner_id")
    def _compute_phone(self):
        for contact in self:
            contact.phone = contact.partner_id.mobile or contact.partner_id.phone

    def _get_row(self):
        self.ensure_one()
        return [self.side, self.partner_id.name, self.role, self.phone or "", self.email or "", self.hours or ""]


class LinservDrStep(models.Model):
    """Something that is done in a recovery, in its place."""

    _name = "linserv.dr.step"
    _description = "Step of a Disaster Recovery Plan"
    _order = "plan_id, sequence, id"

    plan_id = fields.Many2one("linserv.dr.plan", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char("Step", required=True)
    who = fields.Selection(WHO, required=True, default="technician")
    minutes = fields.Integer("Planned (min)", default=15)
    description = fields.Text()

    _sql_constraints = [("minutes_positive", "check (minutes >= 0)", "A step takes no negative time.")]


class LinservDrPlanVersion(models.Model):
    """A version of a plan as it was issued: its PDF stays as it is."""

    _name = "linserv.dr.plan.version"
    _description = "Version of a Disaster Recovery Plan"
    _order = "plan_id, number desc"
    _rec_name = "number"

    plan_id = fields.Many2one("linserv.dr.plan", required=True, readonly=True, ondelete="restrict", index=True)
    partner_id = fields.Many2one(related="plan_id.partner_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="plan_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    number = fields.Integer("Version", required=True, readonly=True, group_operator=False)
    date = fields.Date("Issued on", required=True, readonly=True)
    note = fields.Char("What is new", readonly=True)
    user_id = fields.Many2one("res.users", "Issued by", readonly=True, ondelete="restrict", groups="base.group_user")
    digest = fields.Char(readonly=True, groups="base.group_user")
    sha256 = fields.Char("SHA-256 of the PDF", readonly=True)
    document_id = fields.Many2one("ir.attachment", "PDF", readonly=True, ondelete="restrict", groups="base.group_user")

    _sql_constraints = [("number_unique", "unique (plan_id, number)", "A version is issued once.")]

    def write(self, vals):
        if any(self.mapped("sha256")):
            raise UserError(_("A version that was issued stays as it is. Issue a new one."))
        return super().write(vals)

    def unlink(self):
        if any(self.mapped("sha256")):
            raise UserError(_("A version that was issued stays as it is. Issue a new one."))
        return super().unlink()

    def action_download(self):
        """Open the PDF."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": "/my/backups/plans/%d" % self.id, "target": "self"}

    def _get_pdf(self):
        """Return (name, bytes) for somebody who may read the version.

        sudo: customers read no attachments; this one is their own plan.
        """
        self.ensure_one()
        self.check_access_rights("read")
        self.check_access_rule("read")
        document = self.sudo().document_id
        return document.name, document.raw
