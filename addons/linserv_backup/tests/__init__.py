from . import (
    test_agent_config,
    test_alert,
    test_backup_day,
    test_connect,
    test_drill,
    test_heal,
    test_plan,
    test_plan_rights,
    test_report,
    test_restore,
    test_retention,
    test_watch,
)
