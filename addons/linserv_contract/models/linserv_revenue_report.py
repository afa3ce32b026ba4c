from odoo import fields, models, tools

COLUMNS = "subscription_id, contract_id, service_id, instance_id, commercial_partner_id, company_id, user_id"


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
        """Levels reach from a movement's month to the next one's; months are numbered since the year 0."""
        return """
            WITH changes AS (
                SELECT extract(year FROM date)::int * 12 + extract(month FROM date)::int - 1 AS month,
                       sum(amount) AS amount, sum(amount_year) AS amount_year, {columns}
                  FROM linserv_revenue_movement
                 GROUP BY 1, {columns}
            ), levels AS (
                SELECT month, lead(month) OVER course AS following,
                       sum(amount) OVER course AS amount, sum(amount_year) OVER course AS amount_year, {columns}
                  FROM changes
                WINDOW course AS (PARTITION BY {columns} ORDER BY month)
            ), today AS (
                SELECT extract(year FROM now())::int * 12 + extract(month FROM now())::int - 1 AS month
            )
            SELECT subscription_id::bigint * 2000 + months.number - 23999 AS id,
                   make_date(months.number / 12, months.number % 12 + 1, 1) AS month,
                   months.number >= today.month AS is_forecast,
                   amount, amount_year, {columns}
              FROM levels
             CROSS JOIN today
             CROSS JOIN LATERAL generate_series(
                 levels.month, least(levels.following - 1, today.month + 12)
             ) AS months (number)
             WHERE amount <> 0 OR amount_year <> 0
        """.format(columns=COLUMNS)  # noqa: S608  (a constant)
