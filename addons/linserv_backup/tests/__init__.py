from . import test_alert, test_drill, test_plan, test_report, test_restore, test_retention
