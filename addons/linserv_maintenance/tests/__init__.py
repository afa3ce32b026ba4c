from . import test_evidence, test_portal, test_real_host, test_schedule, test_snapshot
