"""Which counts the rules approve, and which wait for a person."""

from __future__ import annotations

from decimal import Decimal

import pytest

from odoo.addons.linserv_maintenance.domain import approval
from odoo.addons.linserv_maintenance.domain.snapshot_states import (
    LIVE,
    TRANSITIONS,
    may_become,
)

TEN = Decimal(10)


@pytest.mark.parametrize(
    ("lines", "previous", "agreed", "automatic", "reason"),
    [
        (1000, 1000, None, True, approval.WITHIN_BAND),
        (1100, 1000, None, True, approval.WITHIN_BAND),
        (1101, 1000, None, False, approval.ABOVE_BAND),
        (900, 1000, None, True, approval.WITHIN_BAND),
        (899, 1000, None, False, approval.BELOW_BAND),
        (1, 1_000_000, None, False, approval.BELOW_BAND),
        (1000, None, None, False, approval.FIRST_COUNT),
        (1000, None, 950, True, approval.WITHIN_AGREED),
        (1000, None, 500, False, approval.OUTSIDE_AGREED),
        (0, None, None, False, approval.EMPTY_COUNT),
        (0, 1000, None, False, approval.EMPTY_COUNT),
        (0, 0, None, True, approval.WITHIN_BAND),
        (1, 0, None, False, approval.ABOVE_BAND),
        # Once there is an approved count, the number in the agreement has done its work.
        (1000, 1000, 500, True, approval.WITHIN_BAND),
    ],
)
def test_who_approves(lines, previous, agreed, automatic, reason):
    decision = approval.decide(lines, previous, agreed, TEN)
    assert (decision.automatic, decision.reason) == (automatic, reason)


def test_the_band_is_data():
    assert approval.decide(1200, 1000, None, Decimal(20)).automatic
    assert not approval.decide(1001, 1000, None, Decimal(0)).automatic


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [(1000, 1100, "10.00"), (300, 301, "0.33"), (300, 299, "-0.33"), (0, 5, "100.00"), (0, 0, "0.00")],
)
def test_change_in_percent(before, after, percent):
    assert approval.change_percent(before, after) == Decimal(percent)


def test_approved_and_rejected_counts_never_change_again():
    assert not TRANSITIONS["approved"]
    assert not TRANSITIONS["rejected"]


def test_a_failed_count_can_only_be_counted_again():
    assert may_become("failed", "running")
    assert not may_become("failed", "approved")
    assert "failed" not in LIVE


def test_no_count_is_approved_before_it_was_counted_except_by_the_rules():
    assert may_become("running", "approved")
    assert may_become("draft", "approved")
    assert not may_become("unknown", "approved")
