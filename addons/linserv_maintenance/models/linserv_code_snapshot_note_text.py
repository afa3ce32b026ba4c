from odoo import _, api, models


class LinservCodeSnapshotNote(models.Model):
    """What the notes of the counter mean, in words for customers."""

    _inherit = "linserv.code.snapshot.note"

    @api.model
    def _get_texts(self):
        return {**self._get_scope_texts(), **self._get_file_texts(), **self._get_limit_texts()}

    @api.model
    def _get_scope_texts(self):
        """Return the texts about what belongs to the count and what does not."""
        return {
            "jump": _("The module changed more than usual since the count before."),
            "manifest_exclusion": _("The module's manifest leaves these files out of the count."),
            "demo_exclusion": _("Demo data is left out of the count."),
            "prefix_shadow": _(
                "Odoo's own tool does not see this module: its folder is named like Odoo's. Not counted."
            ),
            "in_core_folder": _("Odoo's own tool does not see this module: it lies among Odoo's. Not counted."),
            "missing_source": _("The module is installed but its files are gone. Not counted."),
            "imported_module": _("The module was imported as data: only its code in the database is counted."),
            "rule_differs": _("The host has a counting tool that differs from Odoo's published ones."),
            "notes_cut": _("There are more notes than are listed."),
        }

    @api.model
    def _get_file_texts(self):
        """Return the texts about files that cannot be read as they lie there."""
        return {
            "syntax": _("Not valid Python for the instance's Python. Counts 0."),
            "unreadable": _("The file cannot be read. Counts 0."),
            "unreadable_folder": _("The folder cannot be read. Nothing in it is counted."),
            "not_regular": _("Not an ordinary file. Counts 0."),
            "dangling_link": _("A link to a file that is gone. Counts 0."),
            "link_loop": _("A link that leads to itself. Counts 0."),
            "missing": _("The file went away during the count. Counts 0."),
            "odd_name": _("The name has characters that cannot be shown."),
            "odd_path": _("Odoo's own tool leaves nothing out below a path like this. Counted in the same way."),
            "bad_glob": _("A pattern in the module's manifest that Odoo's own tool stops at."),
            "bad_manifest": _("The module's manifest cannot be read."),
        }

    @api.model
    def _get_limit_texts(self):
        """Return the texts about files that take more time or memory than a count may."""
        return {
            "too_large": _("Larger than Odoo's own tool reads. Counts 0."),
            "line_too_long": _("Has a longer line than Odoo's own tool takes. Counts 0."),
            "recursion": _("Nested too deeply to be read. Counts 0."),
            "memory": _("Needs more memory than a count may use. Counts 0."),
            "timeout": _("Needs more time than a count may use. Counts 0."),
            "crash": _("Reading the file breaks Python. Counts 0."),
            "slow_spaces": _("Has a very long run of spaces, over which Odoo's own tool spends minutes."),
        }
