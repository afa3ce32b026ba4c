from . import test_run_calls
