from . import test_portal
from . import test_real_host
from . import test_snapshot
