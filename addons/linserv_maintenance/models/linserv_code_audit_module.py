from odoo import api, fields, models


class LinservCodeAuditModule(models.Model):
    """One module as counted and as the host's own tool counts it."""

    _name = "linserv.code.audit.module"
    _description = "Audited Module"
    _order = "audit_id desc, id"

    audit_id = fields.Many2one("linserv.code.audit", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="audit_id.company_id", store=True, index=True)
    name = fields.Char(string="Module", required=True, readonly=True)
    counted_lines = fields.Integer(string="Lines of code", readonly=True)
    official_lines = fields.Integer(string="Official lines", readonly=True)
    difference = fields.Integer(compute="_compute_difference", store=True)

    @api.depends("counted_lines", "official_lines")
    def _compute_difference(self):
        for module in self:
            module.difference = module.counted_lines - module.official_lines
