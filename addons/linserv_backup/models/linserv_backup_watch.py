import json
import logging
from datetime import timedelta

from odoo import api, models

_logger = logging.getLogger(__name__)
LONG_AGO = timedelta(days=14)


class LinservBackupWatch(models.AbstractModel):
    """Looks at one company's backups and says what is wrong. It reads; what becomes of it is the alerts' business.

    A judge is a method that returns findings of the codes it is named with. Where one cannot look, its codes are not
    judged, its open alerts stay open, and the others go on.
    """

    _name = "linserv.backup.watch"
    _description = "Watch over Backups"

    @api.model
    def _get_judges(self):
        """Return {method: the codes that it judges}; other models add theirs."""
        return {
            "_find_late": {"late", "dr_late"},
            "_find_suspect": {"suspect"},
            "_find_configuration": {"configuration"},
            "_find_damaged": {"damaged"},
            "_find_gaps": {"gaps"},
            "_find_proof_late": {"proof_late"},
            "_find_frozen": {"retention_frozen"},
            "_find_clock_skew": {"clock_skew"},
            "_find_capacity": {"capacity"},
            "_find_not_connected": {"not_connected"},
            "_find_sheet": {"sheet_unconfirmed"},
            "_find_silent": {"cron_silent"},
        }

    @api.model
    def _look(self, company, now):
        """Return the findings of a company as of ``now``, and the set of codes that could be judged."""
        self.env["base"].flush()
        findings, judged = [], set()
        for name, codes in self._get_judges().items():
            try:
                with self.env.cr.savepoint():
                    found = getattr(self, name)(company, now, company._get_backup_limits())
            except Exception:
                _logger.exception("Backups of %s could not be judged by %s", company.name, name)
                continue
            findings += found
            judged |= codes
        return findings, judged

    @api.model
    def _rows(self, query, **values):
        self.env.cr.execute(query, values)
        return self.env.cr.dictfetchall()

    @api.model
    def _known_since(self, company, code, subject, now):
        """Return since when it is known, for what does not say itself when it went wrong."""
        domain = [("company_id", "=", company.id), ("code", "=", code), ("subject", "=", subject)]
        alert = self.env["linserv.backup.alert"].search([*domain, ("state", "=", "open")], limit=1)
        return alert.date_since or now

    @api.model
    def _about(self, row, **more):
        """Return the facts of a row that has repository_id, instance_id and host_id."""
        names = {"repository": "repository_id", "instance": "instance_id", "host": "host_id"}
        facts = {name: row[field] for name, field in names.items() if row.get(field)}
        return {**facts, **{name: value for name, value in more.items() if value is not None}}

    @api.model
    def _read_json(self, text):
        return json.loads(text or "{}")
