"""Rules 16-18 of docs/billing-rules.md, and the table of states."""

from decimal import Decimal

import pytest

from odoo.addons.linserv_contract.domain import states
from odoo.addons.linserv_contract.domain.ledger import holds_period


@pytest.mark.parametrize(
    ("move_state", "billed", "credited", "holds"),
    [
        ("draft", "900", None, True),
        ("posted", "900", None, True),
        ("cancel", "900", None, False),
        ("posted", "900", "900", False),
        ("posted", "900", "450", True),
        ("posted", "0", None, True),
        ("posted", "0", "0", False),
        ("posted", "-100", "-100", False),
    ],
)
def test_rules_16_to_18_which_invoice_line_holds_its_period(move_state, billed, credited, holds):
    assert holds_period(move_state, Decimal(billed), credited and Decimal(credited)) is holds


@pytest.mark.parametrize("table", [states.CONTRACT, states.SUBSCRIPTION, states.BILLING_RUN])
def test_every_state_that_can_be_reached_is_in_the_table(table):
    assert {target for targets in table.values() for target in targets} <= set(table)


def test_a_contract_in_force_is_ended_and_not_cancelled():
    assert states.is_allowed(states.CONTRACT, "active", "ended")
    assert not states.is_allowed(states.CONTRACT, "active", "cancelled")
