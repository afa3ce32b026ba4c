from . import (
    test_host,
    test_host_install,
    test_host_key,
    test_portal,
    test_run,
    test_run_calls,
    test_run_two_processes,
    test_secret,
)
