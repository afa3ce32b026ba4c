from odoo import fields, models


class LinservContractImportService(models.Model):
    """Which service a name in the old system stands for."""

    _name = "linserv.contract.import.service"
    _description = "Service of an Import"
    _order = "import_id, name"

    import_id = fields.Many2one("linserv.contract.import", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="import_id.company_id", store=True, index=True)
    name = fields.Char("Name in the old system", required=True)
    service_id = fields.Many2one("linserv.service", ondelete="cascade")

    _sql_constraints = [("name_unique", "unique (import_id, name)", "The name has a service already.")]

    def _guess(self):
        """Fill in the services whose code, name or product is the name in the old system."""
        services = self.env["linserv.service"].search([("active", "=", True)])
        known = {}
        for service in services:
            product = service.product_id
            for name in (product.name, product.default_code, service.name, service.code):
                known[(name or "").strip().lower()] = service
        for mapping in self.filtered(lambda each: not each.service_id):
            mapping.service_id = known.get(mapping.name.strip().lower())
