from datetime import timedelta

from odoo import _, api, fields, models

RECOVERY_TIMES = """
SELECT date_trunc('month', date_held)::date, percentile_cont(0.5) WITHIN GROUP (ORDER BY usable_seconds),
       max(usable_seconds)
  FROM linserv_backup_drill
 WHERE company_id = %(company)s AND state = 'proved' AND usable_seconds > 0 AND date_held >= %(first)s
 GROUP BY 1
"""
LATELY = timedelta(days=30)


class LinservBackupDashboard(models.AbstractModel):
    """What the drills tell: how long a recovery takes, and how many passed."""

    _inherit = "linserv.backup.dashboard"

    @api.model
    def _recovery_times(self, first):
        return {month: (middle, worst) for month, middle, worst in self._query(RECOVERY_TIMES, first=first)}

    @api.model
    def _describe_proofs(self, alerts, hosts):
        drills = self.env["linserv.backup.drill"]
        since = fields.Datetime.now() - LATELY
        domain = [("date_held", ">=", since), ("state", "in", ("proved", "faulty"))]
        held = drills.search_count([*self._company(), *domain])
        passed = drills.search_count([*self._company(), *domain, ("state", "=", "proved")])
        whole = _("%(proved)s of %(expected)s", proved=self._count(passed), expected=self._count(held))
        bad = bool(alerts.filtered(lambda each: each.code in ("drill_failed", "drill_late")))
        action = self._list_action("linserv.backup.drill", _("Drills"), [("date_held", "!=", False)])
        card = {
            "drills": (_("Drills passed in 30 days"), whole, _("restored, compared and loaded in Odoo"), bad, action)
        }
        return {**card, **super()._describe_proofs(alerts, hosts)}
