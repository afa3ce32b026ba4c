from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import UserError

from ..adapters import ssh
from ..adapters.errors import FatalHostError, HostError
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

    def action_pin_key(self):
        """Show the keys of the host to an administrator, who decides whether to trust them. Nobody logs in."""
        self.ensure_one()
        self.env["linserv.secret"]._check_key_administrator()
        try:
            shown = ssh.scan_host_keys(self.address, self.port)
        except HostError as error:
            text = self.env["linserv.run"]._get_error_text(error.code)
            raise UserError("\n\n".join([text, error.message])) from error
        pinned = self._get_pinned_keys()
        lines = [{"algorithm": key.algorithm, "public_key": key.public_key, "known": key in pinned} for key in shown]
        wizard = self.env["linserv.host.pin"].create(
            [{"host_id": self.id, "line_ids": [(0, 0, line) for line in lines]}]
        )
        return self._open_wizard(wizard, _("Pin host key"))

    def action_install_agent(self):
        """Open the wizard for an administrator's one-time login."""
        self.ensure_one()
        self.env["linserv.secret"]._check_key_administrator()
        self._check_callable()
        return dict(
            self._open_wizard(self.env["linserv.host.install"], _("Install agent")),
            context={"default_host_id": self.id},
        )

    def _pin_keys(self, keys):
        """Trust these keys, (algorithm, public key) pairs, and no others any more."""
        self.ensure_one()
        known = {(key.algorithm, key.public_key): key for key in self.key_ids}
        stale = self.key_ids.filtered(lambda key: (key.algorithm, key.public_key) not in keys)
        stale.write({"active": False})
        new = [{"host_id": self.id, "algorithm": pair[0], "public_key": pair[1]} for pair in keys if pair not in known]
        pinned = self.env["linserv.host.key"].create(new)
        self._apply_event("pin")
        if pinned:
            self.message_post(body=_("Pinned: %s", ", ".join(pinned.mapped("fingerprint"))))
        if stale:
            self.message_post(body=_("No longer trusted: %s", ", ".join(stale.mapped("fingerprint"))))

    def _open_wizard(self, wizard, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _prepare_agent_config(self):
        """Return the skeleton of agent.json: the instances known here; an administrator completes it on the host."""
        self.ensure_one()
        return {
            "protocol": 1,
            "state_directory": "/var/lib/linserv",
            "instances": {
                instance.technical_name: instance._prepare_agent_config()
                for instance in self.instance_ids
                if instance.database
            },
        }

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
            raise UserError(_("The facts cannot be read: %s", error)) from error
        self.with_context(tracking_disable=True).write(self._prepare_facts_vals(known))

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
            "disk_ids": self._prepare_disk_commands(known.disks),
        }

    def _prepare_disk_commands(self, disks):
        """Return what makes the disks those that were told: known mounts are updated, others come and go."""
        present = {disk.mount: disk.id for disk in self.disk_ids}
        gone = set(present) - {disk.mount for disk in disks}
        commands = [(2, present[mount]) for mount in sorted(gone)]
        for disk in disks:
            vals = self._prepare_disk_vals(disk)
            commands.append((1, present[disk.mount], vals) if disk.mount in present else (0, 0, vals))
        return commands

    def _prepare_disk_vals(self, disk):
        return {
            "mount": disk.mount,
            "file_system": disk.file_system,
            "size_gb": disk.size_gb,
            "free_gb": disk.free_gb,
        }
