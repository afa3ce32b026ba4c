from . import linserv_run_origin

# isort: split
from . import (
    linserv_host,
    linserv_host_disk,
    linserv_host_key,
    linserv_instance,
    linserv_run,
    linserv_secret,
    mail_message,
)

# isort: split
from . import linserv_host_call, linserv_run_work
