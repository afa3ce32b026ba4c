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
            "points": [(self._get_kind_text(kind), repository._get_last_point(kind)) for kind in POINT_KINDS],
            "drill": proved[:1],
            "longest": max(proved.mapped("usable_seconds"), default=0.0),
            "mean": sum(proved.mapped("usable_seconds")) / len(proved) if proved else 0.0,
            "count": len(recent),
            "proved": len(proved),
            "phases": self._get_phases(proved[:1]),
        }

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
    "export BORG_PASSCOMMAND='cat passphrase'      # passphrase and key: the recovery sheet",
    "borg list %(repository)s                       # every point",
    "borg extract %(repository)s::%(name)s          # manifest.json, the payload, new files",
    "zstd -d --long=31 --patch-from=BASE PAYLOAD -o dump   # only where manifest.json says form: patch",
    "sha256sum dump                                 # must be dump.sha256 of manifest.json",
    "createdb -T template0 -E UTF8 --lc-collate=C odoo_restored",
    "pg_restore --no-owner --no-privileges --exit-on-error -d odoo_restored dump",
)
