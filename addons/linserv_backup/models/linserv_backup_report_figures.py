from odoo import _, models


class LinservBackupReport(models.Model):
    """What stands in the report, as its template reads it."""

    _inherit = "linserv.backup.report"

    def _get_repositories(self):
        """Return the customer's repositories that had slots in the month or are in use."""
        self.ensure_one()
        domain = [("commercial_partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        return self.env["linserv.backup.repository"].sudo().with_context(active_test=False).search(domain)

    def _get_chapters(self):
        """Return a chapter for each instance: {"repository", "kinds", "drills", "rpo", "rto", "copies", …}."""
        chapters = [self._get_chapter(repository) for repository in self._get_repositories()]
        return [chapter for chapter in chapters if chapter["kinds"] or chapter["drills"]]

    def _get_chapter(self, repository):
        rpo, rto = repository._get_rpo_and_rto(self.month)
        return {
            "repository": repository,
            "instance": repository.instance_id,
            "policies": repository._get_policy_text(self.month) or repository._get_policy_text(self._get_last_day()),
            "kinds": repository._get_month(self.month),
            "drills": repository._get_drills_of_month(self.month),
            "history": repository._get_recent_drills()
            .filtered(lambda drill: drill.zone == "backup")
            .sorted("date_held"),
            "rpo": rpo,
            "rto": rto,
            "copies": self._get_copies(repository.instance_id),
        }

    def _get_last_day(self):
        return max(self._get_repositories().plan_ids.mapped("date_from"), default=self.month)

    def _get_copies(self, instance):
        """Return the quota of test copies of the contract year that the month ends in, or an empty one."""
        quotas = self.env["linserv.quota"].sudo()
        kind = self.env.ref("linserv_contract.linserv_work_type_test_copy", raise_if_not_found=False)
        domain = [
            ("commercial_partner_id", "=", self.partner_id.id),
            ("work_type_id", "=", kind.id if kind else 0),
            ("instance_id", "in", (False, instance.id)),
            ("date_from", "<=", self.month),
            ("date_to", ">=", self.month),
        ]
        return quotas.search(domain, order="instance_id", limit=1)

    def _get_kind_text(self, kind):
        texts = {"db": _("Database"), "fs": _("Files"), "dr": _("Disaster recovery copy")}
        return texts[kind]

    def _get_gap_text(self, gap):
        """Return why there is no point, in words that a customer understands."""
        states = {
            "suspect": _("The point looked wrong and waits to be examined."),
            "failed": _("The backup failed."),
            "missed": _("The backup was not taken."),
        }
        points = self.env["linserv.backup.point"]
        known = points._get_reason_texts() if gap.reason else {}
        told = [known[code] for code in gap.reason.split() if code in known]
        return " ".join(told) or states.get(gap.state, "")

    def _get_gap_span(self, gap):
        """Return from when until when, as the customer's clock showed it."""
        if gap.count == 1:
            return self._format_moment(gap.first)
        return "%s \u2013 %s" % (self._format_moment(gap.first), self._format_moment(gap.last))

    def _get_day_colour(self, expected, proved):
        if proved >= expected:
            return "#2e7d5b"
        return "#d98e04" if proved else "#b3261e"

    def _get_bars(self, history):
        """Return [(drill, width in per cent)] for the bars of recovery times."""
        longest = max(history.mapped("usable_seconds"), default=0.0) or 1.0
        return [(drill, max(2, round(100 * drill.usable_seconds / longest))) for drill in history]

    def _get_totals(self, chapters):
        """Return (expected, proved) of all points of all instances."""
        kinds = [kind for chapter in chapters for kind in chapter["kinds"]]
        return sum(kind.expected for kind in kinds), sum(kind.proved for kind in kinds)
