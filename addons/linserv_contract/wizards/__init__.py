from . import (
    account_move_reversal,
    linserv_billing_confirm,
    linserv_contract_exit,
    linserv_contract_notice,
    linserv_contract_pause,
    linserv_coverage_check,
    linserv_subscription_change,
    linserv_subscription_change_policy,
)
