from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import date_utils, formatLang

from ..domain import agreement, comparison, periods, states


def decimal(number):
    """Return the exact decimal that a stored number shows."""
    return Decimal(str(number))


class LinservBillingRunLine(models.Model):
    _inherit = "linserv.billing.run.line"

    difference_ids = fields.One2many("linserv.billing.difference", "line_id", string="Differences", readonly=True)
    amount_before = fields.Monetary("Last month", readonly=True, help="Billed last month, excluding VAT.")
    amount_month = fields.Monetary("This month", readonly=True, help="Already billed this month, and this run.")
    amount_difference = fields.Monetary("Difference", compute="_compute_difference")
    difference_text = fields.Text("Reasons", compute="_compute_difference")

    @api.depends("amount_before", "amount_month", "difference_ids.amount")
    def _compute_difference(self):
        labels = dict(self.env["linserv.billing.difference"]._fields["reason"]._description_selection(self.env))
        for line in self:
            line.amount_difference = line.amount_month - line.amount_before
            line.difference_text = "\n".join(
                "%s: %s %s"
                % (
                    difference.subscription_id.sudo()._short_name(),
                    labels[difference.reason],
                    formatLang(self.env, difference.amount, currency_obj=difference.currency_id),
                )
                for difference in line.difference_ids
            )

    def _compare(self, plans):
        """Write on these lines, and as rows, how what ``plans`` bill differs from last month, and why."""
        before, after = self._items_of_month(-1), self._items_of_month(0)
        self._prefetch_versions(plans)
        vals_list = []
        for line in self:
            plan, contract = plans[line], line.contract_id
            planned = [] if line.state == "failed" else [line._plan_item(charge) for charge in plan.charges]
            old, new = before[contract], after[contract] + planned
            facts = line._prepare_facts(plan, new)
            # sudo: lines are written by the run alone.
            line.sudo().write({"amount_before": _total(old), "amount_month": _total(new)})
            for each in comparison.differences(old, new, facts):
                vals_list.append(line._prepare_difference_vals(each))
        self._replace_differences(vals_list)

    def _prefetch_versions(self, plans):
        """Read at once what the planned charges' price versions came from."""
        keys = {charge.version_key for plan in plans.values() for charge in plan.charges}
        versions = self.env["linserv.subscription.price"].sudo().browse(sorted(key for key in keys if key))
        versions.mapped("price_run_line_ids")

    def _replace_differences(self, vals_list):
        """Write the rows anew where they are others than before: most previews find what the last one found."""
        differences = self.sudo().difference_ids
        known = [
            (each.line_id.id, each.subscription_id.id, each.reason, each.amount) for each in differences.sorted("id")
        ]
        wanted = [(vals["line_id"], vals["subscription_id"], vals["reason"], vals["amount"]) for vals in vals_list]
        if known != wanted:
            differences.unlink()
            differences.create(vals_list)

    def _prepare_difference_vals(self, difference):
        return {
            "line_id": self.id,
            "subscription_id": difference.key,
            "reason": difference.reason,
            "amount": self._in_company_currency(float(difference.amount)),
        }

    def _items_of_month(self, months):
        """Return {contract: [Item]} of what the ledger says was billed in the run's month, or ``months`` from it."""
        first, last = self.run_id._month(months)
        rows = (
            self.env["linserv.billed.period"]
            .sudo()
            .search(
                [
                    ("contract_id", "in", self.contract_id.ids),
                    ("move_line_id.move_id.invoice_date", ">=", first),
                    ("move_line_id.move_id.invoice_date", "<=", last),
                ]
            )
        )
        items = defaultdict(list)
        for row in rows:
            items[row.contract_id].append(row._prepare_item())
        return items

    def _plan_item(self, charge):
        version = self.env["linserv.subscription.price"].sudo().browse(charge.version_key)
        return comparison.Item(
            key=charge.key,
            date_from=charge.served.date_from,
            share=Decimal(charge.served.days) / charge.whole.days,
            quantity=charge.quantity,
            price_unit=charge.price_unit,
            amount=charge.amount,
            kind=charge.kind,
            indexed=version._is_indexed(),
        )

    def _prepare_facts(self, plan, items):
        """Return {subscription id: Facts} of this line's contract. sudo: the plan's keys are not the reader's."""
        held = {hold.key for hold in plan.holds} if self.state != "failed" else set(self._subscriptions().ids)
        first = self.run_id._month(0)[0]
        billed = self.env["linserv.billed.period"].sudo().with_context(active_test=False)
        earlier = billed.search(
            [("contract_id", "=", self.contract_id.id), ("move_line_id.move_id.invoice_date", "<", first)]
        )
        return {
            subscription.id: comparison.Facts(
                months=periods.INTERVAL_MONTHS.get(subscription.billing_interval, 1),
                billed_before=subscription in earlier.subscription_id,
                ended=subscription.state != "active" or bool(subscription.date_end),
                held=subscription.id in held,
                paused=subscription._is_paused_on(self.run_id.date),
                discounted=subscription._is_discounted(),
            )
            for subscription in self._subscriptions()
        }

    def _subscriptions(self):
        subscriptions = self.contract_id.sudo().with_context(active_test=False).subscription_ids
        return subscriptions.filtered(lambda sub: sub.state in states.BILLABLE)


