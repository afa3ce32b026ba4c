from collections import defaultdict

from odoo import _, api, models
from odoo.tools import format_date

from ..domain import accruals, periods, reconcile
from ..domain.decimals import exact


class LinservRevenueDashboard(models.AbstractModel):
    """Recurring revenue of a month against the posted invoices, with each difference explained. Rule 85."""

    _inherit = "linserv.revenue.dashboard"

    @api.model
    def get_reconciliation(self, month=None):
        """Return the lines from the recurring revenue of the month's last day to what is posted in the month.

        sudo: the sums are shown to whoever may read the ledger of movements; the lists behind them ask again.
        """
        self.env["linserv.revenue.movement"].check_access_rights("read")
        first, _as_of = self._period(month)
        span = periods.Span(first, accruals.month_end(first))
        company = self.sudo().env.company
        bridges = self.sudo()._bridges(company, span)
        lines = self._prepare_bridge(bridges, span) + self._prepare_books(self.sudo()._books(company, span), span)
        return {"month_label": self._month_label(first), "lines": lines}

    def _bridges(self, company, span):
        """Return {subscription: Bridge} of what was in force or invoiced in the month."""
        contracts = self.env["linserv.contract"].search([("company_id", "=", company.id)])
        invoiced, covered = self._invoiced(company, span), self._covered(company, span)
        _recorded, rates = contracts.subscription_ids._recorded_revenue()
        bridges = {}
        for terms in (each for several in contracts._prepare_terms().values() for each in several):
            subscription = self.env["linserv.subscription"].browse(terms.key)
            over = terms.date_end and terms.date_end < span.date_from
            if terms.rhythm.once or ((over or terms.date_start > span.date_to) and terms.key not in invoiced):
                continue
            rate = rates.get(terms.key) or subscription._revenue_rate()
            rounding = exact(company.currency_id.rounding)
            bridges[subscription] = reconcile.bridge(
                terms, span, covered[terms.key], invoiced[terms.key], rate, rounding
            )
        return bridges

    def _recurring_lines(self, company, domain):
        return self.env["account.move.line"].search(
            [
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
                ("exclude_from_invoice_tab", "=", False),
                ("linserv_subscription_id", "!=", False),
                ("linserv_subscription_id.billing_interval", "!=", "once"),
                ("linserv_date_from", "!=", False),
                *domain,
            ]
        )

    def _invoiced(self, company, span):
        """Return {subscription id: Invoiced} of the days of ``span`` on posted invoices of any date."""
        invoiced = defaultdict(reconcile.Invoiced)
        overlapping = [("linserv_date_from", "<=", span.date_to), ("linserv_date_to", ">=", span.date_from)]
        for line in self._recurring_lines(company, overlapping):
            served = periods.Span(line.linserv_date_from, line.linserv_date_to)
            known = invoiced[line.linserv_subscription_id.id]
            invoiced[line.linserv_subscription_id.id] = reconcile.Invoiced(
                known.currency + accruals.share(-exact(line.amount_currency), served, span),
                known.company + accruals.share(-exact(line.balance), served, span),
            )
        return invoiced

    def _covered(self, company, span):
        """Return {subscription id: Covered} by the ledger of billed periods."""
        rows = self.env["linserv.billed.period"].search(
            [
                ("company_id", "=", company.id),
                ("date_from", "<=", span.date_to),
                ("date_to", ">=", span.date_from),
            ]
        )
        spans = defaultdict(lambda: {"posted": [], "draft": [], "elsewhere": []})
        for row in rows:
            state = row.move_line_id.parent_state if row.move_line_id else "elsewhere"
            spans[row.subscription_id.id]["draft" if state not in ("posted", "elsewhere") else state].append(
                periods.Span(row.date_from, row.date_to)
            )
        covered = defaultdict(reconcile.Covered)
        for key, kinds in spans.items():
            covered[key] = reconcile.Covered(*(tuple(kinds[kind]) for kind in ("posted", "draft", "elsewhere")))
        return covered

    def _prepare_bridge(self, bridges, span):
        labels = {
            reconcile.CHANGES: _("Began, ended or changed inside the month"),
            reconcile.UNBILLED: _("Not invoiced yet"),
            reconcile.DRAFT: _("On draft invoices"),
            reconcile.ELSEWHERE: _("Billed elsewhere before"),
            reconcile.LENGTH: _("Periods of more or fewer days than an even month"),
            reconcile.AMOUNTS: _("Quantities measured later, credits and corrections"),
            reconcile.EXCHANGE: _("Exchange rate of the invoices"),
        }
        closing = sum(bridge.closing for bridge in bridges.values())
        invoiced = sum(bridge.invoiced for bridge in bridges.values())
        start = _("Recurring revenue on %s", format_date(self.env, span.date_to))
        lines = [self._bridge_line(start, closing, "total", self._report_action(span.date_from))]
        for part, label in labels.items():
            concerned = [subscription for subscription, bridge in bridges.items() if bridge.parts[part]]
            if concerned:
                amount = sum(bridges[subscription].parts[part] for subscription in concerned)
                lines.append(self._bridge_line(label, amount, "part", self._subscriptions_action(label, concerned)))
        end = _("Posted invoices for the days of %s", self._month_label(span.date_from))
        overlapping = [("linserv_date_from", "<=", span.date_to), ("linserv_date_to", ">=", span.date_from)]
        return [*lines, self._bridge_line(end, invoiced, "total", self._lines_action(end, overlapping))]

    def _books(self, company, span):
        """Return (own days on other months' invoices, other days on this month's invoices, not recurring, posted)."""
        dated = [("date", ">=", span.date_from), ("date", "<=", span.date_to)]
        overlapping = [("linserv_date_from", "<=", span.date_to), ("linserv_date_to", ">=", span.date_from)]
        inside = outside = exact(0)
        for line in self._recurring_lines(company, dated):
            inside += self._share_of(line, span)
            outside += -exact(line.balance) - self._share_of(line, span)
        own = sum((self._share_of(line, span) for line in self._recurring_lines(company, overlapping)), exact(0))
        posted = -exact(sum(self._contract_lines(company, dated).mapped("balance")))
        posted = posted.quantize(exact(company.currency_id.rounding))
        return own - inside, outside, posted - inside - outside, posted

    @api.model
    def _share_of(self, line, span):
        served = periods.Span(line.linserv_date_from, line.linserv_date_to)
        return accruals.share(-exact(line.balance), served, span)

    def _contract_lines(self, company, domain):
        return self.env["account.move.line"].search(
            [
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
                ("exclude_from_invoice_tab", "=", False),
                ("move_id.linserv_contract_ids", "!=", False),
                *domain,
            ]
        )

    def _prepare_books(self, books, span):
        elsewhere, outside, other, posted = books
        dated = [("date", ">=", span.date_from), ("date", "<=", span.date_to)]
        month = self._month_label(span.date_from)
        end = _("Posted on contract invoices dated in %s", month)
        parts = (
            (_("Of which on invoices of other months"), -elsewhere),
            (_("For the days of other months"), outside),
            (_("One-off charges and lines added by hand"), other),
        )
        lines = [
            self._bridge_line(label, amount, "part", self._lines_action(label, dated))
            for label, amount in parts
            if amount
        ]
        return [*lines, self._bridge_line(end, posted, "total", self._lines_action(end, dated, recurring=False))]

    def _bridge_line(self, label, amount, kind, action):
        return {
            "label": label,
            "kind": kind,
            "amount": float(amount),
            "value": self._money(amount, sign=kind == "part", digits=2),
            "action": action,
        }

    def _subscriptions_action(self, name, subscriptions):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "linserv.subscription",
            "views": [[False, "list"], [False, "form"]],
            "domain": [("id", "in", [subscription.id for subscription in subscriptions])],
            "context": {"create": False},
            "target": "current",
        }

    def _lines_action(self, name, domain, recurring=True):
        """Return an action that lists the invoice lines, False for who has no right on them."""
        if not self.env["account.move.line"].check_access_rights("read", raise_exception=False):
            return False
        concerned = (
            ("linserv_subscription_id", "!=", False) if recurring else ("move_id.linserv_contract_ids", "!=", False)
        )
        plain = [tuple(str(v) if hasattr(v, "year") else v for v in leaf) for leaf in domain]
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "account.move.line",
            "views": [[False, "list"], [False, "pivot"]],
            "domain": [
                ("company_id", "=", self.env.company.id),
                ("parent_state", "=", "posted"),
                ("exclude_from_invoice_tab", "=", False),
                concerned,
                *plain,
            ],
            "context": {"create": False},
            "target": "current",
        }
