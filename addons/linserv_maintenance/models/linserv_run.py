from dataclasses import replace

from odoo import models


class LinservRun(models.Model):
    """A cancelled run ends the count or audit that waits for it; sources are never kept with a run."""

    _inherit = "linserv.run"

    def _prepare_result_vals(self, outcome):
        """Leave the contents of audited files out of what is stored; their origin gets them and forgets them."""
        if self.verb == "code.audit":
            files = outcome.result.get("files")
            outcome = replace(outcome, result=dict(outcome.result, files=len(files) if isinstance(files, list) else 0))
        return super()._prepare_result_vals(outcome)

    def action_cancel(self):
        """Cancel the runs and the counts that they were made for."""
        result = super().action_cancel()
        # sudo: who may cancel runs need not belong to those who count.
        waiting = (
            self.env["linserv.code.snapshot"].sudo().search([("run_id", "in", self.ids), ("state", "=", "running")])
        )
        for snapshot in waiting:
            snapshot._fail("cancelled", "")
        self.env["linserv.code.audit"].sudo()._fail_abandoned()
        return result
