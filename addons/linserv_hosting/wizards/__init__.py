from . import credential_log, linserv_host_install, linserv_host_pin
