from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import HostingCase

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJi0hZy1pOe7qJrHgKlCnSLTL1oGBJVqfnZdXb9WzvPW"


@tagged("post_install", "-at_install")
class TestHost(HostingCase):
    """Hosts and instances as records, and who may see them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.make_host()
        cls.staff = new_test_user(cls.env, "technician", groups="linserv_hosting.linserv_host_group_user")
        cls.manager = new_test_user(cls.env, "manager", groups="linserv_hosting.linserv_host_group_manager")

    def test_a_new_host_is_not_called(self):
        self.assertEqual(self.host.state, "draft")
        with self.assertRaises(UserError):
            self.host.action_refresh_facts()

    def test_addresses_and_accounts_that_could_mean_more_are_refused(self):
        for vals in ({"address": "-oProxyCommand=id"}, {"address": "a b"}, {"user": "root;id"}, {"user": "-x"}):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.make_host(**dict({"name": "bad", "address": "vm2.example.com"}, **vals))

    @mute_logger("odoo.sql_db")
    def test_a_port_is_a_port(self):
        for port in (0, 65536):
            with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017  (of the database)
                self.make_host(name="bad", address="vm3.example.com", port=port)
                self.env["linserv.host"].flush()

    def test_a_key_that_is_none_is_not_pinned(self):
        for algorithm, text in (("ssh-ed25519", "!"), ("ssh-rsa", KEY.split()[1])):
            with self.assertRaises((ValidationError, ValueError)), self.env.cr.savepoint():
                self.pin(self.host, "%s %s" % (algorithm, text))

    def test_a_pinned_key_says_who_when_and_which(self):
        self.pin(self.host, KEY)
        key = self.host.key_ids
        self.assertEqual((key.pinned_by_id, bool(key.pinned_on)), (self.env.user, True))
        self.assertTrue(key.fingerprint.startswith("SHA256:"))
        self.assertEqual(self.host.state, "pinned")

    def test_a_manager_without_settings_rights_pins_no_key(self):
        keys = self.env["linserv.host.key"].with_user(self.manager)
        vals = {"host_id": self.host.id, "algorithm": "ssh-ed25519", "public_key": KEY.split()[1]}
        with self.assertRaises(AccessError):
            keys.create([vals])
        with self.assertRaises(AccessError):
            self.host.with_user(self.manager).write({"key_ids": [(0, 0, vals)]})
        with self.assertRaises(AccessError):
            self.host.with_user(self.manager).action_pin_key()
        with self.assertRaises(AccessError):
            self.host.with_user(self.manager).action_install_agent()

    def test_the_only_login_key_is_the_default_of_a_new_host(self):
        self.env["linserv.secret"].search([]).unlink()
        key = self.make_secret()
        self.assertEqual(self.make_host(address="vm4.example.com").ssh_secret_id, key)
        self.make_secret()
        self.assertFalse(self.make_host(address="vm5.example.com").ssh_secret_id)

    def test_a_retired_host_is_not_called_until_it_is_used_again(self):
        self.pin(self.host, KEY)
        self.host.action_retire()
        self.assertEqual(self.env["linserv.host"]._cron_refresh_facts(), None)
        self.assertFalse(self.env["linserv.run"].search([("host_id", "=", self.host.id)]))
        self.host.action_reopen()
        self.assertEqual(self.host.state, "draft")

    def test_facts_are_ordered_once_a_day_however_often_the_action_runs(self):
        self.pin(self.host, KEY)
        other = self.make_host(address="vm6.example.com")
        self.pin(other, KEY)
        for _number in range(2):
            self.env["linserv.host"]._cron_refresh_facts()
        runs = self.env["linserv.run"].search([("host_id", "in", (self.host + other).ids)])
        self.assertEqual(runs.mapped("verb"), ["host.facts", "host.facts"])
        self.assertEqual((self.host.run_count, other.run_count), (1, 1))

    def test_the_technical_name_comes_from_the_database_and_can_be_chosen(self):
        with Form(self.env["linserv.instance"]) as form:
            form.name = "Norrvik, drift"
            form.partner_id = self.customer
            form.host_id = self.host
            form.database = "norrvik_prod"
        instance = form.save()
        self.assertEqual(instance.technical_name, "norrvik_prod")
        instance.technical_name = "norrvik"
        instance.database = "other"
        self.assertEqual(instance.technical_name, "norrvik")

    def test_technical_names_and_urls_that_could_mean_more_are_refused(self):
        instance = self.make_instance(self.host)
        for vals in ({"technical_name": "../x"}, {"technical_name": "A b"}, {"url": "javascript:alert(1)"}):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                instance.write(vals)

    @mute_logger("odoo.sql_db")
    def test_a_technical_name_is_used_once_on_a_host(self):
        self.make_instance(self.host, technical_name="norrvik")
        with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017  (of the database)
            self.make_instance(self.host, technical_name="norrvik")
            self.env["linserv.instance"].flush()

    @mute_logger("odoo.sql_db")
    def test_a_host_with_a_history_is_retired_not_deleted(self):
        self.host._queue_run("hello")
        with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017  (of the database)
            self.host.unlink()

    def test_another_company_sees_nothing(self):
        company = self.env["res.company"].create([{"name": "Other AB"}])
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="linserv_hosting.linserv_host_group_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.pin(self.host, KEY)
        instance = self.make_instance(self.host)
        self.host._queue_facts()
        for model in ("linserv.host", "linserv.instance", "linserv.run", "linserv.host.key", "linserv.host.disk"):
            self.assertFalse(self.env[model].with_user(stranger).search([]), model)
        with self.assertRaises(AccessError):
            instance.with_user(stranger).read(["name"])

    def test_staff_reads_and_a_manager_writes(self):
        with self.assertRaises(AccessError):
            self.host.with_user(self.staff).write({"name": "mine"})
        self.host.with_user(self.manager).write({"name": "vm1b"})
        self.assertEqual(self.host.with_user(self.staff).name, "vm1b")


@tagged("post_install", "-at_install")
class TestCustomerRights(HostingCase):
    """A customer sees the customer's own production and test instances, and nothing of the machines."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.make_host()
        cls.contact = cls.env["res.partner"].create([{"name": "Anna", "parent_id": cls.customer.id}])
        cls.user = new_test_user(cls.env, "anna", groups="base.group_portal", partner_id=cls.contact.id)
        cls.stranger = new_test_user(cls.env, "stranger", groups="base.group_portal")
        cls.own = cls.make_instance(cls.host, name="Own")
        cls.test = cls.make_instance(cls.host, name="Own test", kind="test", technical_name="t")
        cls.development = cls.make_instance(cls.host, name="Ours", kind="development", technical_name="d")
        cls.ordered = cls.host._queue_run("code.count", instance=cls.own)

    def test_a_customer_finds_the_customers_own_instances(self):
        found = self.env["linserv.instance"].with_user(self.user).search([])
        self.assertEqual(found, self.own + self.test)
        self.assertEqual(found[0].read(["name", "series", "url", "kind"])[0]["series"], "14.0")

    def test_another_customer_finds_nothing_even_as_a_follower(self):
        self.own.message_subscribe(self.stranger.partner_id.ids)
        instances = self.env["linserv.instance"].with_user(self.stranger)
        self.assertFalse(instances.search([]))
        with self.assertRaises(AccessError):
            self.own.with_user(self.stranger).read(["name"])

    def test_a_customer_changes_nothing(self):
        for call in (
            lambda: self.own.with_user(self.user).write({"name": "x"}),
            lambda: self.own.with_user(self.user).unlink(),
            lambda: self.own.with_user(self.user).copy(),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_nothing_of_the_machines_is_readable(self):
        for model in (
            "linserv.host",
            "linserv.host.key",
            "linserv.host.disk",
            "linserv.run",
            "linserv.secret",
            "linserv.host.install",
            "linserv.host.pin",
            "linserv.host.pin.line",
        ):
            with self.assertRaises(AccessError, msg=model):
                self.env[model].with_user(self.user).search([])
        with self.assertRaises(AccessError):
            self.own.with_user(self.user).read(["host_id"])
        self.assertNotIn("host_id", self.own.with_user(self.user).read()[0])
