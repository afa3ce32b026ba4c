from odoo.tests import tagged

from ..hooks import choose_layout
from .common import ContractCase


@tagged("post_install", "-at_install")
class TestPapers(ContractCase):
    """What the customer gets on paper and on the telephone."""

    def test_a_company_without_a_layout_gets_one_that_names_the_seller(self):
        company = self.env.company
        company.external_report_layout_id = False
        choose_layout(self.env)
        self.assertEqual(company.external_report_layout_id.key, "linserv_contract.linserv_external_layout")
        self.assertEqual(company.paperformat_id, self.env.ref("linserv_contract.linserv_paperformat"))

    def test_a_chosen_layout_is_kept(self):
        company = self.env.company
        company.external_report_layout_id = self.env.ref("web.external_layout_boxed")
        choose_layout(self.env)
        self.assertEqual(company.external_report_layout_id, self.env.ref("web.external_layout_boxed"))

    def test_the_list_of_invoices_shows_the_amount_on_a_telephone(self):
        view = self.env.ref("account.portal_my_invoices")
        arch = view._read_template(view.id)
        self.assertEqual(arch.count('class="d-none d-md-table-cell"'), 4)
