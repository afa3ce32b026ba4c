from . import linserv_code_difference, linserv_code_reject
