from odoo import _, api, fields, models


class LinservBackupRepository(models.Model):
    """What the codes of a frozen retention tell people."""

    _inherit = "linserv.backup.repository"

    @api.depends("freeze_codes")
    def _compute_freeze_text(self):
        texts = self._get_freeze_texts()
        for repository in self:
            codes = (repository.freeze_codes or "").split()
            repository.freeze_text = "\n".join(texts.get(code, code) for code in codes) or False

    @api.model
    def _get_freeze_texts(self):
        return {
            "suspect": _("A point is suspect. Look at it and accept it, or mend the source."),
            "damaged": _("The repository reports a damaged point. It is to be healed from the DR copy."),
            "missing": _("The repository does not list every point that it should have."),
            "stale": _("No point has been proved lately, so the old ones are kept."),
            "clock": _("The clocks of Odoo and the host differ by more than 5 minutes. Set them right."),
            "data": _(
                "The last backup failed because of what was read at the source. Nothing old is deleted meanwhile."
            ),
        }


class LinservBackupPoint(models.Model):
    """What the codes of failures, gaps and doubts tell people."""

    _inherit = "linserv.backup.point"

    @api.depends("reason", "reason_detail")
    def _compute_reason_text(self):
        for point in self:
            codes = (point.reason or "").split()
            texts = [self._get_reason_text(code) for code in codes]
            point.reason_text = " ".join(texts) or False

    @api.model
    def _get_reason_text(self, code):
        """Return what a person reads; a code that only its verb knows has the words of the run."""
        known = self._get_reason_texts()
        return known.get(code) or self.env["linserv.run"]._get_error_text(code)

    @api.model
    def _get_reason_texts(self):
        return {
            "table_vanished": _("A table that the point before had is gone."),
            "rows_down": _("There are far fewer rows than in the point before."),
            "dump_small": _("The dump is less than half as large as the one before."),
            "files_missing": _("Files that the database refers to are not in the filestore."),
            "odoo_down": _("Odoo was not running at the time of the slot."),
            "overlap": _("The point before was still being taken."),
            "not_connected": _("The repository was not connected at the time of the slot."),
            "host_busy": _("The backup host was still busy with other instances when the slot had passed."),
            "no_point": _("There was no proved database point to copy."),
        }


class LinservBackupProof(models.Model):
    _inherit = "linserv.backup.proof"

    expected_text = fields.Char(compute="_compute_expected_text", string="Proof")

    @api.depends("listed", "expected")
    @api.depends_context("lang")
    def _compute_expected_text(self):
        for proof in self:
            values = {"listed": self._format_count(proof.listed), "expected": self._format_count(proof.expected)}
            proof.expected_text = _("%(listed)s of %(expected)s", **values)

    @api.model
    def _format_count(self, number):
        language = self.env["res.lang"]._lang_get(self.env.context.get("lang") or self.env.user.lang or "en_US")
        return language.format("%d", number, grouping=True)
