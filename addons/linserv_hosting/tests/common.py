"""Builders and a real host for tests. Other addons' tests inherit `HostingCase` too."""

import shutil
import tempfile
from pathlib import Path

from odoo.tests.common import SavepointCase

from .sshd import SshEndpoint, build_agent


class HostingCase(SavepointCase):
    """The registry is in test mode: calls are really made, their transactions are savepoints of the test's own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=False, lang="en_US"))
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env.user.lang = "en_US"
        cls.company = cls.env.company
        cls.customer = cls.env["res.partner"].create([{"name": "Norrvik Bygg AB", "is_company": True}])

    def setUp(self):
        super().setUp()
        self.registry.enter_test_mode(self.cr)
        self.addCleanup(self.registry.leave_test_mode)

    @classmethod
    def make_folder(cls):
        """Return a new folder that goes away with the class."""
        folder = Path(tempfile.mkdtemp(prefix="linserv-"))
        cls.addClassCleanup(shutil.rmtree, str(folder), ignore_errors=True)
        return folder

    @classmethod
    def start_sshd(cls, **options):
        """Start a real sshd with the agent of the installed addons; it ends with the class."""
        options.setdefault("agent", cls.env["linserv.host"]._build_agent())
        endpoint = SshEndpoint(cls.make_folder(), **options)
        endpoint.start()
        cls.addClassCleanup(endpoint.stop)
        return endpoint

    @classmethod
    def make_secret(cls, value=None, **vals):
        """Create a secret, generated unless a value (bytes) is given."""
        vals = dict({"name": "Login key", "kind": "ssh_key", "company_id": False}, **vals)
        secret = cls.env["linserv.secret"].create([vals])
        if value is None:
            secret.action_generate()
        else:
            secret._set_value(value)
        return secret

    @classmethod
    def make_host(cls, endpoint=None, pin=True, **vals):
        """Create a host for a running endpoint, its key pinned; without endpoint one that is never called."""
        address = {"address": "host.invalid"}
        if endpoint:
            secret = cls.make_secret(endpoint.private_key.encode())
            address = {
                "address": endpoint.address,
                "port": endpoint.port,
                "user": endpoint.user,
                "ssh_secret_id": secret.id,
            }
        host = cls.env["linserv.host"].create([dict({"name": "vm1"}, **dict(address, **vals))])
        if endpoint and pin:
            cls.pin(host, endpoint.host_public_key)
        return host

    @classmethod
    def pin(cls, host, public_key):
        """Trust a host key (`algorithm base64`)."""
        algorithm, text = public_key.split()[:2]
        cls.env["linserv.host.key"].create([{"host_id": host.id, "algorithm": algorithm, "public_key": text}])
        host._apply_event("pin")

    @classmethod
    def make_instance(cls, host=None, **vals):
        """Create a customer's production instance."""
        defaults = {"name": "Norrvik production", "partner_id": cls.customer.id, "database": "norrvik"}
        return cls.env["linserv.instance"].create([dict(defaults, host_id=host.id if host else False, **vals)])

    def work_off(self, runs):
        """Make the due calls and return the runs as they are afterwards."""
        self.env["linserv.run"]._work_off()
        return runs


__all__ = ["HostingCase", "SshEndpoint", "build_agent"]
