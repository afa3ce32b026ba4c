from odoo import fields, models, tools


class LinservRevenueReport(models.Model):
    """Recurring revenue of every subscription at the end of every month: from the first movement to a year ahead.

    The months to come are what has been agreed today: contracts are prolonged until notice is given (rule 84).
    """

    _name = "linserv.revenue.report"
    _description = "Recurring Revenue by Month"
    _auto = False
    _order = "month desc, amount desc"
    _rec_name = "month"
    _depends = {
        "linserv.revenue.movement": [
            "date",
            "amount",
            "amount_year",
            "subscription_id",
            "contract_id",
            "service_id",
            "instance_id",
            "commercial_partner_id",
            "company_id",
            "user_id",
        ]
    }

    month = fields.Date(readonly=True, help="First day of the month; the amounts are those of its last day.")
    is_forecast = fields.Boolean("To come", readonly=True, help="The month has not ended yet.")
    amount = fields.Monetary("Per month", currency_field="company_currency_id", readonly=True)
    amount_year = fields.Monetary("Per year", currency_field="company_currency_id", readonly=True)
    subscription_id = fields.Many2one("linserv.subscription", readonly=True)
    contract_id = fields.Many2one("linserv.contract", readonly=True)
    service_id = fields.Many2one("linserv.service", readonly=True)
    instance_id = fields.Many2one("linserv.instance", readonly=True)
    commercial_partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company currency")

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute("CREATE VIEW %s AS (%s)" % (self._table, self._query()))

    def _query(self):
        return """
            WITH months AS (
                SELECT generate_series(
                    date_trunc('month', min(date)), date_trunc('month', now()) + interval '12 months', '1 month'
                )::date AS month
                FROM linserv_revenue_movement
            )
            SELECT movement.subscription_id::bigint * 2000
                       + (extract(year FROM months.month) - 2000) * 12 + extract(month FROM months.month) AS id,
                   months.month,
                   months.month >= date_trunc('month', now()) AS is_forecast,
                   sum(movement.amount) AS amount,
                   sum(movement.amount_year) AS amount_year,
                   movement.subscription_id,
                   movement.contract_id,
                   movement.service_id,
                   movement.instance_id,
                   movement.commercial_partner_id,
                   movement.company_id,
                   movement.user_id
              FROM months
              JOIN linserv_revenue_movement movement ON movement.date < months.month + interval '1 month'
             GROUP BY months.month, movement.subscription_id, movement.contract_id, movement.service_id,
                   movement.instance_id, movement.commercial_partner_id, movement.company_id, movement.user_id
            HAVING sum(movement.amount) <> 0 OR sum(movement.amount_year) <> 0
        """
