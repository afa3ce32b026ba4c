from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

MEASURED = {"quantity", "date", "meter", "instance_id", "subscription_id", "evidence_model", "evidence_res_id"}


class LinservMeterReading(models.Model):
    """An approved quantity on a day: what metered services are billed on.

    Whoever approves a quantity writes the reading; nothing that is not approved becomes one. ``evidence_model`` and
    ``evidence_res_id`` name the record that proves it, see ``_evidence``.
    """

    _name = "linserv.meter.reading"
    _description = "Meter Reading"
    _order = "date desc, id desc"
    _check_company_auto = True

    subscription_id = fields.Many2one(
        "linserv.subscription",
        check_company=True,
        ondelete="cascade",
        index=True,
        help="For a meter of one subscription only; else the instance's reading counts for every metered service.",
    )
    instance_id = fields.Many2one("linserv.instance", check_company=True, ondelete="restrict", index=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        compute="_compute_partner_id",
        compute_sudo=True,
        store=True,
        help="Whose it was when it was measured. A reading is billed to nobody else.",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", string="Commercial entity", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, readonly=True
    )
    meter = fields.Char(required=True, index=True)
    date = fields.Date(required=True, default=fields.Date.context_today, index=True)
    quantity = fields.Float(required=True, digits="Product Unit of Measure")
    evidence_model = fields.Char(readonly=True)
    evidence_res_id = fields.Many2oneReference("Evidence", model_field="evidence_model", readonly=True)
    billed_period_ids = fields.One2many("linserv.billed.period", "reading_id", string="Billed periods")

    _sql_constraints = [
        ("quantity_positive", "CHECK (quantity >= 0)", "A meter reading cannot be negative."),
        (
            "evidence_unique",
            "unique (evidence_model, evidence_res_id, meter)",
            "There is a reading with this evidence already.",
        ),
    ]

    @api.depends("instance_id", "subscription_id")
    def _compute_partner_id(self):
        """An instance that is handed to another customer later leaves its readings with the one before."""
        for reading in self:
            reading.partner_id = (reading.instance_id or reading.subscription_id).partner_id

    @api.constrains("subscription_id", "instance_id")
    def _check_owner(self):
        for reading in self:
            if not (reading.subscription_id or reading.instance_id):
                raise ValidationError(_("A meter reading is of an instance or of a subscription."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("company_id"):
                owner = self.env["linserv.instance"].browse(vals.get("instance_id"))
                owner = owner or self.env["linserv.subscription"].browse(vals.get("subscription_id"))
                vals["company_id"] = owner.company_id.id or self.env.company.id
        readings = super().create(vals_list)
        readings._metered_subscriptions()._on_terms_changed()
        return readings

    def write(self, vals):
        if MEASURED & set(vals):
            self._check_not_billed()
        return super().write(vals)

    def unlink(self):
        self._check_not_billed()
        return super().unlink()

    def name_get(self):
        names = []
        for reading in self:
            owner = reading.instance_id.name or reading.subscription_id.display_name
            names.append((reading.id, "%s %s %s: %g" % (owner, reading.meter, reading.date, reading.quantity)))
        return names

    def action_view_evidence(self):
        """Open the record that proves the reading."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.evidence_model,
            "res_id": self.evidence_res_id,
            "view_mode": "form",
        }

    def _evidence(self):
        """Return the record that proves the reading, or None.

        Its model may implement ``_linserv_line_text(subscription, quantity) -> str`` for the invoice line, and
        ``_linserv_evidence_attachments(move, period) -> [{"name", "mimetype", "datas_bytes"}]``.
        """
        self.ensure_one()
        if self.evidence_model not in self.env:
            return None
        return self.env[self.evidence_model].browse(self.evidence_res_id).exists() or None

    def _metered_subscriptions(self):
        """Return the services that may be billed by these readings. sudo: whoever measures need not see contracts."""
        readings = self.sudo()
        meters = list(set(readings.mapped("meter")))
        of_instance = [("instance_id", "in", readings.instance_id.ids), ("service_id.meter", "in", meters)]
        return readings.subscription_id | readings.env["linserv.subscription"].search(of_instance)

    def _check_not_billed(self):
        periods = self.env["linserv.billed.period"].sudo().with_context(active_test=False)
        if periods.search_count([("reading_id", "in", self.ids)]):
            raise UserError(_("A reading that has been billed cannot change. Write a new reading instead."))
