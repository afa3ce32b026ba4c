from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..adapters import ssh_install
from ..adapters.errors import HostError
from ..domain import names


class LinservHostInstall(models.TransientModel):
    """The first visit to a host with an administrator's login.

    The password and the key are no columns: they are fields without storage, and their inverse *is* the visit. They
    live in the memory of the one request that carries them, and neither the table nor the log ever holds them.
    """

    _name = "linserv.host.install"
    _description = "Install Agent"

    host_id = fields.Many2one("linserv.host", required=True, ondelete="cascade")
    admin_user = fields.Char(
        string="Administrator's account", required=True, default="root", help="root, or an account that may use sudo."
    )
    login_with = fields.Selection(
        [("password", "Password"), ("key", "Private key")], string="Log in with", required=True, default="password"
    )
    one_time_password = fields.Char(
        string="Password", compute="_compute_one_time", inverse="_inverse_one_time", store=False
    )
    one_time_key = fields.Text(
        string="Private key", compute="_compute_one_time", inverse="_inverse_one_time", store=False
    )
    installed = fields.Boolean(readonly=True)
    outcome = fields.Text(readonly=True)

    @api.depends("host_id")
    def _compute_one_time(self):
        for install in self:
            install.one_time_password = install.one_time_key = False

    def _inverse_one_time(self):
        for install in self:
            credential = install._take_credential()
            if credential:
                install._install(credential)

    def action_install(self):
        """Say what the visit did, and ask the host for its facts with its new agent."""
        self.ensure_one()
        if not self.installed:
            raise UserError(_("Give the administrator's password or private key. It is used once and never kept."))
        action = self.host_id.action_refresh_facts()
        action["params"]["message"] = "%s\n%s" % (self.outcome, action["params"]["message"])
        action["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return action

    def _take_credential(self):
        """Return the credential and forget it, or None when none was given."""
        self.ensure_one()
        password, key = self.one_time_password, self.one_time_key
        for name in ("one_time_password", "one_time_key"):
            self.env.cache.set(self, self._fields[name], None)
        if self.login_with == "key" and key:
            return ssh_install.Credential(self.admin_user, private_key_pem=key.replace("\r\n", "\n").strip() + "\n")
        if self.login_with == "password" and password:
            return ssh_install.Credential(self.admin_user, password=password)
        return None

    def _install(self, credential):
        """Visit the host; nothing is written there but through the installer of the agent.

        :raise UserError: the visit failed; says why
        """
        self.env["linserv.secret"]._check_key_administrator()
        host = self.host_id
        host._check_callable()
        if not names.is_login(credential.user):
            raise UserError(_("%s is no account name.", credential.user))
        try:
            report = ssh_install.install_agent(
                host.address,
                host.port,
                tuple(host._get_pinned_keys()),
                credential,
                self._prepare_order(),
                host._build_agent(),
            )
        except HostError as error:
            raise UserError(self._get_failure_text(error)) from error
        self.write({"installed": True, "outcome": self._get_outcome_text(report)})
        host.message_post(body=_("Agent installed by %s.", self.env.user.name))

    def _prepare_order(self):
        """Return what to set up on the host; paths differ only in tests."""
        host = self.host_id
        if not host.ssh_secret_id.public_value:
            raise UserError(_("Choose the SSH key that Linserv logs in with, then install the agent."))
        return ssh_install.Order(
            user=host.user, public_key=host.ssh_secret_id.public_value, skeleton=host._prepare_agent_config()
        )

    def _get_failure_text(self, error):
        text = self.env["linserv.run"]._get_error_text(error.code)
        if error.code == "auth_refused":
            text = _("The host refused the administrator's login. Nothing was changed there.")
        return "%s\n\n%s" % (text, error.message)

    def _get_outcome_text(self, report):
        if not report.changed:
            return _("Everything was in place already.")
        return _("Installed: %s", ", ".join(report.changed))
