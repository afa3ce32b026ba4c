from odoo import models
from odoo.tools import format_date

from ..domain import chart

SHOWN_COUNTS = 24
SHOWN_NOTES = 50


class LinservCodeSnapshot(models.Model):
    """What a customer sees of the counts."""

    _inherit = "linserv.code.snapshot"

    def _prepare_portal_values(self):
        """Return what the page of an instance's code shows; `self` are its approved counts, the latest first."""
        latest = self[:1]
        shown = self[:SHOWN_COUNTS]
        changed = latest.module_ids.filtered(lambda module: module.kind not in ("same", "first"))
        return {
            "snapshots": shown,
            "snapshot": latest,
            "chart": shown._prepare_chart(),
            "changed_modules": changed,
            "other_modules": latest.module_ids - changed,
            "notes": latest.note_ids[:SHOWN_NOTES],
            "more_notes": max(len(latest.note_ids) - SHOWN_NOTES, 0),
        }

    def _prepare_chart(self):
        """Return the chart of these counts, the oldest to the left."""
        return chart.line_chart(
            [
                (format_date(self.env, snapshot.date, date_format="MMM yyyy"), snapshot.code_lines)
                for snapshot in reversed(self)
            ]
        )
