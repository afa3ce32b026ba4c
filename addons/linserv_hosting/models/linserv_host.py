from datetime import timedelta
from pathlib import Path

from odoo import _, api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.modules.module import get_module_path

from odoo.addons.base.models.res_partner import _tz_get

from ..adapters import zipapp_builder
from ..domain import host_states, names
from ..domain.host_keys import HostKey

STATES = [
    ("draft", "New"),
    ("pinned", "Key pinned"),
    ("ready", "Ready"),
    ("agent_outdated", "Agent outdated"),
    ("unreachable", "Unreachable"),
    ("blocked", "Blocked"),
    ("retired", "Retired"),
]
SEEN_EVERY = timedelta(minutes=1)


class LinservHost(models.Model):
    """A machine that Linserv logs in to. It is spoken to only under the host keys that were pinned."""

    _name = "linserv.host"
    _description = "Host"
    _inherit = ["mail.thread", "mail.activity.mixin", "linserv.run.origin"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    address = fields.Char(required=True, tracking=True, help="Host name or IP address of the SSH server.")
    port = fields.Integer(required=True, default=22, tracking=True)
    user = fields.Char(string="Account", required=True, default="linserv", tracking=True)
    timezone = fields.Selection(
        _tz_get,
        string="Time zone",
        required=True,
        default="Europe/Stockholm",
        help="Schedules of this host are in this time zone.",
    )
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    state_reason = fields.Char(readonly=True, copy=False)
    ssh_secret_id = fields.Many2one(
        "linserv.secret",
        string="SSH key",
        domain="[('kind', '=', 'ssh_key'), ('company_id', 'in', (False, company_id))]",
        check_company=True,
        ondelete="restrict",
        default=lambda self: self._default_ssh_secret_id(),
        help="The key that Linserv logs in with.",
    )
    key_ids = fields.One2many("linserv.host.key", "host_id", string="Pinned keys", copy=False)
    instance_ids = fields.One2many("linserv.instance", "host_id", string="Instances", copy=False)
    instance_count = fields.Integer(compute="_compute_instance_count")
    run_count = fields.Integer(compute="_compute_run_counts")
    failed_run_count = fields.Integer(compute="_compute_run_counts")

    os_name = fields.Char(string="Operating system", readonly=True, copy=False)
    kernel = fields.Char(readonly=True, copy=False)
    architecture = fields.Char(readonly=True, copy=False)
    python_version = fields.Char(readonly=True, copy=False)
    cpu_count = fields.Integer(string="CPUs", readonly=True, copy=False)
    memory_total_mb = fields.Integer(string="Memory (MB)", readonly=True, copy=False)
    memory_free_mb = fields.Integer(string="Free memory (MB)", readonly=True, copy=False)
    load_average = fields.Float(readonly=True, copy=False, digits=(16, 2))
    booted_on = fields.Datetime(string="Up since", readonly=True, copy=False)
    disk_ids = fields.One2many("linserv.host.disk", "host_id", string="Disks", readonly=True, copy=False)
    disk_used_percent = fields.Float(
        string="Fullest disk (%)", compute="_compute_disk_used_percent", store=True, digits=(16, 1)
    )
    agent_version = fields.Char(readonly=True, copy=False, help="SHA-256 of the agent on the host.")
    last_seen = fields.Datetime(readonly=True, copy=False)
    facts_date = fields.Datetime(string="Facts read on", readonly=True, copy=False)

    _sql_constraints = [
        (
            "address_port_unique",
            "unique (address, port, company_id)",
            "There is a host with this address and port already.",
        ),
        ("port_range", "check (port between 1 and 65535)", "A port is a number from 1 to 65535."),
    ]

    @api.model
    def _default_ssh_secret_id(self):
        """The only login key of the company, when there is only one."""
        domain = [("kind", "=", "ssh_key"), ("has_value", "=", True)]
        keys = self.env["linserv.secret"].search(domain + [("company_id", "in", (False, self.env.company.id))])
        return keys if len(keys) == 1 else keys.browse()

    @api.depends("instance_ids")
    def _compute_instance_count(self):
        groups = self.env["linserv.instance"].read_group([("host_id", "in", self.ids)], ["host_id"], ["host_id"])
        counts = {group["host_id"][0]: group["host_id_count"] for group in groups}
        for host in self:
            host.instance_count = counts.get(host.id, 0)

    def _compute_run_counts(self):
        groups = self.env["linserv.run"].read_group(
            [("host_id", "in", self.ids)], ["host_id"], ["host_id", "state"], lazy=False
        )
        counts = {(group["host_id"][0], group["state"]): group["__count"] for group in groups}
        for host in self:
            host.run_count = sum(count for (host_id, _state), count in counts.items() if host_id == host.id)
            host.failed_run_count = counts.get((host.id, "failed"), 0)

    @api.depends("disk_ids.used_percent")
    def _compute_disk_used_percent(self):
        for host in self:
            host.disk_used_percent = max(host.disk_ids.mapped("used_percent"), default=0.0)

    @api.constrains("address", "user")
    def _check_address(self):
        for host in self:
            if not names.is_address(host.address):
                raise ValidationError(_("%s is no host name and no IP address.", host.address))
            if not names.is_login(host.user):
                raise ValidationError(_("%s is no account name.", host.user))

    def write(self, vals):
        if "key_ids" in vals or "ssh_secret_id" in vals:
            self.env["linserv.secret"]._check_key_administrator()
        return super().write(vals)

    def action_retire(self):
        """Stop talking to the host for good; its history stays."""
        self._apply_event("retire", _("Retired by %s.", self.env.user.name))

    def action_reopen(self):
        """Take a retired host into use again: it starts as new."""
        self._apply_event("reopen")

    def action_view_runs(self):
        """Show the runs of the host."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_hosting.linserv_run_action")
        return dict(action, domain=[("host_id", "=", self.id)], context={"default_host_id": self.id})

    def action_view_failed_runs(self):
        """Show the runs of the host that failed."""
        return dict(self.action_view_runs(), domain=[("host_id", "=", self.id), ("state", "=", "failed")])

    def action_view_instances(self):
        """Show the instances on the host."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("linserv_hosting.linserv_instance_action")
        return dict(action, domain=[("host_id", "=", self.id)], context={"default_host_id": self.id})

    def _queue_run(  # noqa: PLR0913  (what an order consists of)
        self, verb, args=None, instance=None, origin=None, idempotency_key=None, deadline=60, detached=False
    ):
        """Order a call to the agent and return its `linserv.run`; the call is made later by `_work_off`.

        :param args: a dict that JSON can carry
        :param instance: the `linserv.instance` that the verb is about, or None
        :param origin: a record of a model that inherits `linserv.run.origin`, told about the outcome
        :param idempotency_key: a live or finished run with this key is returned instead of a new one
        :param deadline: seconds; a detached run may take that long on the host, another one that long on the line
            (never more than a slice of the scheduled action: longer work must be detached)
        :param detached: the agent works on by itself; the result is collected when it is ready
        """
        self.ensure_one()
        runs = self.env["linserv.run"]
        return runs._queue(self, verb, args, instance, origin, idempotency_key, deadline, detached)

    def _queue_facts(self, occasion=None):
        """Order the facts of the host; with an occasion (a day) at most once for it."""
        self.ensure_one()
        key = "facts:%s:%s" % (self.id, occasion) if occasion else None
        return self._queue_run("host.facts", origin=self, idempotency_key=key, deadline=30)

    def _get_pinned_keys(self):
        """Return the host keys that are trusted (domain values)."""
        self.ensure_one()
        return [HostKey(key.algorithm, key.public_key) for key in self.key_ids.filtered("active")]

    def _check_callable(self):
        """:raise UserError: the host is not in a state in which it may be spoken to"""
        for host in self:
            if host.state not in host_states.CALLABLE:
                raise UserError(
                    _(
                        "%(host)s cannot be called in state %(state)s. Pin its host key first.",
                        host=host.display_name,
                        state=dict(self._fields["state"]._description_selection(self.env))[host.state],
                    )
                )

    def _apply_event(self, event, reason=None):
        """Let the transition table move the hosts; an event that says nothing new writes nothing."""
        for host in self:
            state = host_states.next_state(host.state, event)
            if state != host.state or (host.state_reason or False) != (reason or False):
                host.write({"state": state, "state_reason": reason or False})

    def _note_answer(self, agent_version):
        """Take note that the host answered, and with which agent."""
        self.ensure_one()
        now = fields.Datetime.now()
        outdated = agent_version != self._get_agent_version()
        vals = {}
        if not self.last_seen or now - self.last_seen > SEEN_EVERY:
            vals["last_seen"] = now
        if agent_version != (self.agent_version or ""):
            vals["agent_version"] = agent_version
        if vals:
            self.with_context(tracking_disable=True).write(vals)
        if outdated:
            self._apply_event("answered_outdated", _("The host has another agent. Install the agent again."))
        else:
            self._apply_event("answered")

    def _note_error(self, code, message):
        """Take note of an error of a call where it says something about the host itself."""
        self.ensure_one()
        event = host_states.event_of_error(code)
        if event:
            self._apply_event(event, message)

    @api.model
    def _build_agent(self):
        """Return the agent (bytes of a zipapp) made of the agent folders of all installed addons."""
        folders = {}
        for addon in sorted(self.env.registry._init_modules):
            path = get_module_path(addon, display_warning=False)
            folder = Path(path or "", "agent")
            if addon.startswith("linserv_") and path and folder.is_dir():
                folders[addon] = folder
        return zipapp_builder.build(folders)

    @api.model
    @tools.ormcache()
    def _get_agent_version(self):
        """Return the version that the agents of all hosts should have."""
        return zipapp_builder.version(self._build_agent())

    @api.model
    def _cron_refresh_facts(self):
        """Ask every host that may be called for its facts, once a day."""
        hosts = self.search([("state", "in", list(host_states.CALLABLE))])
        for host in hosts:
            host._queue_facts(fields.Date.to_string(fields.Date.today()))