class LinservBilledPeriod(models.Model):
    _inherit = "linserv.billed.period"

    def _prepare_item(self):
        """Return this row as the comparison sees it."""
        self.ensure_one()
        whole = self.subscription_id._whole_period(self.date_from)
        return comparison.Item(
            key=self.subscription_id.id,
            date_from=self.date_from,
            share=Decimal((self.date_to - self.date_from).days + 1) / whole.days,
            quantity=decimal(self.quantity),
            price_unit=decimal(self.price_unit),
            amount=decimal(self.amount),
            kind=self._comparison_kind(),
            indexed=self.price_id._is_indexed(),
        )

    def _comparison_kind(self):
        if self.layer:
            return agreement.ADJUSTMENT
        return agreement.ONCE if self.subscription_id.billing_interval == "once" else agreement.PERIOD


class LinservBillingRun(models.Model):
    _inherit = "linserv.billing.run"

    difference_ids = fields.One2many("linserv.billing.difference", "run_id", string="Differences", readonly=True)
    amount_before = fields.Monetary("Last month", compute="_compute_comparison")
    amount_difference = fields.Monetary("Difference", compute="_compute_comparison")
    difference_summary = fields.Text("Why it differs from last month", compute="_compute_comparison")

    @api.depends("line_ids.amount_before", "difference_ids.amount")
    def _compute_comparison(self):
        for run in self:
            run.amount_before = sum(line._in_company_currency(line.amount_before) for line in run.line_ids)
            run.amount_difference = sum(run.difference_ids.mapped("amount"))
            run.difference_summary = run._describe_differences()

    def action_view_differences(self):
        """Analyse the differences by reason, customer and contract."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_contract.linserv_billing_difference_action")
        return dict(action, domain=[("run_id", "=", self.id)])

    def _describe_differences(self):
        labels = dict(self.env["linserv.billing.difference"]._fields["reason"]._description_selection(self.env))
        totals = defaultdict(float)
        for difference in self.difference_ids:
            totals[difference.reason] += difference.amount
        money = lambda number: formatLang(self.env, number, currency_obj=self.currency_id)  # noqa: E731
        return "\n".join("%s: %s" % (labels[reason], money(totals[reason])) for reason in labels if totals[reason])

    def _month(self, months):
        """Return the first and last day of the calendar month of the invoices, ``months`` from it."""
        day = periods.add_months(date_utils.start_of(self.invoice_date or self.date, "month"), months)
        return day, date_utils.end_of(day, "month")

    def _contracts_to_compare(self):
        """Return the contracts that were billed last month, due or not."""
        first, last = self._month(-1)
        domain = [
            ("company_id", "=", self.company_id.id),
            ("move_line_id.move_id.invoice_date", ">=", first),
            ("move_line_id.move_id.invoice_date", "<=", last),
        ]
        chosen = self.with_context(active_test=False).contract_ids
        if chosen:
            domain.append(("contract_id", "in", chosen.ids))
        # sudo: what a contract was billed is compared whoever makes the run; one row a contract, not one a period.
        groups = self.env["linserv.billed.period"].sudo().read_group(domain, ["contract_id"], ["contract_id"])
        return self.env["linserv.contract"].browse([group["contract_id"][0] for group in groups])


def _total(items):
    return float(sum((item.amount for item in items), Decimal(0)))
