from odoo import _, api, fields, models
from odoo.exceptions import AccessError


class DigestDigest(models.Model):
    """Recurring revenue in Odoo's own digest mail."""

    _inherit = "digest.digest"

    kpi_linserv_mrr = fields.Boolean("Recurring revenue a month")
    kpi_linserv_mrr_value = fields.Monetary(compute="_compute_kpi_linserv_mrr_value")
    kpi_linserv_mrr_change = fields.Boolean("Change of recurring revenue")
    kpi_linserv_mrr_change_value = fields.Monetary(compute="_compute_kpi_linserv_mrr_value")

    def _compute_kpi_linserv_mrr_value(self):
        movements = self.env["linserv.revenue.movement"]
        if not movements.check_access_rights("read", raise_exception=False):
            raise AccessError(_("Recurring revenue is left out for readers without rights on contracts."))
        for digest in self:
            start, end, company = digest._get_kpi_compute_parameters()
            upto = [("company_id", "=", company.id), ("date", "<", end)]
            digest.kpi_linserv_mrr_value = self._sum_of_movements(upto)
            digest.kpi_linserv_mrr_change_value = self._sum_of_movements([*upto, ("date", ">=", start)])

    @api.model
    def _sum_of_movements(self, domain):
        (group,) = self.env["linserv.revenue.movement"].read_group(domain, ["amount"], [])
        return group["amount"] or 0.0

    def compute_kpis(self, company, user):
        """Name the key figures in the reader's language; Odoo names them as its sources do."""
        kpis = super().compute_kpis(company, user)
        env = self.with_context(lang=user.lang).env
        for kpi in kpis:
            kpi["kpi_fullname"] = self._fields[kpi["kpi_name"]]._description_string(env)
        return kpis

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        action = "linserv_contract.linserv_revenue_dashboard_action"
        return {**actions, "kpi_linserv_mrr": action, "kpi_linserv_mrr_change": action}
