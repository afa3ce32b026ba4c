from itertools import accumulate

from psycopg2 import sql

from odoo import _, api, fields, models
from odoo.tools import format_date, formatLang

from ..domain import accruals, periods, retention
from ..domain.decimals import exact
from ..domain.revenue import KINDS, MOVED

MONTHS_BACK = 12
ROWS_SHOWN = 8
DIMENSIONS = (
    ("service_id", "linserv.service"),
    ("commercial_partner_id", "res.partner"),
    ("user_id", "res.users"),
)


class LinservRevenueDashboard(models.AbstractModel):
    """What the page of recurring revenue shows: numbers ready to read, each with the list behind it.

    Everything is of the current company, and only for who may read the ledger of movements.
    """

    _name = "linserv.revenue.dashboard"
    _description = "Recurring Revenue Dashboard"

    @api.model
    def get_figures(self, month=None):
        """Return the page of a month ("2026-10", by default the current one) as plain values."""
        self.env["linserv.revenue.movement"].check_access_rights("read")
        self.env["linserv.revenue.movement"].flush()
        first, as_of = self._period(month)
        rows = self._rows(as_of)
        if not self._has_movements():
            return {"empty": True, "can_create": self._can_create()}
        history = retention.months(rows, periods.add_months(first, -MONTHS_BACK + 1), first)
        return {
            "empty": False,
            **self._prepare_head(first, as_of),
            "cards": self._prepare_cards(rows, history[-1], first, as_of),
            "history": self._prepare_history(history),
            "forecast": self._prepare_forecast(),
            "tables": [self._prepare_table(name, model, first, as_of) for name, model in DIMENSIONS],
            "cohorts": self._prepare_cohorts(rows, first),
        }

    def _period(self, month):
        """Return the first day of the month and the day that its figures are of."""
        today = fields.Date.context_today(self)
        first = fields.Date.to_date(month + "-01") if month else today.replace(day=1)
        return first, min(accruals.month_end(first), max(today, first))

    def _has_movements(self):
        return bool(self.env["linserv.revenue.movement"].search([("company_id", "=", self.env.company.id)], limit=1))

    def _can_create(self):
        return self.env["linserv.contract"].check_access_rights("create", raise_exception=False)

    def _rows(self, as_of):
        """Return the customers' movements up to ``as_of``, by month and kind.

        Companies between which services were handed over count as one customer (rule 84).
        """
        self.env.cr.execute(
            """SELECT commercial_partner_id, date_trunc('month', date)::date, kind, sum(amount)
                 FROM linserv_revenue_movement WHERE company_id = %s AND date <= %s
                GROUP BY 1, 2, 3 HAVING sum(amount) <> 0 ORDER BY 2""",
            [self.env.company.id, as_of],
        )
        found = self.env.cr.fetchall()
        one = retention.groups(self._handed_over())
        return [
            retention.Row(one.get(customer, customer), month, kind, exact(amount))
            for customer, month, kind, amount in found
        ]

    def _handed_over(self):
        """Return the pairs of customers between which services were handed over."""
        self.env["linserv.subscription"].flush(["continued_from_id", "commercial_partner_id"])
        self.env.cr.execute(
            """SELECT DISTINCT old.commercial_partner_id, new.commercial_partner_id
                 FROM linserv_subscription new
                 JOIN linserv_subscription old ON old.id = new.continued_from_id
                WHERE new.company_id = %s""",
            [self.env.company.id],
        )
        return self.env.cr.fetchall()

    def _prepare_head(self, first, as_of):
        today = fields.Date.context_today(self)
        following = periods.add_months(first, 1)
        return {
            "month": first.strftime("%Y-%m"),
            "month_label": self._month_label(first),
            "as_of": format_date(self.env, as_of),
            "previous": periods.add_months(first, -1).strftime("%Y-%m"),
            "next": following.strftime("%Y-%m") if following <= today else False,
            "company": self.env.company.name,
            "currency": self.env.company.currency_id.name,
        }

    def _prepare_cards(self, rows, figures, first, as_of):
        """Return the key figures as [{key, label, value, hint, action}]."""
        days = [("date", ">=", first), ("date", "<=", as_of)]
        actions = {
            "change": self._movements_action(_("Movements of recurring revenue"), days),
            "churn": self._movements_action(_("Lost in the month"), [*days, ("kind", "=", "churn")]),
        }
        now = self._report_action(first)
        texts = {**self._describe_month(figures), **self._describe_retention(rows, first)}
        return [
            {"key": key, "label": label, "value": value, "hint": hint, "action": actions.get(key, now)}
            for key, (label, value, hint) in texts.items()
        ]

    def _describe_month(self, figures):
        """Return {key: (label, value, hint)} of the month itself."""
        change = figures.closing - figures.opening
        comings = _("%(new)s new, %(lost)s lost", new=figures.customers_new, lost=figures.customers_lost)
        less = _("%s with what was bought less", self._percent(figures.loss_rate))
        of_opening = self._percent_of(change, figures.opening)
        return {
            "mrr": (_("Recurring revenue a month"), self._money(figures.closing), _("MRR, excl. VAT")),
            "arr": (_("Recurring revenue a year"), self._money(figures.closing * 12), _("ARR, excl. VAT")),
            "change": (_("Change in the month"), self._money(change, sign=True), of_opening),
            "customers": (_("Customers"), str(figures.customers_closing), comings),
            "churn": (_("Lost in the month"), self._percent(figures.churn_rate), less),
        }

    def _describe_retention(self, rows, first):
        """Return {key: (label, value, hint)} of what became of the customers of a year ago."""
        year_ago = periods.add_months(first, -MONTHS_BACK)
        kept = retention.retention(retention.levels_at(rows, year_ago), retention.levels_at(rows, first))
        hint = _("of the customers of %s", self._month_label(year_ago))
        return {
            "net": (_("Kept and grown in 12 months"), self._percent(kept.net), hint),
            "gross": (_("Kept in 12 months"), self._percent(kept.gross), hint),
            "kept": (_("Customers kept in 12 months"), self._percent(kept.customers), hint),
        }

    def _prepare_history(self, history):
        """Return the months that were. What was handed over adds up to nothing and is left out then."""
        kinds = [kind for kind in KINDS if kind != MOVED or any(each.kinds[kind] for each in history)]
        labels = dict(self.env["linserv.revenue.movement"]._fields["kind"]._description_selection(self.env))
        return {
            "labels": [self._month_label(each.month, "MMM yy") for each in history],
            "months": [each.month.strftime("%Y-%m") for each in history],
            "levels": [float(each.closing) for each in history],
            "kinds": [
                {"key": kind, "label": labels[kind], "values": [float(each.kinds[kind]) for each in history]}
                for kind in kinds
            ],
            "rows": [self._prepare_history_row(each, kinds) for each in history],
        }

    def _prepare_history_row(self, figures, kinds):
        first, changes = figures.month, [figures.kinds[kind] for kind in kinds]
        domain = [("date", ">=", first), ("date", "<=", accruals.month_end(first))]
        return {
            "label": self._month_label(first),
            "values": [self._money(amount) for amount in (figures.opening, *changes, figures.closing)],
            "action": self._movements_action(self._month_label(first), domain),
        }

    def _prepare_forecast(self):
        """Return the revenue of the current month and the 12 that follow, by service, as agreed today."""
        first = fields.Date.context_today(self).replace(day=1)
        months = [periods.add_months(first, number) for number in range(MONTHS_BACK + 1)]
        services = [(name, values) for name, values in self._levels_by_service(months) if any(values)]
        totals = [sum(amounts, exact(0)) for amounts in zip(*(values for _name, values in services))]
        return {
            "labels": [self._month_label(month, "MMM yy") for month in months],
            "services": [{"label": name, "values": [float(value) for value in values]} for name, values in services],
            "totals": [self._money(total) for total in totals or [exact(0)] * len(months)],
            "actions": [self._report_action(month) for month in months],
        }

    def _levels_by_service(self, months):
        """Return [(name, [revenue at the end of each month])], in the services' order."""
        self.env.cr.execute(
            """SELECT service_id, greatest(date_trunc('month', date)::date, %s), sum(amount)
                 FROM linserv_revenue_movement WHERE company_id = %s AND date < %s GROUP BY 1, 2""",
            [months[0], self.env.company.id, periods.add_months(months[-1], 1)],
        )
        changes = {}
        for key, month, amount in self.env.cr.fetchall():
            changes.setdefault(key, {})[month] = exact(amount or 0)
        # sudo: the names of what the sums are of.
        services = self.env["linserv.service"].sudo().with_context(active_test=False)
        return [
            (service.name, list(accumulate(changes[service.id].get(month, exact(0)) for month in months)))
            for service in services.search([("id", "in", list(changes))])
        ]

    def _prepare_table(self, name, model, first, as_of):
        found = self._sums_by(name, first, as_of)
        names = dict(self.env[model].sudo().browse([key for key, _a, _c in found if key]).name_get())
        total = sum(amount for _key, amount, _change in found)
        return {
            "key": name,
            "title": self.env["linserv.revenue.movement"]._fields[name]._description_string(self.env),
            "rows": [
                self._prepare_table_row((name, key, names.get(key)), amount, change, total, first)
                for key, amount, change in found[:ROWS_SHOWN]
            ],
            "more": self._report_action(first, group=name) if len(found) > ROWS_SHOWN else False,
            "more_count": max(len(found) - ROWS_SHOWN, 0),
        }

    def _sums_by(self, name, first, as_of):
        """Return [(id, revenue on ``as_of``, change since ``first``)], the largest first."""
        query = """
            SELECT {name}, sum(amount), sum(amount) FILTER (WHERE date >= %(first)s)
              FROM linserv_revenue_movement WHERE company_id = %(company)s AND date <= %(as_of)s
             GROUP BY 1
            HAVING sum(amount) <> 0 OR sum(amount) FILTER (WHERE date >= %(first)s) <> 0
             ORDER BY 2 DESC
        """
        values = {"first": first, "as_of": as_of, "company": self.env.company.id}
        self.env.cr.execute(sql.SQL(query).format(name=sql.Identifier(name)), values)
        return self.env.cr.fetchall()

    def _prepare_table_row(self, what, amount, change, total, first):
        name, key, label = what
        return {
            "label": label or _("Nobody"),
            "value": self._money(exact(amount)),
            "share": self._percent(exact(amount) / exact(total)) if total else "",
            "change": self._money(exact(change), sign=True) if change else "",
            "down": (change or 0) < 0,
            "action": self._report_action(first, [(name, "=", key or False)]),
        }

    def _prepare_cohorts(self, rows, first):
        """Return the customers by first month, and how much of their first month's revenue each later one has."""
        found = [each for each in retention.cohorts(rows, first) if each.levels][-MONTHS_BACK:]
        return [
            {
                "label": self._month_label(each.month, "MMM yyyy"),
                "customers": each.customers,
                "start": self._money(each.levels[0]),
                "levels": [
                    {"text": self._percent(level / each.levels[0], 0), "value": float(level / each.levels[0])}
                    if each.levels[0]
                    else {"text": "–", "value": 0.0}
                    for level in each.levels[: MONTHS_BACK + 1]
                ],
            }
            for each in found
        ]

    def _month_label(self, first, pattern="MMMM yyyy"):
        return format_date(self.env, first, date_format=pattern)

    def _money(self, amount, sign=False, digits=0):
        text = formatLang(self.env, float(amount), digits=digits)
        symbol = self.env.company.currency_id.symbol
        return "%s%s %s" % ("+" if sign and amount > 0 else "", text, symbol)

    def _percent(self, share, digits=1):
        return "–" if share is None else "%s %%" % formatLang(self.env, float(share) * 100, digits=digits)

    def _percent_of(self, amount, whole):
        return _("%s of the month's opening", self._percent(amount / whole)) if whole else _("from nothing")

    def _movements_action(self, name, domain):
        return self._list_action("linserv.revenue.movement", name, domain)

    def _report_action(self, first, domain=(), group=None):
        last = accruals.month_end(first)
        domain = [("month", ">=", first), ("month", "<=", last), *domain]
        context = {"group_by": [group]} if group else {}
        return dict(self._list_action("linserv.revenue.report", self._month_label(first), domain), context=context)

    def _list_action(self, model, name, domain):
        """Return an action that lists what is behind a number, of the current company."""
        search = self.env["ir.model.data"].xmlid_to_res_id(
            "linserv_contract.%s_view_search" % model.replace(".", "_"), raise_if_not_found=True
        )
        plain = [tuple(fields.Date.to_string(v) if hasattr(v, "year") else v for v in leaf) for leaf in domain]
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [[False, "list"], [False, "pivot"], [False, "graph"]],
            "search_view_id": [search, "search"],
            "domain": [("company_id", "=", self.env.company.id), *plain],
            "context": {},
            "target": "current",
        }
