from . import linserv_host_install, linserv_host_pin
