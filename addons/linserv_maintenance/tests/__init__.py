from . import test_audit, test_evidence, test_portal, test_real_host, test_rights, test_schedule, test_snapshot
