from . import (
    test_billing,
    test_contract,
    test_drift,
    test_invoice,
    test_ledger,
    test_meter,
    test_portal,
    test_price_run,
    test_rights,
    test_services,
    test_terms,
    test_two_connections,
)
