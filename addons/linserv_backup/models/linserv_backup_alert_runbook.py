from pathlib import Path

from odoo import api, models, tools

from ..domain import plain_markdown

FOLDER = Path(__file__).resolve().parents[1] / "runbooks"


class LinservBackupAlert(models.Model):
    """The runbook of each kind of alert, as it lies in the documentation."""

    _inherit = "linserv.backup.alert"

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_runbook(self):
        for alert in self:
            name = self._get_runbook_name(alert.code)
            alert.runbook = "docs/runbooks/%s" % name
            alert.runbook_html = self._read_runbook(name)

    @api.model
    def _get_runbook_name(self, code):
        """Return the file of a runbook in the reader's language; in English where there is no other."""
        translated = "%s/%s.md" % ((self.env.lang or "en")[:2], code)
        return translated if (FOLDER / translated).is_file() else "%s.md" % code

    @tools.ormcache("name")
    def _read_runbook(self, name):
        """Return a runbook as HTML."""
        file = FOLDER / name
        return plain_markdown.to_html(file.read_text(encoding="utf-8")) if file.is_file() else ""
