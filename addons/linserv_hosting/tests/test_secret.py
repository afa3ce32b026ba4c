import os
import tempfile

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import config

from .common import HostingCase

VALUE = b"s3cr3t-v4lue-of-the-token"


@tagged("post_install", "-at_install")
class TestSecret(HostingCase):
    """A secret is used, never seen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = cls.make_secret(VALUE, name="Token", kind="token")
        cls.admin = cls.env.ref("base.user_admin")

    def use_key_file(self, *keys, mode=0o600):
        """Let odoo.conf name a master key file with these lines for the rest of the test."""
        descriptor, path = tempfile.mkstemp()
        with os.fdopen(descriptor, "w") as stream:
            stream.write("\n".join(keys))
        os.chmod(path, mode)
        self.addCleanup(os.unlink, path)
        self.use_key_path(path)
        return path

    def use_key_path(self, path):
        before = config.get("linserv_master_key_file")
        config["linserv_master_key_file"] = path
        self.addCleanup(config.__setitem__, "linserv_master_key_file", before)

    def get_row(self, secret):
        self.env.cr.execute("SELECT * FROM linserv_secret WHERE id = %s", [secret.id])
        return {
            key: bytes(value) if isinstance(value, memoryview) else value
            for key, value in self.env.cr.dictfetchone().items()
        }

    def test_the_value_comes_back_and_the_table_holds_it_encrypted(self):
        self.assertEqual(self.secret._get_value(), VALUE)
        self.assertNotIn(VALUE, self.get_row(self.secret)["ciphertext"])

    def test_no_way_of_reading_shows_an_administrator_value_or_ciphertext(self):
        secrets = self.secret.with_user(self.admin)
        token = self.get_row(self.secret)["ciphertext"].decode()
        names = list(secrets.fields_get())
        seen = [
            secrets.read(),
            secrets.search_read([("id", "=", secrets.id)]),
            secrets.export_data(names),
            secrets.name_get(),
            secrets.name_search("Token"),
            secrets.copy().read(),
            secrets.fields_get(),
            secrets.default_get(names),
        ]
        for answer in seen:
            self.assertNotIn(VALUE.decode(), str(answer))
            self.assertNotIn(token, str(answer))
        self.assertNotIn("ciphertext", names)

    def test_naming_the_column_does_not_help(self):
        secrets = self.env["linserv.secret"].with_user(self.admin)
        for call in (
            lambda: secrets.search([("ciphertext", "!=", False)]),
            lambda: secrets.search([], order="ciphertext"),
            lambda: secrets.read_group([], ["ciphertext"], ["ciphertext"]),
            lambda: self.secret.with_user(self.admin).read(["ciphertext"]),
            lambda: self.secret.with_user(self.admin).export_data(["ciphertext"])["datas"][0][0].strip() or 1 / 0,
        ):
            with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017  (each has its own)
                call()

    def test_methods_that_give_the_value_cannot_be_called_from_outside(self):
        from odoo.models import check_method_name  # noqa: PLC0415

        for name in ("_get_value", "_set_value", "_sign", "_get_vault", "_store"):
            with self.assertRaises(AccessError):
                check_method_name(name)

    def test_only_a_settings_administrator_who_manages_the_fleet_changes_secrets(self):
        manager = new_test_user(self.env, "fleet-manager", groups="linserv_hosting.linserv_host_group_manager")
        settings = new_test_user(self.env, "settings", groups="base.group_system")
        for user in (manager, settings):
            with self.assertRaises(AccessError):
                self.secret.with_user(user).write({"name": "Mine"})
            with self.assertRaises(AccessError):
                self.env["linserv.secret"].with_user(user).create([{"name": "x", "kind": "token"}])
            with self.assertRaises(AccessError):
                self.env["linserv.secret"].with_user(user).action_rotate_master_key()
        self.secret.with_user(self.admin).write({"name": "Renamed"})

    def test_without_a_master_key_nothing_is_encrypted_and_the_message_says_what_to_do(self):
        for path, words in (("", "linserv_master_key_file"), ("/no/such/file", "/no/such/file")):
            self.use_key_path(path)
            with self.assertRaisesRegex(UserError, words):
                self.secret._set_value(b"x")

    def test_a_master_key_that_others_can_read_is_not_used(self):
        path = self.use_key_file(Fernet.generate_key().decode(), mode=0o644)
        with self.assertRaisesRegex(UserError, "chmod 600"):
            self.secret._set_value(b"x")
        os.chmod(path, 0o640)
        self.secret._set_value(b"x")

    def test_a_malformed_or_empty_master_key_file_is_told(self):
        for text in ("", "# only a comment", "not a key"):
            self.use_key_file(text)
            with self.assertRaisesRegex(UserError, "master key file"):
                self.secret._set_value(b"x")

    def test_another_master_key_does_not_open_the_secret(self):
        self.use_key_file(Fernet.generate_key().decode())
        with self.assertRaisesRegex(UserError, "None of the master keys"):
            self.secret._get_value()

    def test_rotation_encrypts_everything_under_the_new_key(self):
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        self.env["linserv.secret"].search([]).unlink()
        self.use_key_file(old)
        secrets = self.make_secret(b"one", kind="token") + self.make_secret(b"two", kind="token")
        self.use_key_file("# newest first", new, old)
        self.assertEqual(self.env["linserv.secret"].with_user(self.admin).action_rotate_master_key(), 2)
        self.use_key_file(new)
        self.assertEqual([secret._get_value() for secret in secrets], [b"one", b"two"])

    def test_a_generated_signing_key_signs_and_its_public_part_verifies(self):
        secret = self.make_secret(kind="signing_key")
        signature = secret._sign(b"statement")
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(secret.public_value))
        self.assertIsNone(public.verify(signature, b"statement"))
        self.assertNotIn(secret._get_value().hex(), secret.public_value)

    def test_a_key_pair_is_not_generated_twice(self):
        secret = self.make_secret()
        self.assertTrue(secret.public_value.startswith("ssh-ed25519 "))
        self.assertTrue(secret.fingerprint.startswith("SHA256:"))
        with self.assertRaises(UserError):
            secret.action_generate()

    def test_only_a_signing_key_signs_and_only_a_key_is_generated(self):
        with self.assertRaises(UserError):
            self.make_secret()._sign(b"x")
        with self.assertRaises(UserError):
            self.env["linserv.secret"].create([{"name": "x", "kind": "token"}]).action_generate()
        with self.assertRaises(UserError):
            self.env["linserv.secret"].create([{"name": "x", "kind": "token"}])._get_value()

    def test_what_is_no_private_key_is_no_ssh_key(self):
        with self.assertRaises(UserError):
            self.make_secret(b"-----BEGIN NOTHING-----")
