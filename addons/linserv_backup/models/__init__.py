from . import linserv_host
