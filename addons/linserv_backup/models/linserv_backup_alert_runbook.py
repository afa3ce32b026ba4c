from pathlib import Path

from odoo import models, tools

from ..domain import plain_markdown

FOLDER = Path(__file__).resolve().parents[1] / "runbooks"


class LinservBackupAlert(models.Model):
    """The runbook of each kind of alert, as it lies in the documentation."""

    _inherit = "linserv.backup.alert"

    def _compute_runbook(self):
        for alert in self:
            alert.runbook = "docs/runbooks/%s.md" % alert.code
            alert.runbook_html = self._read_runbook(alert.code)

    @tools.ormcache("code")
    def _read_runbook(self, code):
        """Return a runbook as HTML."""
        file = FOLDER / ("%s.md" % code)
        return plain_markdown.to_html(file.read_text(encoding="utf-8")) if file.is_file() else ""
