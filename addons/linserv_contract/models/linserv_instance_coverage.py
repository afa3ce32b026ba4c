from odoo import models


class LinservInstance(models.Model):
    _inherit = "linserv.instance"

    def _linserv_coverage(self, work_type_code, date=None, minutes=0):
        """Return the CoverageAnswer of the customer's contracts for work on this instance."""
        self.ensure_one()
        contracts = self.env["linserv.contract"]
        return contracts._best_coverage(self.sudo().partner_id, work_type_code, self, date, minutes)
