from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _linserv_coverage(self, work_type_code, instance=None, date=None, minutes=0):
        """Return the CoverageAnswer of the customer's contracts, with or without an instance."""
        self.ensure_one()
        return self.env["linserv.contract"]._best_coverage(self, work_type_code, instance, date, minutes)
