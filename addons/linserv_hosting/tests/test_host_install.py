import json
import logging
from dataclasses import replace
from pprint import pformat
from unittest.mock import patch

from odoo.api import call_kw
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import HostingCase
from .sshd import SshEndpoint


@tagged("post_install", "-at_install")
class TestHostInstall(HostingCase):
    """The first visit with an administrator's login; only the paths are the test's own."""

    def setUp(self):
        super().setUp()
        self.endpoint = SshEndpoint(self.make_folder(), agent=b"no agent yet")
        self.endpoint.start()
        self.addCleanup(self.endpoint.stop)
        self.host = self.make_host(self.endpoint)
        self.host.ssh_secret_id = self.make_secret()
        self.make_instance(self.host, database="norrvik")
        self.target = self.make_folder() / "target"
        wizard = type(self.env["linserv.host.install"])
        ordered, target = wizard._prepare_order, self.target

        def prepare_order(wizard):
            order = ordered(wizard)
            return replace(
                order,
                agent=str(target / "opt" / "agent.pyz"),
                config=str(target / "etc" / "agent.json"),
                state_directory=str(target / "state"),
                skeleton=dict(order.skeleton, state_directory=str(target / "state")),
                authorized_keys=str(self.endpoint.authorized_keys_path),
            )

        patcher = patch.object(wizard, "_prepare_order", prepare_order)
        patcher.start()
        self.addCleanup(patcher.stop)

    def visit(self, **vals):
        defaults = {
            "host_id": self.host.id,
            "admin_user": self.endpoint.user,
            "login_with": "key",
            "one_time_key": self.endpoint.admin_private_key,
        }
        return self.env["linserv.host.install"].create([dict(defaults, **vals)])

    def read_tables(self):
        """Everything that the wizard's table and the host's chatter hold, as text."""
        self.env["base"].flush()
        self.env.cr.execute("SELECT row_to_json(t)::text FROM linserv_host_install t")
        rows = self.env.cr.fetchall()
        self.env.cr.execute("SELECT row_to_json(t)::text FROM mail_message t")
        return str(rows + self.env.cr.fetchall())

    def test_after_the_visit_the_host_answers_with_our_agent(self):
        wizard = self.visit()
        self.assertTrue(wizard.installed)
        wizard.action_install()
        self.assertEqual((self.host.state, self.host.agent_version), ("ready", self.host._get_agent_version()))
        self.assertTrue(self.host.facts_date)
        config = json.loads((self.target / "etc" / "agent.json").read_text())
        self.assertEqual(config["instances"]["norrvik"]["database"], "norrvik")

    def test_linservs_key_can_do_nothing_but_speak_to_the_agent(self):
        self.visit()
        line = self.endpoint.authorized_keys_path.read_text().splitlines()[-1]
        agent, config = self.target / "opt" / "agent.pyz", self.target / "etc" / "agent.json"
        command = "/usr/bin/python3 -I %s --config %s" % (agent, config)
        self.assertEqual(line, 'restrict,command="%s" %s' % (command, self.host.ssh_secret_id.public_value))

    def test_a_second_visit_changes_nothing(self):
        self.visit()
        keys = self.endpoint.authorized_keys_path.read_text()
        (self.target / "etc" / "agent.json").write_text('{"protocol": 1, "instances": {"mine": {}}}')
        again = self.visit()
        self.assertIn("in place already", again.outcome)
        self.assertEqual(self.endpoint.authorized_keys_path.read_text(), keys)
        self.assertIn("mine", (self.target / "etc" / "agent.json").read_text())

    def test_the_one_time_key_is_in_no_column_no_message_and_no_later_read(self):
        wizard = self.visit()
        secret = self.endpoint.admin_private_key.splitlines()[2]
        self.assertNotIn(secret, self.read_tables())
        self.env.cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [wizard._table])
        columns = {name for (name,) in self.env.cr.fetchall()}
        self.assertFalse({"one_time_password", "one_time_key"} & columns)
        self.assertNotIn(secret, str(wizard.read()))
        wizard.invalidate_cache()
        self.assertFalse(wizard.one_time_key)

    def test_nothing_of_the_visit_stays_in_the_administrators_home(self):
        self.visit()
        self.assertNotIn(".linserv-agent.pyz", self.list_home())

    def list_home(self):
        import os  # noqa: PLC0415

        return os.listdir(os.path.expanduser("~"))

    def test_a_refused_password_is_told_and_kept_nowhere(self):
        with self.assertRaisesRegex(UserError, "refused"):
            self.visit(login_with="password", one_time_password="hunter2-$(id)", one_time_key=False)
        self.assertNotIn("hunter2", self.read_tables())
        self.assertFalse(self.target.exists())

    def test_a_log_of_every_call_has_no_credential(self):
        vals = {"host_id": self.host.id, "admin_user": "root", "login_with": "password"}
        vals.update(one_time_password="hunter2", one_time_key=self.endpoint.admin_private_key)
        with self.assertLogs("odoo", logging.DEBUG) as logs, self.assertRaises(UserError):
            call_kw(self.env["linserv.host.install"], "create", [[vals]], {})
        for line in pformat(vals).split("\n"):
            with self.assertLogs("odoo.http.rpc.request", logging.DEBUG) as more:
                logging.getLogger("odoo.http.rpc.request").debug("call %s", line)
            logs.output.extend(more.output)
        self.assertNotIn("hunter2", str(logs.output))
        self.assertNotIn(self.endpoint.admin_private_key.splitlines()[2], str(logs.output))

    def test_without_a_credential_nothing_happens(self):
        wizard = self.visit(one_time_key=False)
        with self.assertRaises(UserError):
            wizard.action_install()
        self.assertFalse(self.target.exists())

    def test_a_changed_host_key_stops_the_visit_before_the_login(self):
        self.endpoint.replace_host_key()
        before = (self.endpoint.folder / "sshd.log").read_text().count("Accepted")
        with self.assertRaisesRegex(UserError, "another key"):
            self.visit()
        self.assertEqual((self.endpoint.folder / "sshd.log").read_text().count("Accepted"), before)

    def test_accounts_that_could_mean_more_are_refused(self):
        for name in ("root; id", "-x", "a b"):
            with self.assertRaises(UserError):
                self.visit(admin_user=name)
