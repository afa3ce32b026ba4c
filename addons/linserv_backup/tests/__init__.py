from . import test_drill, test_plan, test_retention
