"""Builders for the tests of backups."""

from odoo.addons.linserv_hosting.tests.common import HostingCase


class BackupCase(HostingCase):
    """One customer with an instance on a host, a backup host and a DR host; none is called unless a test says so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.make_host()
        cls.backup_host = cls.make_host(name="backup1", address="backup.invalid", backup_role="backup")
        cls.dr_host = cls.make_host(name="dr1", address="dr.invalid", backup_role="dr")
        cls.instance = cls.make_instance(cls.host, technical_name="norrvik-prod")
        cls.repository = cls.make_repository()

    @classmethod
    def make_repository(cls, instance=None, **vals):
        """Create the repository of an instance on the backup host and the DR host."""
        defaults = {"host_id": cls.backup_host.id, "dr_host_id": cls.dr_host.id}
        instance = instance or cls.instance
        return cls.env["linserv.backup.repository"].create([dict(defaults, instance_id=instance.id, **vals)])
