import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..domain import restores
from .linserv_restore_work import LIVE_RUNS

_logger = logging.getLogger(__name__)
AT_ONCE = 50


class LinservRestore(models.Model):
    """What happens by the clock: orders whose day has come, copies whose time is over, work that nobody follows."""

    _inherit = "linserv.restore"

    @api.model
    def _cron_restore(self):
        """Begin what is due, remove what has expired, look after what has stopped, send confirmations that are owed."""
        self._each(self._find_due(), "_start")
        self._each(self._find_expired(), "_order_removal")
        self._each(self._find_stranded(), "_look_after")
        self._each(self._find_unconfirmed(), "_send_confirmation")

    @api.model
    def _each(self, found, method):
        """Do it for each on its own; one that fails is noted and the others go on."""
        for restore in found:
            try:
                with self.env.cr.savepoint():
                    getattr(restore.with_company(restore.company_id), method)()
            except UserError as error:
                _logger.warning("%s of restore %s: %s", method, restore.name, error)

    @api.model
    def _find_due(self):
        domain = [("state", "=", "ordered"), ("date_wanted", "<=", fields.Date.context_today(self))]
        return self.search(domain, order="date_wanted, id", limit=AT_ONCE)

    @api.model
    def _find_expired(self):
        domain = [
            ("state", "=", "published"),
            ("kind", "=", "test_copy"),
            ("date_expires", "<=", fields.Datetime.now()),
        ]
        found = self.search(domain, order="date_expires, id", limit=AT_ONCE)
        return found.filtered(lambda each: each.step != "drop" or each._is_run_over(hours=1))

    @api.model
    def _find_stranded(self):
        domain = [("state", "in", restores.WORKING), ("run_id.state", "not in", LIVE_RUNS)]
        return self.search(domain, limit=AT_ONCE)

    @api.model
    def _find_unconfirmed(self):
        return self.search([("confirm", "!=", False)], limit=AT_ONCE)

    def _is_run_over(self, hours):
        """Tell whether the last run has ended that long ago."""
        finished = self.run_id.date_finished
        earlier = fields.Datetime.subtract(fields.Datetime.now(), hours=hours)
        return self.run_id.state not in LIVE_RUNS and (not finished or finished < earlier)

    def _look_after(self):
        """A step's run has ended and nothing came of it: it was cancelled by hand, or could not be taken over."""
        self._lock()
        if self.state in restores.WORKING and self.run_id.state not in LIVE_RUNS:
            self._fail(self.run_id.error or self.run_id._get_state_label())
