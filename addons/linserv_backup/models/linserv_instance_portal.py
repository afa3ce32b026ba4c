from datetime import timedelta

from odoo import _, fields, models
from odoo.tools import format_date, format_datetime, formatLang

from ..domain import alerts, proof_calendar

CALENDAR_DAYS = 90
COPY = "test_copy"


class LinservInstance(models.Model):
    """What customers are shown of the backups of their instance: what is proved, in words, not how it is done.

    Repositories, plans, hosts and reasons are the house's own: they are read with sudo here, by these methods only, for
    an instance that the visitor's record rules have let through, and leave as plain values.
    """

    _inherit = "linserv.instance"

    def _prepare_backup_rows(self):
        """Return the list of instances: [{instance, policies, status, last, ago}]."""
        repositories = self._backup_repositories()
        return [
            each._prepare_backup_row(repositories.filtered(lambda one, each=each: one.instance_id == each))
            for each in self
        ]

    def _backup_repositories(self):
        return (
            self.env["linserv.backup.repository"]
            .sudo()
            .search([("instance_id", "in", self.ids), ("state", "!=", "closed")])
        )

    def _prepare_backup_row(self, repository):
        self.ensure_one()
        plans = repository._get_plans_in_force()
        return {
            "instance": self,
            "policies": ", ".join(plans.mapped("name")),
            "status": self._get_backup_status(repository, plans),
            **self._describe_last_point(repository.last_db_point_id or repository.last_fs_point_id),
        }

    def _get_backup_status(self, repository, plans):
        """Return none, waiting, suspect, late or well; judged by proved points as the alerts are."""
        if not plans:
            return "none"
        points = self.env["linserv.backup.point"].sudo()
        if points.search_count([("repository_id", "=", repository.id), ("state", "=", "suspect")]):
            return "suspect"
        if not (repository.last_db_point_id or repository.last_fs_point_id):
            return "waiting"
        return "late" if self._is_backup_late(repository, plans) else "well"

    def _is_backup_late(self, repository, plans):
        now, watch = fields.Datetime.now(), self.env["linserv.backup.watch"].sudo()
        limits = repository.company_id._get_backup_limits()
        for plan in plans.filtered(lambda each: each.kind != "dr"):
            proved = repository._get_last_point(plan.kind).slot or now - timedelta(days=2)
            missed = alerts.overdue(watch._promised(plan, proved, now), proved, now, limits)
            if alerts.late_severity(missed, now, limits):
                return True
        return False

    def _describe_last_point(self, point):
        """Return when a point is of, in words: {last, ago}."""
        if not point:
            return {"last": "", "ago": ""}
        now = fields.Datetime.now()
        moment = fields.Datetime.context_timestamp(self, point.slot)
        today = fields.Datetime.context_timestamp(self, now).date()
        time = format_datetime(self.env, point.slot, dt_format="HH:mm")
        if moment.date() == today:
            last = _("today at %s", time)
        elif moment.date() == today - timedelta(days=1):
            last = _("yesterday at %s", time)
        else:
            last = _("%(day)s at %(time)s", day=format_date(self.env, moment.date(), date_format="d MMMM y"), time=time)
        return {"last": last, "ago": self._describe_age(now - point.slot)}

    def _describe_age(self, age):
        minutes = max(0, int(age / timedelta(minutes=1)))
        if minutes < 1:
            return _("just now")
        if minutes < 120:
            return _("%s minutes ago", minutes)
        return _("%s hours ago", minutes // 60) if minutes < 2880 else _("%s days ago", minutes // 1440)

    def _prepare_backup_values(self):
        """Return what the page of one instance shows."""
        self.ensure_one()
        repository = self._backup_repositories()
        plans = repository._get_plans_in_force()
        values = self._prepare_backup_row(repository)
        values["kinds"] = [self._prepare_backup_kind(repository, plan) for plan in plans]
        values["calendars"] = [self._prepare_calendar(plan) for plan in plans]
        values["proofs"] = self._prepare_proofs(plans)
        values["copies"] = self._prepare_copies()
        values["drills"] = self._prepare_drills()
        values["copies_url"] = "/my/backups/%d/copies" % self.id if "linserv.restore" in self.env else False
        return values

    def _prepare_backup_kind(self, repository, plan):
        """Return one policy in words, with its last proved point."""
        last = self._describe_last_point(repository._get_last_point(plan.kind))
        return {
            "name": plan.name,
            "title": plan._get_kind_for_customer(),
            "words": plan._describe_for_customer(),
            "last": _("Last proved: %(last)s, %(ago)s.", **last) if last["last"] else _("None proved yet."),
        }

    def _prepare_proofs(self, plans):
        """Return the latest retention proof of each kind: "4,320 of 4,320"."""
        proofs = self.env["linserv.backup.proof"].search([("instance_id", "=", self.id)], limit=30)
        latest = {}
        for proof in proofs:
            latest.setdefault(proof.kind, proof)
        return [latest[kind] for kind in ("db", "fs", "dr") if kind in latest]

    def _prepare_drills(self):
        """Return the latest drills that were held: when, of which point, and what a recovery took."""
        drills = self.env["linserv.backup.drill"].search(
            [("instance_id", "=", self.id), ("state", "in", ("proved", "faulty"))],
            order="date_held desc, id desc",
            limit=8,
        )
        return [
            {
                "id": drill.id,
                "held": format_date(self.env, fields.Datetime.context_timestamp(self, drill.date_held).date()),
                "point": self._describe_last_point(drill)["last"],
                "passed": drill.state == "proved",
                "zone": drill.zone,
                "took": self._describe_seconds(drill.usable_seconds),
                "files": drill.file_count,
            }
            for drill in drills
        ]

    def _describe_seconds(self, seconds):
        if not seconds:
            return ""
        return _("%s seconds", round(seconds)) if seconds < 120 else _("%s minutes", round(seconds / 60))

    def _prepare_copies(self):
        """Return {included, left, until, text} of this contract year's test copies; None where none is included."""
        day = fields.Date.context_today(self)
        domain = [
            ("work_type_id.code", "=", COPY),
            ("instance_id", "in", (False, self.id)),
            ("commercial_partner_id", "=", self.commercial_partner_id.id),
            ("date_from", "<=", day),
            ("date_to", ">=", day),
        ]
        # sudo: the instance is the visitor's own, checked by the caller; customers read no quotas.
        quota = self.env["linserv.quota"].sudo().search(domain, limit=1)
        if not quota:
            return None
        values = {"left": quota.left, "included": quota.quota_limit, "until": format_date(self.env, quota.date_to)}
        return {**values, "text": _("%(left)s of %(included)s are left until %(until)s.", **values)}

    def _prepare_calendar(self, plan):
        """Return the 90 days of a policy: weeks of cells, the gaps with their reasons, and the sums."""
        today = fields.Date.context_today(self)
        first = fields.Date.subtract(today, days=CALENDAR_DAYS - 1)
        rows = self.env["linserv.backup.day"].search(
            [("instance_id", "=", self.id), ("kind", "=", plan.kind), ("date", ">=", first)]
        )
        weeks = proof_calendar.weeks(rows._to_calendar(), today, CALENDAR_DAYS)
        proved, expected = proof_calendar.totals(weeks)
        return {
            "kind": plan.kind,
            "title": plan._get_kind_for_customer(),
            "caption": _(
                "%s: the last 90 days, a week in each row. Days with gaps are links to their reasons.",
                plan._get_kind_for_customer(),
            ),
            "weekdays": [self._weekday(number) for number in range(7)],
            "weeks": [[cell and self._prepare_cell(plan.kind, cell) for cell in week] for week in weeks],
            "months": self._label_months(weeks),
            "gaps": [self._prepare_gap(plan.kind, cell) for cell in proof_calendar.gaps(weeks)],
            "text": _(
                "%(proved)s of %(expected)s points proved",
                proved=formatLang(self.env, proved, digits=0),
                expected=formatLang(self.env, expected, digits=0),
            )
            if expected
            else _("no day yet"),
        }

    def _weekday(self, number):
        """Return (short, long) name of a weekday, Monday = 0."""
        monday = fields.Date.to_date("2026-11-02")
        day = fields.Date.add(monday, days=number)
        return tuple(format_date(self.env, day, date_format=pattern) for pattern in ("EEEEEE", "EEEE"))

    def _label_months(self, weeks):
        """Return for each week the month that begins in it, or nothing."""
        labels, shown = [], None
        for week in weeks:
            day = next(cell.day for cell in week if cell)
            month = max(cell.day for cell in week if cell).replace(day=1)
            labels.append(
                format_date(self.env, day if month < day else month, date_format="MMM") if month != shown else ""
            )
            shown = month
        return labels

    def _prepare_cell(self, kind, cell):
        day = format_date(self.env, cell.day, date_format="EEEE d MMMM")
        words = self._get_cell_words(cell)
        return {
            "day": cell.day.day,
            "state": cell.state,
            "count": "%d/%d" % (cell.proved, cell.expected) if cell.expected else "",
            "text": "%s: %s" % (day, words),
            "anchor": "gap-%s-%s" % (kind, cell.day) if cell.state in ("part", "none") else False,
        }

    def _get_cell_words(self, cell):
        values = {"proved": cell.proved, "expected": cell.expected}
        return {
            "full": _("all %(expected)s points proved", **values),
            "part": _("%(proved)s of %(expected)s points proved", **values),
            "none": _("none of %(expected)s points proved", **values),
            "running": _("%(proved)s points proved so far", **values),
            "free": _("no point is planned"),
            "before": _("no backup yet"),
        }[cell.state]

    def _prepare_gap(self, kind, cell):
        texts = self._get_reason_words()
        reasons = [
            _("%(count)s: %(reason)s", count=number, reason=texts.get(code, texts["other"]))
            for code, number in sorted(cell.reasons.items())
        ]
        return {
            "anchor": "gap-%s-%s" % (kind, cell.day),
            "day": format_date(self.env, cell.day, date_format="EEEE d MMMM y"),
            "words": self._get_cell_words(cell),
            "reasons": reasons or [_("They are still being taken or looked at.")],
        }

    def _get_reason_words(self):
        """Return what a customer reads for each class of reasons; nothing of how our hosts are set up."""
        return {
            "unreachable": _("your server could not be reached, or did not answer in time."),
            "overlap": _("the point before was still being taken."),
            "suspect": _("the copy differs more than usual from the one before. We look at it; it is kept."),
            "data": _("the copy did not pass our check, and does not count."),
            "no_point": _("there was no proved point to copy."),
            "ours": _("a fault on our side."),
            "other": _("not taken."),
        }
