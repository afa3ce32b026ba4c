from odoo import fields, models


class LinservCodeAuditLanguage(models.Model):
    """What pygount found in the audited files of one language."""

    _name = "linserv.code.audit.language"
    _description = "Audited Language"
    _order = "audit_id desc, code_lines desc, name"

    audit_id = fields.Many2one("linserv.code.audit", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="audit_id.company_id", store=True, index=True)
    date = fields.Date(related="audit_id.date", store=True)
    instance_id = fields.Many2one(related="audit_id.instance_id", store=True, index=True)
    name = fields.Char(string="Language", required=True, readonly=True)
    files = fields.Integer(readonly=True)
    code_lines = fields.Integer(string="Code", readonly=True)
    string_lines = fields.Integer(string="Strings", readonly=True)
    documentation_lines = fields.Integer(string="Documentation", readonly=True)
    empty_lines = fields.Integer(string="Blank", readonly=True)
