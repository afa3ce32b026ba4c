from odoo.tests import SavepointCase, tagged


@tagged("post_install", "-at_install")
class TestServices(SavepointCase):
    def test_the_sheet_is_there_as_data(self):
        services = {service.code: service for service in self.env["linserv.service"].search([])}
        self.assertLessEqual({"bas", "backup", "drift", "epost", "maintenance"}, set(services))

    def test_maintenance_costs_175_per_started_100_lines(self):
        maintenance = self.env.ref("linserv_contract.linserv_service_maintenance")
        self.assertEqual(
            (maintenance.meter, maintenance.block_size, maintenance.price_unit, maintenance.max_reading_age_days),
            ("loc", 100, 175, 45),
        )

    def test_every_service_is_sold_by_a_product_with_an_income_account(self):
        for service in self.env["linserv.service"].search([]):
            self.assertTrue(service.product_id.product_tmpl_id.get_product_accounts()["income"], service.code)
