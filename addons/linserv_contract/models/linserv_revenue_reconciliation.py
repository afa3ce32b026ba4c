from collections import defaultdict, namedtuple

from odoo import _, api, models
from odoo.tools import format_date

from ..domain import accruals, periods, reconcile, revenue
from ..domain.decimals import exact

LISTED = 1000  # services behind a difference: the largest

Line = namedtuple("Line", "key served currency balance dated")


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
        company = self.env.company
        posted = self.sudo()._recurring_lines(company, span)
        bridges = self.sudo()._bridges(company, span, posted)
        lines = self._prepare_bridge(bridges, span)
        lines += self._prepare_books(self.sudo()._books(company, span, posted), span)
        return {"month_label": self._month_label(first), "lines": lines}

    def _bridges(self, company, span, lines):
        """Return {subscription id: Bridge} of what was worth or invoiced something in the month."""
        invoiced, covered = self._invoiced(lines, span), self._covered(company, span)
        courses = self._courses(company, span, invoiced)
        rounding = exact(company.currency_id.rounding)
        return {
            key: reconcile.bridge(course, span, covered[key], invoiced[key], rounding)
            for key, course in courses.items()
            if key in invoiced or any(step.year for step in course.steps)
        }

    def _courses(self, company, span, invoiced):
        """Return {subscription id: Course} by the ledger of movements, from its value on the month's first day on."""
        self.env["linserv.subscription"].flush()
        self.env["linserv.contract"].flush()
        self.env.cr.execute(
            """SELECT sub.id, contract.date_start, sub.billing_interval, contract.billing_alignment,
                      sub.billing_timing, greatest(movement.date, %(first)s) AS day,
                      sum(movement.amount_year), min(movement.rate)
                 FROM linserv_subscription sub
                 JOIN linserv_contract contract ON contract.id = sub.contract_id
                 LEFT JOIN linserv_revenue_movement movement
                      ON movement.subscription_id = sub.id AND movement.date <= %(last)s
                WHERE sub.company_id = %(company)s AND sub.billing_interval != 'once'
                  AND (movement.id IS NOT NULL OR sub.id IN %(invoiced)s)
                GROUP BY sub.id, contract.id, day ORDER BY sub.id, day""",
            {
                "first": span.date_from,
                "last": span.date_to,
                "company": company.id,
                "invoiced": tuple(invoiced) or (0,),
            },
        )
        rows = defaultdict(list)
        for row in self.env.cr.fetchall():
            rows[row[0]].append(row)
        return {key: self._course(several) for key, several in rows.items()}

    @api.model
    def _course(self, rows):
        """Return the Course of one subscription's changes, in order."""
        _key, anchor, interval, alignment, timing, _day, _change, rate = rows[0]
        rhythm = periods.Rhythm(anchor, periods.INTERVAL_MONTHS[interval], alignment == "calendar", timing == "advance")
        steps, year = [], exact(0)
        for *_subscription, day, change, _rate in rows:
            if change:
                year += exact(change)
                steps.append(revenue.Step(day, year))
        return reconcile.Course(rhythm, tuple(steps), exact(rate or 1))

    def _recurring_lines(self, company, span):
        """Return the posted lines of recurring services for days of the month, or dated in it."""
        self.env["account.move.line"].flush()
        self.env.cr.execute(
            """SELECT line.linserv_subscription_id, line.linserv_date_from, line.linserv_date_to,
                      -line.amount_currency, -line.balance, line.date BETWEEN %(first)s AND %(last)s
                 FROM account_move_line line
                 JOIN linserv_subscription sub ON sub.id = line.linserv_subscription_id
                WHERE line.company_id = %(company)s AND line.parent_state = 'posted'
                  AND NOT coalesce(line.exclude_from_invoice_tab, FALSE)
                  AND sub.billing_interval != 'once' AND line.linserv_date_from IS NOT NULL
                  AND (line.date BETWEEN %(first)s AND %(last)s
                       OR line.linserv_date_from <= %(last)s AND line.linserv_date_to >= %(first)s)""",
            {"first": span.date_from, "last": span.date_to, "company": company.id},
        )
        return [
            Line(key, periods.Span(first, last), exact(currency), exact(balance), dated)
            for key, first, last, currency, balance, dated in self.env.cr.fetchall()
        ]

    def _invoiced(self, lines, span):
        """Return {subscription id: Invoiced} of the days of ``span`` on posted invoices of any date."""
        invoiced = defaultdict(reconcile.Invoiced)
        for line in lines:
            if line.served.clipped(span.date_from, span.date_to):
                known = invoiced[line.key]
                invoiced[line.key] = reconcile.Invoiced(
                    known.currency + accruals.share(line.currency, line.served, span),
                    known.company + accruals.share(line.balance, line.served, span),
                )
        return invoiced

    def _covered(self, company, span):
        """Return {subscription id: Covered} by the ledger of billed periods."""
        self.env["linserv.billed.period"].flush()
        self.env.cr.execute(
            """SELECT row.subscription_id, row.date_from, row.date_to,
                      CASE WHEN row.move_line_id IS NULL THEN 2 WHEN line.parent_state = 'posted' THEN 0 ELSE 1 END
                 FROM linserv_billed_period row
                 LEFT JOIN account_move_line line ON line.id = row.move_line_id
                WHERE row.active AND row.company_id = %s AND row.date_from <= %s AND row.date_to >= %s""",
            [company.id, span.date_to, span.date_from],
        )
        spans = defaultdict(lambda: ([], [], []))
        for key, first, last, kind in self.env.cr.fetchall():
            spans[key][kind].append(periods.Span(first, last))
        covered = defaultdict(reconcile.Covered)
        covered.update((key, reconcile.Covered(*map(tuple, kinds))) for key, kinds in spans.items())
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
            concerned = [key for key, bridge in bridges.items() if bridge.parts[part]]
            if concerned:
                amount = sum(bridges[key].parts[part] for key in concerned)
                concerned = sorted(concerned, key=lambda key: -abs(bridges[key].parts[part]))[:LISTED]
                lines.append(self._bridge_line(label, amount, "part", self._subscriptions_action(label, concerned)))
        end = _("Posted invoices for the days of %s", self._month_label(span.date_from))
        overlapping = [("linserv_date_from", "<=", span.date_to), ("linserv_date_to", ">=", span.date_from)]
        return [*lines, self._bridge_line(end, invoiced, "total", self._lines_action(end, overlapping))]

    def _books(self, company, span, lines):
        """Return (own days on other months' invoices, other days on this month's invoices, not recurring, posted)."""
        own = inside = outside = exact(0)
        for line in lines:
            share = accruals.share(line.balance, line.served, span)
            own += share
            if line.dated:
                inside += share
                outside += line.balance - share
        posted = self._posted(company, span)
        return own - inside, outside, posted - inside - outside, posted

    def _posted(self, company, span):
        """Return what is posted on the contracts' invoices dated in the month."""
        (group,) = self.env["account.move.line"].read_group(
            [
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
                ("exclude_from_invoice_tab", "=", False),
                ("move_id.linserv_contract_ids", "!=", False),
                ("date", ">=", span.date_from),
                ("date", "<=", span.date_to),
            ],
            ["balance"],
            [],
        )
        return -exact(group["balance"] or 0).quantize(exact(company.currency_id.rounding))

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

    def _subscriptions_action(self, name, keys):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "linserv.subscription",
            "views": [[False, "list"], [False, "form"]],
            "domain": [("id", "in", keys)],
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
