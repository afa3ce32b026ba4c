from datetime import timedelta

from odoo import api, fields, models

CRONS = "linserv_backup."
STANDSTILL = timedelta(minutes=45)


class LinservBackupPulse(models.Model):
    """When the watch last looked at everything to its end. A person who opens Odoo is told when that is long ago.

    The watch cannot tell anybody that it does not run itself; the backup hosts and the DR hosts watch from outside, and
    this is what Odoo can do about it.
    """

    _name = "linserv.backup.pulse"
    _description = "Pulse of the Watch over Backups"

    name = fields.Char(required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True)

    _sql_constraints = [("name_unique", "unique (name)", "There is one pulse of each name.")]

    @api.model
    def _beat(self, name="watch"):
        """Note that the watch has come to its end now."""
        now = fields.Datetime.now()
        pulse = self.search([("name", "=", name)])
        if pulse:
            pulse.date = now
        else:
            self.create({"name": name, "date": now})

    @api.model
    def _stopped_since(self):
        """Return since when nobody watches, or False while the watch runs. Before the first beat there is none."""
        pulse = self.sudo().search([("name", "=", "watch")])
        late = pulse and fields.Datetime.now() - pulse.date >= STANDSTILL
        return pulse.date if late else False

    @api.model
    def _silent_crons(self, now):
        """Return [(scheduled action, since when it should have run)] of those that did not run in time.

        One that is switched off has been silent since it last ran. sudo: everybody may know that they do not run.
        """
        names = self.env["ir.model.data"].sudo().search([("module", "=", "linserv_backup"), ("model", "=", "ir.cron")])
        crons = self.env["ir.cron"].sudo().with_context(active_test=False).browse(names.mapped("res_id")).exists()
        silent = [(cron, cron.nextcall if cron.active else cron.lastcall or cron.write_date) for cron in crons]
        return [(cron, since) for cron, since in silent if now - since >= STANDSTILL]
