from .common import BackupCase


class TestPlan(BackupCase):
    """A repository and its plans."""

    def test_a_repository_is_named_after_its_instance(self):
        self.assertEqual(self.repository.name, "norrvik-prod")
