from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    linserv_invoice_grouping = fields.Selection(related="company_id.linserv_invoice_grouping", readonly=False)
    linserv_ocr = fields.Selection(related="company_id.linserv_ocr", readonly=False)
