from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from ..domain import capacity
from .linserv_backup_dashboard import DAYS_BACK

MONTHS_BACK = 12
FORECAST_DAYS = 60
DAYS = """
SELECT date, sum(expected), sum(least(proved, expected)) FROM linserv_backup_day
 WHERE company_id = %(company)s AND date >= %(first)s GROUP BY date ORDER BY date
"""
# Of every instance the longest time without a new database point, by month; of all these the middle and the worst.
RECOVERY_POINTS = """
WITH worst AS (
    SELECT date_trunc('month', date)::date AS month, repository_id, max(longest_gap) AS seconds
      FROM linserv_backup_day
     WHERE company_id = %(company)s AND kind = 'db' AND date >= %(first)s AND longest_gap > 0
     GROUP BY 1, 2
)
SELECT month, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), max(seconds) FROM worst GROUP BY 1
"""


class LinservBackupDashboard(models.AbstractModel):
    """The graphs of the page: days, months and disks, each counted by PostgreSQL."""

    _inherit = "linserv.backup.dashboard"

    @api.model
    def _query(self, query, **values):
        self.env.cr.execute(query, dict(values, company=self.env.company.id))
        return self.env.cr.fetchall()

    @api.model
    def _days(self, now):
        """Return [(day, expected, proved)] of the last 90 days, of all kinds together."""
        first = fields.Date.subtract(fields.Date.context_today(self), days=DAYS_BACK - 1)
        return [(day, int(expected), int(proved)) for day, expected, proved in self._query(DAYS, first=first)]

    @api.model
    def _prepare_days(self, days):
        return {
            "labels": [format_date(self.env, day, date_format="d MMM") for day, _expected, _proved in days],
            "proved": [proved for _day, _expected, proved in days],
            "missing": [expected - proved for _day, expected, proved in days],
            "rows": [
                {
                    "label": format_date(self.env, day),
                    "expected": self._count(expected),
                    "proved": self._count(proved),
                    "missing": self._count(expected - proved),
                    "bad": proved < expected,
                    "action": self._day_action(day),
                }
                for day, expected, proved in reversed(days)
            ],
        }

    @api.model
    def _prepare_months(self, now):
        """Return RPO and RTO of the last 12 months: the middle instance's and the worst one's, in minutes."""
        first = fields.Date.subtract(fields.Date.context_today(self).replace(day=1), months=MONTHS_BACK - 1)
        months = [fields.Date.add(first, months=number) for number in range(MONTHS_BACK)]
        series = {
            "rpo": {month: (middle, worst) for month, middle, worst in self._query(RECOVERY_POINTS, first=first)},
            "rto": self._recovery_times(first),
        }
        shown = [month for month in months if any(month in values for values in series.values())]
        return {
            "labels": [format_date(self.env, month, date_format="MMM yy") for month in shown],
            "rows": [
                {
                    "label": format_date(self.env, month, date_format="MMMM yyyy"),
                    "values": [
                        self._duration(pair) for values in series.values() for pair in values.get(month, (None, None))
                    ],
                }
                for month in reversed(shown)
            ],
            **{
                name: [[self._minutes(values.get(month, (None, None))[part]) for month in shown] for part in (0, 1)]
                for name, values in series.items()
            },
        }

    @api.model
    def _recovery_times(self, first):
        """Return {month: (middle, worst)} seconds until a restored instance was usable; measured by drills."""
        return {}

    @api.model
    def _minutes(self, seconds):
        return None if seconds is None else round(float(seconds) / 60, 1)

    @api.model
    def _duration(self, seconds):
        if seconds is None:
            return "–"
        return self._age(timedelta(seconds=float(seconds))) if seconds >= 120 else "%d s" % seconds

    @api.model
    def _hosts(self, now):
        """Return the backup and DR hosts with their samples and forecasts."""
        today = fields.Date.context_today(self)
        samples = self.env["linserv.backup.capacity"]._samples(self.env.company, today)
        return [
            {"id": host.id, "name": host.name, "samples": rows, "forecast": capacity.forecast(rows, today)}
            for host, rows in samples.items()
        ]

    @api.model
    def _prepare_capacity(self, hosts, now):
        """Return what is used of each disk in percent, day by day: as it was, and as it goes on."""
        today = fields.Date.context_today(self)
        first = fields.Date.subtract(today, days=capacity.DAYS_LOOKED_AT)
        days = [fields.Date.add(first, days=n) for n in range(capacity.DAYS_LOOKED_AT + FORECAST_DAYS + 1)]
        return {
            "labels": [format_date(self.env, day, date_format="d MMM") for day in days],
            "hosts": [
                {"name": host["name"], "was": self._was(host, days), "will": self._will(host, days, today)}
                for host in hosts
            ],
            "rows": [self._prepare_host(host) for host in hosts],
        }

    @api.model
    def _was(self, host, days):
        used = {each.day: round(100.0 * each.used / each.total, 1) for each in host["samples"] if each.total}
        return [used.get(day) for day in days]

    @api.model
    def _will(self, host, days, today):
        """Return the line that goes on from the last day at the growth of the last month."""
        last, growth = host["samples"][-1], host["forecast"].growth
        if growth is None or not last.total:
            return [None] * len(days)
        percent = [100.0 * (last.used + growth * (day - last.day).days) / last.total for day in days]
        return [round(min(100.0, max(0.0, value)), 1) if day >= last.day else None for day, value in zip(days, percent)]

    @api.model
    def _prepare_host(self, host):
        last, forecast = host["samples"][-1], host["forecast"]
        gigabytes = 1e9
        return {
            "name": host["name"],
            "free": "%s GB" % self._count(round(last.free / gigabytes)),
            "total": "%s GB" % self._count(round(last.total / gigabytes)),
            "growth": "–" if forecast.growth is None else "%s GB" % self._decimal(forecast.growth / gigabytes),
            "full_on": format_date(self.env, forecast.full_on) if forecast.full_on else "",
            "soon": forecast.days_left is not None and forecast.days_left <= 30,
            "action": {
                "type": "ir.actions.act_window",
                "res_model": "linserv.host",
                "res_id": host["id"],
                "views": [[False, "form"]],
            },
        }

    @api.model
    def _decimal(self, number):
        return formatLang(self.env, number, digits=2)
