from odoo import api, models

FACTURX = "account_edi_facturx.edi_facturx_1_0_05"


class AccountJournal(models.Model):
    _inherit = "account.journal"

    @api.model_create_multi
    def create(self, vals_list):
        journals = super().create(vals_list)
        journals._linserv_switch_off_facturx()
        return journals

    @api.model
    def _linserv_switch_off_everywhere(self):
        """On installation: no sales journal writes Factur-X any more, until a person switches it on."""
        self.search([("type", "=", "sale")])._linserv_switch_off_facturx()

    def _linserv_switch_off_facturx(self):
        """Take Factur-X off sales journals: a French and German file that costs a third of posting an invoice."""
        facturx = self.env.ref(FACTURX, raise_if_not_found=False)
        if facturx:
            using = self.filtered(lambda journal: journal.type == "sale" and facturx in journal.edi_format_ids)
            using.write({"edi_format_ids": [(3, facturx.id)]})

    def _linserv_first_sales_journal(self, company):
        """Return the journal of the company's billing: the one that Odoo proposes for customer invoices."""
        return self.search([("type", "=", "sale"), ("company_id", "=", company.id)], limit=1)
