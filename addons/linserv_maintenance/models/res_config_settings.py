from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    linserv_code_band = fields.Float(related="company_id.linserv_code_band", readonly=False)
    linserv_code_count_day = fields.Integer(related="company_id.linserv_code_count_day", readonly=False)
    linserv_code_alarm_low = fields.Float(related="company_id.linserv_code_alarm_low", readonly=False)
    linserv_code_alarm_high = fields.Float(related="company_id.linserv_code_alarm_high", readonly=False)
