from . import linserv_restore_cancel, linserv_restore_order, linserv_restore_swap
