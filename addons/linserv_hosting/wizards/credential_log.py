"""Keeps one-time logins out of the log, also where someone has Odoo log every call with its arguments."""

import logging
import re

# The loggers that write the arguments of calls at level debug.
CALL_LOGGERS = ("odoo.api", "odoo.http.rpc.request", "odoo.http.rpc.response")
# The names of the wizard's fields, and the lines of a private key: a printed call may be cut between the two.
CREDENTIAL = re.compile(r"one_time_|PRIVATE KEY|[A-Za-z0-9+/]{60}")


class CredentialFilter(logging.Filter):
    """Replaces a record that carries a credential."""

    def filter(self, record):
        if CREDENTIAL.search(record.getMessage()):
            record.msg, record.args = "(a call with a credential is not logged)", ()
        return True


for name in CALL_LOGGERS:
    logging.getLogger(name).addFilter(CredentialFilter())
