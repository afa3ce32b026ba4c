from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import HostingCase
from .sshd import SshEndpoint


@tagged("post_install", "-at_install")
class TestHostKey(HostingCase):
    """Trust is given once, by an administrator who has seen the fingerprint."""

    def setUp(self):
        super().setUp()
        self.endpoint = SshEndpoint(self.make_folder(), agent=self.env["linserv.host"]._build_agent())
        self.endpoint.start()
        self.addCleanup(self.endpoint.stop)
        self.host = self.make_host(self.endpoint, pin=False)

    def open_wizard(self):
        action = self.host.action_pin_key()
        return self.env[action["res_model"]].browse(action["res_id"])

    def call(self):
        run = self.host._queue_facts()
        self.env["linserv.run"]._work_off()
        return run

    def test_the_wizard_shows_what_the_host_shows_and_pins_what_was_confirmed(self):
        wizard = self.open_wizard()
        self.assertEqual(
            ["%s %s" % (line.algorithm, line.public_key) for line in wizard.line_ids], [self.endpoint.host_public_key]
        )
        with self.assertRaises(UserError):
            wizard.action_pin()
        self.assertFalse(self.host.key_ids)
        wizard.confirmed = True
        wizard.action_pin()
        self.assertEqual((self.host.state, len(self.host.key_ids)), ("pinned", 1))
        self.assertIn(self.host.key_ids.fingerprint, self.host.message_ids[0].body)
        self.assertEqual(self.call().state, "done")

    def test_a_pasted_fingerprint_must_be_one_that_the_host_shows(self):
        wizard = self.open_wizard()
        wizard.write({"typed_fingerprint": "SHA256:" + "A" * 43, "confirmed": True})
        with self.assertRaises(UserError):
            wizard.action_pin()
        self.assertFalse(self.host.key_ids)
        wizard.typed_fingerprint = wizard.line_ids.fingerprint
        wizard.action_pin()
        self.assertEqual(self.host.key_ids.fingerprint, wizard.line_ids.fingerprint)

    def test_pinning_twice_changes_nothing(self):
        for _number in range(2):
            wizard = self.open_wizard()
            wizard.confirmed = True
            wizard.action_pin()
        self.assertEqual(len(self.host.with_context(active_test=False).key_ids), 1)

    def test_without_a_pinned_key_a_run_fails_and_nothing_is_sent(self):
        run = self.call()
        self.assertEqual((run.state, run.error_code, run.attempts), ("failed", "host_key_unknown", 1))

    def test_a_changed_key_blocks_the_host_until_it_is_pinned_again(self):
        self.pin(self.host, self.endpoint.host_public_key)
        self.assertEqual(self.call().state, "done")
        self.endpoint.replace_host_key()
        run = self.call()
        self.assertEqual((run.state, run.error_code, run.attempts), ("failed", "host_key_changed", 1))
        self.assertEqual(self.host.state, "blocked")
        connections = (self.endpoint.folder / "sshd.log").read_text().count("Connection from")
        self.assertEqual(self.call().error_code, "host_key_changed")
        log = (self.endpoint.folder / "sshd.log").read_text()
        self.assertEqual(log.count("Connection from"), connections, "a blocked host is not even connected to")
        wizard = self.open_wizard()
        self.assertTrue(wizard.differs)
        wizard.confirmed = True
        wizard.action_pin()
        self.assertEqual(self.call().state, "done")
        self.assertEqual(len(self.host.key_ids), 1)
        self.assertEqual(len(self.host.with_context(active_test=False).key_ids), 1 + 1)

    def test_a_host_that_cannot_be_reached_is_told_on_the_screen(self):
        self.endpoint.stop()
        with self.assertRaisesRegex(UserError, "does not answer"):
            self.host.action_pin_key()
