from . import test_drill, test_plan, test_restore, test_retention
from . import test_drill, test_plan, test_report, test_retention
