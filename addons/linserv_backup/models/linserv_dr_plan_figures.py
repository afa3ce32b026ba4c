from odoo import _, fields, models

POINT_KINDS = ("db", "fs", "dr")


class LinservDrPlan(models.Model):
    """What stands in the plan, as its template reads it."""

    _inherit = "linserv.dr.plan"

    def _get_chapters(self):
        """Return a chapter for each instance: what protects it, what was measured, where its points are."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        return [self._get_chapter(repository, today) for repository in self._get_repositories()]

    def _get_chapter(self, repository, today):
        recent = repository._get_recent_drills()
        proved = recent.filtered(lambda drill: drill.state == "proved")
        return {
            "repository": repository,
            "instance": repository.instance_id,
            "policies": repository._get_policy_text(today),
            "facts": self._get_facts(repository, proved[:1], today),
            "sheet": self._get_sheet_text(repository.recovery_sheet_date),
            "drill": proved[:1],
            "summary": self._get_summary(recent, proved),
            "phases": self._get_phases(proved[:1]),
        }

    def _get_facts(self, repository, drill, today):
        """Return (what, value) of an instance, as its table shows it."""
        rows = [
            (_("Address of the instance"), repository.instance_id.url),
            (_("Policies agreed"), repository._get_policy_text(today)),
            (_("Runs on the host"), repository.source_host_id.name),
            (_("Backup host"), repository.host_id.name),
            (_("Disaster recovery host, elsewhere and under another key"), repository.dr_host_id.name),
        ]
        for kind in POINT_KINDS:
            point = repository._get_last_point(kind)
            rows.append((_("Last proved: %s", self._get_kind_text(kind)), point and self._format_moment(point.slot)))
        rows.append((_("Last restored in a drill"), drill and self._get_drill_text(drill)))
        return [(what, value or "\u2013") for what, value in rows]

    def _get_drill_text(self, drill):
        return _(
            "%(moment)s, with %(rows)s rows and %(files)s files",
            moment=self._format_moment(drill.date_held),
            rows=self._format_count(drill.row_count),
            files=self._format_count(drill.file_count),
        )

    def _get_sheet_text(self, day):
        return day and _("The recovery sheet was locked away on %s.", self._format_day(day))

    def _get_summary(self, recent, proved):
        """Return in a sentence what the latest drills have shown."""
        times = proved.mapped("usable_seconds")
        return times and _(
            "%(proved)s of the last %(count)s drills proved their point. The recovery took %(mean)s on average and "
            "%(longest)s at most.",
            proved=len(proved),
            count=len(recent),
            mean=self._format_seconds(sum(times) / len(times)),
            longest=self._format_seconds(max(times)),
        )

    def _get_lead_text(self):
        """Return in a sentence who leads."""
        names = {"lead": self.user_id.name, "deputy": self.deputy_id.name}
        if self.deputy_id:
            return _("%(lead)s leads the recovery, with %(deputy)s as deputy.", **names)
        return _("%(lead)s leads the recovery.", **names)

    def _get_measures_text(self, exercise):
        return _("To be changed: %s", exercise.measures)

    def _get_kind_text(self, kind):
        texts = {"db": _("Database"), "fs": _("Files"), "dr": _("Disaster recovery copy")}
        return texts[kind]

    def _get_phases(self, drill):
        """Return what the last drill's recovery consisted of: (words, seconds)."""
        if not drill:
            return []
        return [
            (_("Rebuild the dump and the files from storage"), drill.rebuild_seconds),
            (_("Compare SHA-256"), drill.hash_seconds),
            (_("Restore in PostgreSQL"), drill.restore_seconds),
            (_("Load in Odoo"), drill.registry_seconds),
        ]

    def _get_planned_minutes(self):
        return sum(self.step_ids.mapped("minutes"))

    def _get_exercises(self):
        """Return the exercises that were held, the latest first."""
        return self.exercise_ids.filtered(lambda exercise: exercise.state == "done").sorted("date_ended", reverse=True)

    def _get_shown_versions(self):
        return self.version_ids.sorted("number", reverse=True)[:12]

    def _get_commands(self, repository):
        """Return the commands with which a technician rebuilds the last database point without Odoo."""
        point = repository.last_db_point_id
        values = {
            "repository": "/var/lib/linserv-backup/%s/borg.%d" % (repository.name, repository.generation or 1),
            "name": point.name or "db-YYYYMMDDTHHMMSSZ",
        }
        return "\n".join(line % values for line in BY_HAND)


BY_HAND = (
    "export BORG_PASSCOMMAND='cat passphrase'",
    "borg list %(repository)s",
    "borg extract %(repository)s::%(name)s",
    "zstd -d --long=31 --patch-from=BASE PAYLOAD -o dump",
    "sha256sum dump",
    "createdb -T template0 -E UTF8 --lc-collate=C odoo_restored",
    "pg_restore --no-owner --no-privileges --exit-on-error -d odoo_restored dump",
)
