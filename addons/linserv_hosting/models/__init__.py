from . import linserv_run_origin
from . import linserv_secret
from . import linserv_host_key
from . import linserv_host_disk
from . import linserv_host
from . import linserv_instance
from . import linserv_run
