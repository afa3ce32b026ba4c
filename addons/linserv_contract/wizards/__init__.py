from . import account_move_reversal, linserv_billing_confirm, linserv_contract_notice
