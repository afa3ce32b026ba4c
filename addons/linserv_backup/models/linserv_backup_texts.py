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
            "drill": _("A drill found a fault. Nothing old is deleted until a later one has passed."),
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
            "no_tables": _("The database has no tables."),
            "all_rows_down": _("There are far fewer rows than in the point before."),
            "rows_down": _("There are far fewer rows than in the point before."),
            "dump_small": _("The dump is less than half as large as the one before."),
            "files_missing": _("Files that the database refers to are not in the filestore."),
            "files_damaged": _("Files of the filestore are not what their names say: they were damaged at the source."),
            "files_down": _("There are far fewer files than in the point before."),
            "folder_empty": _("A folder that had files in the point before has none."),
            "read_back_differs": _("The repository did not give back what was stored, so the point does not count."),
            "odoo_down": _("Odoo was not running at the time of the slot."),
            "overlap": _("The point before was still being taken."),
            "not_connected": _("The repository was not connected at the time of the slot."),
            "host_busy": _("The backup host was still busy with other instances when the slot had passed."),
            "nothing_newer": _("There was no newer proved database point to copy."),
            "no_host": _("No host is chosen that could take the point."),
            "clock": _("The clock of the customer's host is wrong."),
            "doubt": _("The backup host found the point suspect."),
            "bad_manifest": _("The host's answer about the point is not well formed. Nothing of it was used."),
            "other_point": _("The host answered about another point than the one that was ordered."),
            "vanished": _("The point was proved, and the repository does not list it any more."),
            "damaged": _("The repository says that the point is damaged. It is to be healed from the DR copy."),
            "repository_damaged": _("The repository is damaged. It is to be healed from the DR copy."),
            "clocks_differ": _("The clocks of Odoo and the host differ by more than 5 minutes."),
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
