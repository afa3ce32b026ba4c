from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..domain import price_index, states
from .linserv_contract_billing import decimal


class LinservPriceRun(models.Model):
    """New prices for many services at once: by a percentage or an index, with a letter to each customer first."""

    _name = "linserv.price.run"
    _description = "Price Run"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_effective desc, id desc"
    _check_company_auto = True

    name = fields.Char(required=True, copy=False, default="/")
    state = fields.Selection(
        [("draft", "Draft"), ("notified", "Customers told"), ("applied", "Prices set"), ("cancelled", "Cancelled")],
        required=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one("res.users", string="Responsible", default=lambda self: self.env.user, tracking=True)
    date_effective = fields.Date("New prices from", required=True, tracking=True)
    method = fields.Selection(
        [("percent", "A percentage"), ("index", "An index series")], required=True, default="percent", tracking=True
    )
    percent = fields.Float("Change (%)", digits=(16, 4), tracking=True)
    index_id = fields.Many2one("linserv.price.index", ondelete="restrict", tracking=True)
    base_value_id = fields.Many2one(
        "linserv.price.index.value",
        string="From",
        ondelete="restrict",
        domain="[('index_id', '=', index_id)]",
        tracking=True,
        help="Where a price starts from that no price run has set yet. A price that followed this index before "
        "starts from the value it came to.",
    )
    target_value_id = fields.Many2one(
        "linserv.price.index.value",
        string="To",
        ondelete="restrict",
        domain="[('index_id', '=', index_id)]",
        tracking=True,
    )
    share = fields.Float("Share of the index (%)", default=100.0, help="How much of the index' change counts.")
    cap_percent = fields.Float("At most (%)", help="Largest change in percent. 0: no limit.")
    allow_decrease = fields.Boolean("Prices may fall", help="Else a falling index leaves prices as they are.")
    price_step = fields.Float("Round to", default=0.01, digits=(16, 4), help="1 rounds new prices to whole kronor.")
    whole_periods = fields.Boolean(
        "From a whole period",
        default=True,
        help="The new price begins with the first service period that begins on or after the day and is not invoiced "
        "yet. Else it begins on the very day, and periods already invoiced are adjusted.",
    )
    notice_months = fields.Integer(
        "Told ahead (months)", default=1, help="Letters go out this long before the new prices."
    )
    min_months = fields.Integer(
        "Leave alone prices younger than (months)",
        default=12,
        help="A price that has held for a shorter time is left out. 0: no price is too young.",
    )
    contract_ids = fields.Many2many(
        "linserv.contract",
        domain="[('company_id', '=', company_id), ('state', '=', 'active')]",
        check_company=True,
        help="Empty: every contract in force.",
    )
    service_ids = fields.Many2many("linserv.service", string="Services", help="Empty: every service.")
    without_letter = fields.Boolean(
        "Customers told otherwise", help="Set the prices without letters: the customers have agreed in another way."
    )
    letter_text = fields.Text(
        help="Written in the letter after the greeting, in the customers' language. Empty: the usual words."
    )
    line_ids = fields.One2many("linserv.price.run.line", "run_id", string="Services and prices", copy=False)
    letter_ids = fields.One2many("linserv.price.letter", "run_id", string="Letters", copy=False)
    date_letter_latest = fields.Date("Letters at the latest", compute="_compute_date_letter_latest")
    included_count = fields.Integer("Services", compute="_compute_totals")
    left_out_count = fields.Integer("Left out", compute="_compute_totals")
    letter_count = fields.Integer("Letters made", compute="_compute_letter_count")
    letter_open_count = fields.Integer("Letters to see to", compute="_compute_letter_count")
    amount_year = fields.Monetary(
        "More a year", compute="_compute_totals", help="Excluding VAT, at today's quantities."
    )

    _sql_constraints = [
        ("months_positive", "CHECK (notice_months >= 0 AND min_months >= 0)", "Months cannot be negative."),
        ("step_positive", "CHECK (price_step > 0)", "Prices are rounded to something above zero."),
        ("share_positive", "CHECK (share > 0 AND cap_percent >= 0)", "Share and limit cannot be negative."),
    ]

    @api.depends("date_effective", "notice_months")
    def _compute_date_letter_latest(self):
        for run in self:
            day = run.date_effective
            run.date_letter_latest = day and price_index.latest_letter(day, run.notice_months)

    @api.depends("line_ids.included", "line_ids.amount_year")
    def _compute_totals(self):
        for run in self:
            included = run.line_ids.filtered("included")
            run.included_count = len(included)
            run.left_out_count = len(run.line_ids) - len(included)
            run.amount_year = sum(included.mapped("amount_year_company"))

    @api.depends("letter_ids.state")
    def _compute_letter_count(self):
        for run in self:
            run.letter_count = len(run.letter_ids)
            run.letter_open_count = len(run.letter_ids.filtered(lambda letter: letter.state not in ("sent", "posted")))

    @api.onchange("index_id")
    def _onchange_index_id(self):
        values = self.index_id.value_ids.sorted("date")
        self.base_value_id, self.target_value_id = values[-2:-1], values[-1:]

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
                vals["name"] = self.env["ir.sequence"].with_company(company).next_by_code("linserv.price.run")
        return super().create(vals_list)

    def unlink(self):
        if self.filtered(lambda run: run.state in ("notified", "applied")):
            raise UserError(_("Customers have been told: the run is kept. Cancel it instead."))
        return super().unlink()

    def action_preview(self):
        """Work out the new prices again. Writes nothing but the lines of the run."""
        for run in self:
            run._check_state("draft", _("The customers of %s have been told: its prices stand.", run.name))
            run._check_method()
            run.line_ids.unlink()
            vals = [subscription._index_line_vals(run) for subscription in run._subscriptions()]
            self.env["linserv.price.run.line"].create(vals)
        return True

    def action_apply(self):
        """Set the new prices from their days. A second time changes nothing."""
        for run in self:
            if run.state == "applied":
                continue
            if run.state == "draft" and not run.without_letter:
                raise UserError(_("Send the letters first, or tick that the customers have been told otherwise."))
            if run.letter_open_count:
                raise UserError(
                    _("%s letters have not gone out yet: send or print and post them first.", run.letter_open_count)
                )
            run._check_transition("applied")
            run.line_ids.filtered("included")._apply()
            run.state = "applied"
        return True

    def action_undo(self):
        """Take the new prices back before they hold, and tell the customers who had a letter."""
        for run in self.filtered(lambda run: run.state == "applied"):
            run._check_not_begun()
            run.line_ids.later_price_ids._restore()
            run.line_ids.price_id.unlink()
        return self.action_cancel()

    def action_cancel(self):
        """Cancel the run; customers who had a letter get one that says so."""
        for run in self:
            if run.line_ids.price_id:
                raise UserError(_("The prices of %s are set: undo them first.", run.name))
            run._check_transition("cancelled")
            run.state = "cancelled"
            run.letter_ids._withdraw()
        return True

    def action_view_lines(self):
        """Show the services of the run on a page of their own."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_contract.linserv_price_run_line_action")
        return dict(action, domain=[("run_id", "=", self.id)], context={"search_default_included": 1})

    def _subscriptions(self):
        domain = [
            ("company_id", "=", self.company_id.id),
            ("state", "=", "active"),
            ("contract_id.state", "=", "active"),
            ("contract_id.active", "=", True),
        ]
        if self.contract_ids:
            domain.append(("contract_id", "in", self.contract_ids.ids))
        if self.service_ids:
            domain.append(("service_id", "in", self.service_ids.ids))
        return self.env["linserv.subscription"].search(domain)

    def _base_value(self, version):
        """Return the index value a price starts from: what it came to last, else the run's."""
        if self.method != "index":
            return self.env["linserv.price.index.value"]
        last = version.index_value_id
        return last if last.index_id == self.index_id else self.base_value_id

    def _adjustment(self, base):
        index = self.method == "index"
        return price_index.Adjustment(
            percent=None if index else decimal(self.percent),
            base=decimal(base.value) if index else None,
            target=decimal(self.target_value_id.value) if index else None,
            share=decimal(self.share),
            cap=decimal(self.cap_percent) if self.cap_percent else None,
            allow_decrease=self.allow_decrease,
            step=decimal(self.price_step),
        )

    def _check_method(self):
        if self.method == "percent" and not self.percent:
            raise UserError(_("Write by how many percent the prices change."))
        if self.method == "index" and not (self.base_value_id and self.target_value_id):
            raise UserError(_("Choose the index and the values it goes from and to."))

    def _check_not_begun(self):
        today = fields.Date.context_today(self)
        begun = self.line_ids.filtered(lambda line: line.price_id and line.date_from <= today)
        if begun:
            raise UserError(
                _(
                    "New prices hold since %(day)s (%(service)s): they can no longer be undone. Make a new price run.",
                    day=min(begun.mapped("date_from")),
                    service=begun[0].subscription_id.display_name,
                )
            )

    def _check_state(self, state, message):
        if self.state != state:
            raise UserError(message)

    def _check_transition(self, target):
        if not states.is_allowed(price_index.RUN_STATES, self.state, target):
            raise UserError(_("%s cannot do that now: reload the page to see where it stands.", self.name))
