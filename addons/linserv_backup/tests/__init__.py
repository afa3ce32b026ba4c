from . import test_drill, test_plan, test_restore, test_retention
