from . import linserv_billing_confirm
