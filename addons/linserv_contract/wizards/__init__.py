from . import (
    account_move_reversal,
    linserv_billing_confirm,
    linserv_contract_notice,
    linserv_coverage_check,
    linserv_subscription_change,
)
