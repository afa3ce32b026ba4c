from odoo import _, api, fields, models


class LinservQuota(models.Model):
    """How many of one type of work were used in one year of a contract, for one instance where that applies.

    Its row is what two people who take the last one at once meet at: see ``_lock``.
    """

    _name = "linserv.quota"
    _description = "Quota"
    _order = "date_from desc, contract_id, work_type_id, id"
    _rec_name = "work_type_id"
    _check_company_auto = True

    contract_id = fields.Many2one("linserv.contract", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="contract_id.company_id", store=True, index=True)
    commercial_partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id", string="Customer", store=True, index=True
    )
    work_type_id = fields.Many2one("linserv.work.type", required=True, readonly=True, ondelete="restrict")
    instance_id = fields.Many2one("linserv.instance", readonly=True, ondelete="restrict")
    date_from = fields.Date("Year from", required=True, readonly=True)
    date_to = fields.Date("Year to", required=True, readonly=True)
    quota_limit = fields.Integer("Included", readonly=True, group_operator="sum")
    used = fields.Integer(readonly=True, help="Uses that count. One that was charged, or given back, does not.")
    left = fields.Integer(compute="_compute_left")
    percent = fields.Float("Used (%)", compute="_compute_left")
    use_ids = fields.One2many("linserv.quota.use", "quota_id", string="Uses")

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS linserv_quota_unique ON linserv_quota "
            "(contract_id, work_type_id, COALESCE(instance_id, 0), date_from)"
        )

    @api.depends("used", "quota_limit")
    def _compute_left(self):
        for quota in self:
            quota.left = max(0, quota.quota_limit - quota.used)
            quota.percent = min(100.0, 100.0 * quota.used / quota.quota_limit) if quota.quota_limit else 0.0

    def name_get(self):
        return [
            (
                quota.id,
                _(
                    "%(work)s, %(used)s of %(limit)s",
                    work=", ".join(filter(None, (quota.work_type_id.name, quota.instance_id.name))),
                    used=quota.used,
                    limit=quota.quota_limit,
                ),
            )
            for quota in self
        ]

    @api.model
    def _take(self, contract, work_type, instance, year):
        """Return the row of that year, made when it is missing, locked until the transaction ends.

        PostgreSQL lets the second of two transactions wait here, and refuses it when the first one used the row:
        Odoo then begins the second anew, which sees what the first did.
        """
        key = (contract.id, work_type.id, instance.id or None, year.date_from)
        self.flush()
        self.env.cr.execute(
            """
            INSERT INTO linserv_quota (contract_id, company_id, commercial_partner_id, work_type_id, instance_id,
                date_from, date_to, quota_limit, used, create_uid, create_date, write_uid, write_date)
            VALUES (%s, %s, %s, %s, %s, %s, %s, 0, 0, %s, now() at time zone 'UTC', %s, now() at time zone 'UTC')
            ON CONFLICT (contract_id, work_type_id, COALESCE(instance_id, 0), date_from) DO NOTHING
            """,
            [key[0], contract.company_id.id, contract.commercial_partner_id.id, *key[1:], year.date_to]
            + [self.env.uid] * 2,
        )
        self.env.cr.execute(
            "SELECT id FROM linserv_quota WHERE contract_id = %s AND work_type_id = %s "
            "AND COALESCE(instance_id, 0) = COALESCE(%s, 0) AND date_from = %s FOR UPDATE",
            key,
        )
        quota = self.browse(self.env.cr.fetchone()[0])
        quota.invalidate_cache()
        return quota

    def _refresh(self):
        """Count the uses that are in force; the quota must be locked."""
        for quota in self:
            counting = quota.use_ids.filtered(lambda use: use.state == "used" and not use.is_charged)
            quota.used = len(counting)
