from odoo import models


class LinservRunOrigin(models.AbstractModel):
    """What a record does that wants something done on a host: queue a run and wait for one of these two calls.

    Both are called as the superuser, in the language of the person who asked and in the run's company, in the
    same short transaction that gives the run its final state. They touch records only: no network, no commit.
    """

    _name = "linserv.run.origin"
    _description = "Origin of remote runs"

    def _on_run_done(self, run, result):
        """Take over the result (a dict) of the finished run."""

    def _on_run_failed(self, run, error):
        """Take note of the failure: a dict with `code`, `message` (for people) and `retryable`."""
