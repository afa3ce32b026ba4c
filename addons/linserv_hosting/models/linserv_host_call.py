from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import UserError

from ..adapters import ssh
from ..adapters.errors import FatalHostError
from ..domain import facts


class LinservHost(models.Model):
    """The host as it is called, and what it says about itself."""

    _inherit = "linserv.host"

    def action_refresh_facts(self):
        """Ask the hosts for their facts now and show what came of it."""
        self._check_callable()
        runs = self.env["linserv.run"].browse([host._queue_facts().id for host in self])
        runs._call_now(seconds=20)
        failed = runs.filtered(lambda run: run.state != "done")
        return self._notify(failed.mapped("error") or [_("The facts are up to date.")], bool(failed))

    def _get_endpoint(self):
        """Return where and how to log in, private key included (adapter value, never kept).

        :raise FatalHostError: `not_configured`
        """
        self.ensure_one()
        try:
            pem = self.ssh_secret_id._get_value().decode() if self.ssh_secret_id else ""
        except UserError as error:
            raise FatalHostError("not_configured", str(error)) from error
        if not pem:
            raise FatalHostError("not_configured", _("The host has no SSH key to log in with."))
        return ssh.Endpoint(self.address, self.port, self.user, pem, tuple(self._get_pinned_keys()))

    def _notify(self, lines, failed):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.display_name if len(self) == 1 else _("Hosts"),
                "message": "\n".join(line for line in lines if line),
                "type": "warning" if failed else "success",
                "next": {"type": "ir.actions.client", "tag": "reload"},
            },
        }

    def _on_run_done(self, run, result):
        """Take over the facts.

        :raise UserError: the host answered nonsense
        """
        super()._on_run_done(run, result)
        if run.verb != "host.facts":
            return
        try:
            known = facts.parse(result)
        except facts.MalformedFactsError as error:
            raise UserError(_("The facts cannot be read: %s") % error) from error
        self.disk_ids.unlink()
        self.write(self._prepare_facts_vals(known))

    def _prepare_facts_vals(self, known):
        now = fields.Datetime.now()
        return {
            "os_name": known.os,
            "kernel": known.kernel,
            "architecture": known.architecture,
            "python_version": known.python,
            "cpu_count": known.cpus,
            "memory_total_mb": known.memory_total_mb,
            "memory_free_mb": known.memory_free_mb,
            "load_average": known.load,
            "booted_on": now - timedelta(seconds=int(known.uptime_seconds)),
            "facts_date": now,
            "disk_ids": [(0, 0, self._prepare_disk_vals(disk)) for disk in known.disks],
        }

    def _prepare_disk_vals(self, disk):
        return {
            "mount": disk.mount,
            "file_system": disk.file_system,
            "size_gb": disk.size_gb,
            "free_gb": disk.free_gb,
        }
