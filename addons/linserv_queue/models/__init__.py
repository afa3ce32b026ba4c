from . import linserv_run
