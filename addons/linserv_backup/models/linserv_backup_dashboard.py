from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import format_date, format_datetime, formatLang

ALERTS_SHOWN = 25
DAYS_BACK = 90
# What can be done about an alert at once: a method of its repository, if the repository has one.
REMEDIES = {
    "late": "action_view_points",
    "dr_late": "action_view_points",
    "suspect": "action_view_points",
    "configuration": "action_connect",
    "proof_late": "action_prove",
    "gaps": "action_prove",
    "sheet_unconfirmed": "action_sheet_locked_away",
    "drill_failed": "action_drill",
    "drill_late": "action_drill",
    "not_connected": "action_connect",
}


class LinservBackupDashboard(models.AbstractModel):
    """What the page of backups shows: numbers ready to read, each with the list behind it, and what needs a person.

    Everything is of the current company, and only for who may read points.
    """

    _name = "linserv.backup.dashboard"
    _description = "Backup Dashboard"

    @api.model
    def get_figures(self):
        """Return the page as plain values."""
        self.env["linserv.backup.point"].check_access_rights("read")
        self.env["base"].flush()
        now = fields.Datetime.now()
        if not self.env["linserv.backup.repository"].search_count(self._company()):
            return {"empty": True, "silent": False}
        alerts = self.env["linserv.backup.alert"].search([*self._company(), ("state", "=", "open")])
        days, hosts = self._days(now), self._hosts(now)
        return {
            "empty": False,
            "as_of": _("%(company)s. As of %(time)s.", company=self.env.company.name, time=self._time(now)),
            "silent": self._silent(),
            "cards": self._prepare_cards(alerts, days, hosts),
            "alerts": self._prepare_alerts(alerts),
            "alerts_more": self._describe_more(alerts),
            "days": self._prepare_days(days),
            "months": self._prepare_months(now),
            "capacity": self._prepare_capacity(hosts, now),
            "late": self._prepare_late(alerts, now),
        }

    @api.model
    def action_remedy(self, alert_id):
        """Do at once what can be done about an alert; returns an action, or nothing to stay on the page."""
        alert = self.env["linserv.backup.alert"].browse(alert_id).exists()
        alert.check_access_rule("read")
        method = REMEDIES.get(alert.code)
        if method and alert.repository_id and hasattr(type(alert.repository_id), method):
            done = getattr(alert.repository_id, method)()
            return done if isinstance(done, dict) else False
        return alert.action_open_record()

    @api.model
    def _company(self):
        return [("company_id", "=", self.env.company.id)]

    @api.model
    def _silent(self):
        """Return that nobody watches, and since when; or False."""
        since = self.env["linserv.backup.pulse"]._stopped_since()
        return since and _(
            "The scheduled actions of backups have not come to their end since %s. Follow the runbook cron_silent.",
            self._time(since),
        )

    @api.model
    def _prepare_cards(self, alerts, days, hosts):
        """Return the key figures as [{key, label, value, hint, action, bad}]."""
        texts = {**self._describe_points(alerts, days), **self._describe_proofs(alerts, hosts)}
        return [
            {"key": key, "label": label, "value": value, "hint": hint, "bad": bad, "action": action}
            for key, (label, value, hint, bad, action) in texts.items()
        ]

    @api.model
    def _describe_points(self, alerts, days):
        late = alerts.filtered(lambda each: each.code in ("late", "dr_late"))
        suspect = alerts.filtered(lambda each: each.code == "suspect")
        repositories = self.env["linserv.backup.repository"]
        ready = repositories.search_count([*self._company(), ("state", "=", "ready")])
        total = repositories.search_count([*self._company(), ("state", "!=", "closed")])
        day, expected, proved = self._last_whole_day(days)
        whole = _("%(proved)s of %(expected)s", proved=self._count(proved), expected=self._count(expected))
        point_action = self._list_action("linserv.backup.point", _("Suspect points"), [("state", "=", "suspect")])
        return {
            "ready": (
                _("Instances with backups"), self._count(ready), _("of %s that should have them", self._count(total)),
                ready < total, self._list_action("linserv.backup.repository", _("Repositories"), []),
            ),
            "proved": (
                _("Points proved"), whole, day and format_date(self.env, day) or _("no whole day yet"),
                proved < expected, self._day_action(day),
            ),
            "late": (
                _("Late instances"), self._count(len(late.instance_id)), _("instances, judged by proved points"),
                bool(late), self._alert_action(_("Late instances"), [("code", "in", ("late", "dr_late"))]),
            ),
            "suspect": (
                _("Suspect points"), self._count(len(suspect)), _("nothing is deleted there"),
                bool(suspect), point_action,
            ),
        }  # fmt: skip

    @api.model
    def _describe_proofs(self, alerts, hosts):
        """Return the cards of disks; other models add theirs."""
        dated = [host for host in hosts if host["forecast"].full_on]
        first = min(dated, key=lambda host: host["forecast"].full_on, default=None)
        value = format_date(self.env, first["forecast"].full_on) if first else _("not in sight")
        capacity = alerts.filtered(lambda each: each.code == "capacity")
        action = self._list_action("linserv.backup.capacity", _("Capacity"), [])
        return {"full": (_("First full disk"), value, first["name"] if first else "", bool(capacity), action)}

    @api.model
    def _prepare_alerts(self, alerts):
        """Return what needs a person: the critical first, then the oldest; what another one speaks for is left out."""
        loud = alerts.filtered(lambda each: not each.is_quiet)
        rows = loud.sorted(lambda each: (each.severity != "critical", bool(each.taken_by_id), each.date_since, each.id))
        return [self._prepare_alert(alert) for alert in rows[:ALERTS_SHOWN]]

    @api.model
    def _prepare_alert(self, alert):
        method = REMEDIES.get(alert.code)
        remedies = self._get_remedy_labels()
        can = method and alert.repository_id and hasattr(type(alert.repository_id), method)
        return {
            "id": alert.id,
            "severity": alert.severity,
            "severity_label": dict(alert._fields["severity"]._description_selection(self.env))[alert.severity],
            "title": alert.title,
            "customer": alert.commercial_partner_id.name or "",
            "summary": alert.summary,
            "line": self._describe_since(alert),
            "taken": bool(alert.taken_by_id),
            "remedy": remedies.get(method) if can else False,
        }

    @api.model
    def _describe_since(self, alert):
        values = {"since": self._time(alert.date_since), "person": alert.taken_by_id.name}
        if alert.taken_by_id:
            return _("Since %(since)s. %(person)s looks after it.", **values)
        return _("Since %(since)s.", **values)

    @api.model
    def _describe_more(self, alerts):
        more = len(alerts.filtered(lambda each: not each.is_quiet)) - ALERTS_SHOWN
        return _("Show the other %s", self._count(more)) if more > 0 else False

    @api.model
    def _get_remedy_labels(self):
        return {
            "action_view_points": _("Open the points"),
            "action_prove": _("Prove now"),
            "action_sheet_locked_away": _("The sheet is locked away"),
            "action_drill": _("Order a drill"),
            "action_connect": _("Connect"),
        }

    @api.model
    def _prepare_late(self, alerts, now):
        """Return the late instances, the longest without a proved point first."""
        late = alerts.filtered(lambda each: each.code in ("late", "dr_late")).sorted("date_since")
        kinds = dict(self.env["linserv.backup.point"]._fields["kind"]._description_selection(self.env))
        rows = []
        for alert in late:
            kind = alert._get_facts().get("kind", "db")
            point = alert.repository_id._get_last_point(kind)
            rows.append(
                {
                    "instance": alert.instance_id.name,
                    "customer": alert.commercial_partner_id.name or "",
                    "kind": kinds.get(kind),
                    "last": self._time(point.slot) if point else _("never"),
                    "age": self._age(now - point.slot) if point else "",
                    "missed": alert._get_facts().get("missed", 0),
                    "action": self._record_action(alert),
                }
            )
        return rows

    @api.model
    def _last_whole_day(self, days):
        """Return (day, expected, proved) of the last day that is over, or nothing at all."""
        today = fields.Date.context_today(self)
        over = [row for row in days if row[0] < today]
        return over[-1] if over else (None, 0, 0)

    @api.model
    def _time(self, moment):
        return format_datetime(self.env, moment, dt_format="short")

    @api.model
    def _count(self, number):
        return formatLang(self.env, number, digits=0)

    @api.model
    def _age(self, age):
        """Return a duration as people say it: 3 d, 5 h or 40 min."""
        minutes = max(0, int(age / timedelta(minutes=1)))
        if minutes >= 2 * 1440:
            return _("%s days", minutes // 1440)
        return _("%s h", minutes // 60) if minutes >= 120 else _("%s min", minutes)

    @api.model
    def _record_action(self, record):
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [[False, "form"]],
        }

    @api.model
    def _alert_action(self, name, domain):
        return self._list_action("linserv.backup.alert", name, [("state", "=", "open"), *domain])

    @api.model
    def _day_action(self, day):
        domain = [("date", "=", fields.Date.to_string(day))] if day else []
        return self._list_action("linserv.backup.day", format_date(self.env, day) if day else _("Days"), domain)

    @api.model
    def _list_action(self, model, name, domain):
        """Return an action that lists what is behind a number, of the current company."""
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [[False, "list"], [False, "form"]],
            "domain": [*self._company(), *domain],
            "context": {},
            "target": "current",
        }
