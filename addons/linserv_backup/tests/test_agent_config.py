from .common import BackupCase


class TestAgentConfig(BackupCase):
    def test_a_customers_instance_is_read_by_a_role_of_its_own(self):
        instance = self.host._prepare_agent_config()["instances"]["norrvik-prod"]
        self.assertEqual(instance["backup_user"], "linserv_backup")
        self.assertEqual(instance["filestore"].rpartition("/")[2], self.instance.database)
        self.assertEqual(instance["folders"], {})
        self.assertNotIn("backup", self.host._prepare_agent_config())

    def test_a_backup_host_has_borg_and_a_dr_host_restic(self):
        backup, second = (host._prepare_agent_config()["backup"] for host in (self.backup_host, self.dr_host))
        self.assertIn("borg", backup)
        self.assertNotIn("restic", backup)
        self.assertIn("restic", second)
        self.assertEqual(set(backup["drill"]), {"pg", "odoo_python", "odoo_bin", "core_addons_path"})
        self.assertNotEqual(backup["root"], second["root"])
