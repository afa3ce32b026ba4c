from . import test_billing, test_contract, test_invoice, test_ledger, test_meter, test_services
